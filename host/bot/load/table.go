package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// WriteTable prints the report as the workload page's table, one row, and
// below it whatever was wrong.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| people | RSS avg MB | peak MB | server CPU s/min | reel p50/p95/p99 ms | invite→ring ms | accept→start ms | chat ms | offer ms | MB/min to clients | from clients | messages/min | statements/min | of them reads | cache hits % | no SQL % | state |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	cells := []string{
		fmt.Sprint(r.People), scaled(r.Server.RSSAvg, 1e6, "%.1f"), scaled(r.Server.RSSPeak, 1e6, "%.1f"), scaled(r.Server.CPU, 1, "%.1f"),
		r.LatencyMS["reel"].cell(), r.LatencyMS["ring"].cell(), r.LatencyMS["start"].cell(), r.LatencyMS["chat"].cell(), r.LatencyMS["offer"].cell(),
		fmt.Sprintf("%.2f", r.ToClients/1e6), fmt.Sprintf("%.2f", r.FromClients/1e6), fmt.Sprintf("%.0f", r.Messages),
		scaled(r.Server.Statements, 1, "%.0f"), scaled(r.Server.Reads, 1, "%.0f"),
		scaled(r.Server.CacheHits, 0.01, "%.1f"), scaled(r.Server.WithoutSQL, 0.01, "%.2f"), r.state(),
	}
	fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	fmt.Fprintf(&b, "\n%d invites, %d calls", r.Invites, r.Calls)
	for _, code := range slices.Sorted(maps.Keys(r.Refusals)) {
		fmt.Fprintf(&b, ", %d× %s", r.Refusals[code], code)
	}
	b.WriteString("\n")
	if s := r.Signalling; s.Pieces > 0 {
		fmt.Fprintf(&b, "signalling: %d pieces, %.0f bytes each, of %.0f said\n", s.Pieces, float64(s.Heard)/float64(s.Pieces), float64(s.Said)/float64(s.Pieces))
	}
	r.asides(&b)
	wrong(&b, "errors", r.Errors, r.ErrorExamples)
	wrong(&b, "invariant violations", r.ViolationKinds, r.ViolationExamples)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("load: table: %w", err)
	}
	return nil
}

// asides are what a reader needs to judge the row.
func (r *Report) asides(b *strings.Builder) {
	if r.Memory != nil {
		r.Memory.write(b)
	}
	if g := r.Generator; g.Lag.Count > 0 {
		fmt.Fprintf(b, "generator: late by %.1f ms (p99) and %.1f ms (max), CPU %s s/min, %s MB\n", *g.Lag.P99, *g.Lag.Max, scaled(g.CPU, 1, "%.1f"), scaled(g.RSSAvg, 1e6, "%.0f"))
	}
	if v := r.Recovery; v != nil {
		took := "did not recover"
		if v.Seconds != nil {
			took = fmt.Sprintf("recovered after %.0f s", *v.Seconds)
		}
		fmt.Fprintf(b, "disturbed: p99 %.1f ms before, %.1f ms at worst; %s (to %.1f ms); %d errors meanwhile\n", v.CalmP99MS, v.WorstP99, took, v.LimitMS, v.Forgiven)
	}
}

func (r *Report) state() string {
	if r.Passed() {
		return "holds"
	}
	return fmt.Sprintf("%d errors, %d violations", r.ErrorsTotal, r.Violations)
}

func (q Quantiles) cell() string {
	if q.Count == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f/%.1f/%.1f", *q.P50, *q.P95, *q.P99)
}

func scaled(f *float64, unit float64, format string) string {
	if f == nil {
		return "–"
	}
	return fmt.Sprintf(format, *f/unit)
}

func wrong(b *strings.Builder, what string, counts map[string]int64, examples []string) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", what)
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "  %6d  %s\n", counts[kind], kind)
	}
	for _, e := range examples {
		fmt.Fprintf(b, "          %s\n", e)
	}
}
