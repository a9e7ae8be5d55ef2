package capacity

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// WriteTable prints one Markdown row for each run.
func WriteTable(w io.Writer, runs []*Run) error {
	var b strings.Builder
	b.WriteString("| people | | RSS avg / peak MB | CPU s/min | CPU ms/min a person | MB/min to clients | KB/min a person | invite→ring p50/p99 ms | chat p50/p99 ms | reel p50/p99 ms | generator late p99 ms | state |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range runs {
		n := float64(r.People)
		fmt.Fprintf(&b, "| %s | %s | %s / %s | %s | %s | %.2f | %.1f | %s | %s | %s | %s | %s |\n",
			thousands(r.People), series(r), show(r.Server.RSSAvg, 1e-6, 0), show(r.Server.RSSPeak, 1e-6, 0),
			show(r.Server.CPU, 1, 1), show(r.Server.CPU, 1e3/n, 1), r.ToClients/1e6, r.ToClients/1e3/n,
			quantiles(r, "ring"), quantiles(r, "chat"), quantiles(r, "reel"), show(r.Generator.Lag.P99, 1, 1), state(r))
	}
	if len(runs) > 0 {
		shortest, longest := math.Inf(1), 0.0
		for _, r := range runs {
			shortest, longest = min(shortest, r.SteadySeconds), max(longest, r.SteadySeconds)
		}
		fmt.Fprintf(&b, "\nMeasured for %.0f to %.0f s each; a full run is 120 s.\n", shortest, longest)
	}
	return write(w, &b)
}

func state(r *Run) string {
	if r.ErrorsTotal == 0 && r.Violations == 0 {
		return "holds, 0 errors"
	}
	return fmt.Sprintf("%d errors, %d violations", r.ErrorsTotal, r.Violations)
}

func quantiles(r *Run, name string) string {
	q := r.LatencyMS[name]
	return show(q.P50, 1, 1) + "/" + show(q.P99, 1, 1)
}

// show is "–" for what is not known.
func show(v *float64, scale float64, digits int) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, *v*scale)
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// WriteMemory prints where each run's resident memory was, in MB.
func WriteMemory(w io.Writer, runs []*Run) error {
	var b strings.Builder
	b.WriteString("| people | | RSS | program | plugins (code, guests' memories) | sockets and stacks (KB each) | state | SQLite | other heap | spare heap | Go runtime |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range runs {
		m := r.Memory
		if m == nil {
			continue
		}
		mb := func(n float64) string { return fmt.Sprintf("%.1f", n/1e6) }
		each := "–"
		if m.Open > 0 {
			each = fmt.Sprintf("%.1f", m.Sockets/m.Open/1e3)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s (%s, %s) | %s (%s) | %s | %s | %s | %s | %s |\n", thousands(r.People), series(r),
			mb(m.RSS), mb(m.Program), mb(m.Plugins), mb(m.Code), mb(m.Guests), mb(m.Sockets), each, mb(m.State), mb(m.Store), mb(m.Other), mb(m.Spare), mb(m.Runtime))
	}
	return write(w, &b)
}

func write(w io.Writer, b *strings.Builder) error {
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("capacity: %w", err)
	}
	return nil
}
