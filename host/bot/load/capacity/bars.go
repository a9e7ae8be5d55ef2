package capacity

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bar is a promise, and what was measured.
type Bar struct {
	Name     string
	Limit    float64
	AtLeast  bool // else at most
	Unit     string
	Measured float64
	Known    bool // false: no run measures it
}

// Held says whether the promise is kept. What was not measured is not.
func (b Bar) Held() bool {
	if !b.Known {
		return false
	}
	if b.AtLeast {
		return b.Measured >= b.Limit
	}
	return b.Measured <= b.Limit
}

// Bars holds the runs against what Napalm Sky promises. Disturbed runs do not
// count.
func Bars(runs []*Run) []Bar {
	most := func(name string, limit float64, unit string, v *float64) Bar {
		b := Bar{Name: name, Limit: limit, Unit: unit}
		if v != nil {
			b.Measured, b.Known = *v, true
		}
		return b
	}
	rss := func(r *Run) *float64 { return scaled(r.Server.RSSAvg, 1e-6) }
	bytes := func(r *Run) *float64 { return scaled(&r.ToClients, 1e-6) }
	cpu := func(r *Run) *float64 { return scaled(r.Server.CPU, 1/float64(r.People)) }
	p99 := func(name string) func(*Run) *float64 {
		return func(r *Run) *float64 { return r.LatencyMS[name].P99 }
	}
	held := Bar{Name: "people held with zero errors", Limit: 10_000, AtLeast: true, Unit: "people", Measured: heldPeople(runs)}
	held.Known = slices.ContainsFunc(runs, func(r *Run) bool { return quiet(r) && (r.People >= 10_000 || !r.Passed()) }) // else nothing limits it yet
	return []Bar{
		held,
		most("RSS average at 1,000, Go plugins", 80, "MB", worst(runs, at(1000, "Go"), rss)),
		most("RSS average at 1,000, the same in one Go module", 80, "MB", worst(runs, at(1000, "one"), rss)),
		most("RSS average at 1,000, C plugins", 48, "MB", worst(runs, at(1000, "C"), rss)),
		most("RSS average at 10,000", 300, "MB", worst(runs, at(10_000, ""), rss)),
		most("to clients at 1,000, binary", 6, "MB/min", worst(runs, spoken(1000, "binary"), bytes)),
		most("to clients at 1,000, JSON", 25, "MB/min", worst(runs, spoken(1000, "json"), bytes)),
		most("bytes a person at 10,000 over 1,000", 1.15, "times", growth(runs)),
		most("invite→ring p99 at 1,000", 10, "ms", worst(runs, at(1000, ""), p99("ring"))),
		most("chat p99 at 1,000", 10, "ms", worst(runs, at(1000, ""), p99("chat"))),
		most("server CPU a person at 1,000", 0.004, "s/min", worst(runs, at(1000, ""), cpu)),
		most("server CPU a person at 10,000", 0.004, "s/min", worst(runs, at(10_000, ""), cpu)),
	}
}

func quiet(r *Run) bool { return r.Recovery == nil && r.CutPerMinute == 0 }

// at picks quiet runs of so many people whose label's first word is plugins ("" any).
func at(people int, plugins string) func(*Run) bool {
	return func(r *Run) bool {
		word, _, _ := strings.Cut(r.Label, " ")
		return quiet(r) && r.People == people && (plugins == "" || word == plugins)
	}
}

func spoken(people int, wire string) func(*Run) bool {
	return func(r *Run) bool { return quiet(r) && r.People == people && r.Wire == wire }
}

// worst is the largest of a figure over some runs; nil if none has it.
func worst(runs []*Run, which func(*Run) bool, figure func(*Run) *float64) (w *float64) {
	for _, r := range runs {
		if v := figure(r); which(r) && v != nil && (w == nil || *v > *w) {
			w = v
		}
	}
	return w
}

// heldPeople is the largest size at which, and below which, no run had an error.
func heldPeople(runs []*Run) (n float64) {
	for _, r := range runs {
		below := func(o *Run) bool { return quiet(o) && o.People <= r.People && !o.Passed() }
		if quiet(r) && worst(runs, below, func(*Run) *float64 { return new(float64) }) == nil {
			n = max(n, float64(r.People))
		}
	}
	return n
}

// growth compares bytes a person at both sizes, over the series that has both;
// the worst of them.
func growth(runs []*Run) (w *float64) {
	for _, small := range runs {
		for _, large := range runs {
			if !at(1000, "")(small) || !at(10_000, "")(large) || series(small) != series(large) || small.ToClients == 0 {
				continue
			}
			g := large.ToClients / 10 / small.ToClients
			if w == nil || g > *w {
				w = &g
			}
		}
	}
	return w
}

func scaled(v *float64, by float64) *float64 {
	if v == nil {
		return nil
	}
	f := *v * by
	return &f
}

// WriteBars prints them as a Markdown table.
func WriteBars(w io.Writer, bars []Bar) error {
	var b strings.Builder
	b.WriteString("| bar | limit | measured | |\n|---|---|---|---|\n")
	for _, x := range bars {
		sign, measured, verdict := "≤", "–", "not measured"
		if x.AtLeast {
			sign = "≥"
		}
		if x.Known {
			measured = fmt.Sprintf("%s %s", figure(x.Measured), x.Unit)
			verdict = "held"
			if !x.Held() {
				verdict = fmt.Sprintf("**not held**: %s times the limit", figure(x.Measured/x.Limit))
			} else if !x.AtLeast {
				verdict = fmt.Sprintf("held: %.0f %% of the limit", 100*x.Measured/x.Limit)
			}
		}
		fmt.Fprintf(&b, "| %s | %s %s %s | %s | %s |\n", x.Name, sign, figure(x.Limit), x.Unit, measured, verdict)
	}
	return write(w, &b)
}

// figure writes three digits that matter.
func figure(v float64) string {
	switch {
	case v >= 1000:
		return thousands(int(v + 0.5))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
