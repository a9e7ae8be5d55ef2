package soak

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/napalmsky/napalmsky/host/bot/load"
)

// How much the second half of a soak may grow, by the straight line through it.
const (
	growth     = 0.05    // of the mean: memory and goroutines
	slackBytes = 1 << 20 // or this much, if that is more: a soak of minutes is noisy
	slackSmall = 5       // goroutines
	perCall    = 3072    // bytes of the database for each call archived, its share of guests included
	steadiness = 1.25    // times, from the third quarter to the fourth
	cheap      = 1024    // bytes a call, at which growing from quarter to quarter is noise
)

// Report is what a soak found.
type Report struct {
	People, Guests, Readers int
	Archived                bool // every call, in time
	Emptied                 bool // afterwards: every session, stream and presence, in time
	Samples                 []Sample
	End                     Sample // when all had left and everything was tidied up
	Outcome                 *load.Report
	Lines                   []Line
}

// Line is one thing that was judged.
type Line struct {
	What, Found, Bound string
	OK                 bool
}

// Passed says that nothing grew and nothing was wrong.
func (r *Report) Passed() bool {
	for _, l := range r.Lines {
		if !l.OK {
			return false
		}
	}
	return len(r.Lines) > 0
}

func (r *Report) judge() {
	half := r.Samples[len(r.Samples)/2:]
	span := half[len(half)-1].At - half[0].At
	r.flat("resident memory", half, span, 1e6, "MB", slackBytes*3, func(s Sample) float64 { return s.RSS })
	r.flat("live heap", half, span, 1e6, "MB", slackBytes, func(s Sample) float64 { return s.Live })
	r.flat("goroutines", half, span, 1, "", slackSmall, func(s Sample) float64 { return s.Goroutines })
	r.flat("people the lobby knows", half, span, 1, "", slackSmall, func(s Sample) float64 { return s.Known })

	archived, size := func(s Sample) float64 { return s.Archived }, func(s Sample) float64 { return s.Database }
	bytes := fit(half, archived, size).slope
	r.line("database for each call archived", fmt.Sprintf("%.0f bytes", bytes), fmt.Sprintf("≤ %d", perCall), bytes <= perCall && half[len(half)-1].Archived > half[0].Archived)
	quarter := len(half) / 2
	third, fourth := fit(half[:quarter], archived, size).slope, fit(half[quarter:], archived, size).slope
	r.line("the same, third quarter to fourth", fmt.Sprintf("%.0f to %.0f", third, fourth), fmt.Sprintf("≤ %.2f times, or %d", steadiness, cheap), fourth <= third*steadiness || fourth <= cheap)

	o := r.Outcome
	r.line("errors", fmt.Sprint(o.ErrorsTotal), "0", o.ErrorsTotal == 0)
	r.line("invariants broken", fmt.Sprint(o.Violations), "0", o.Violations == 0)
	r.line("chores that failed", fmt.Sprint(r.End.Failed), "0", r.End.Failed == 0)
	r.line("calls archived, each in both histories once", fmt.Sprintf("%.0f of %d; %d people read theirs to the end", r.End.Archived, o.Calls, r.Readers), "all", r.Archived && o.Calls > 0 && r.Readers > 0)
	r.line("expired sessions deleted, and nobody remembered", fmt.Sprintf("%.0f of %d; %.0f", r.End.Sessions, r.Guests, r.End.Known), "all; 0", r.Emptied)
}

// flat judges the second half's line by what it grew in that time.
func (r *Report) flat(what string, half []Sample, span, unit float64, name string, slack float64, y func(Sample) float64) {
	t := fit(half, seconds, y)
	grown, most := t.slope*span, max(growth*t.mean, slack)
	r.line(what, strings.TrimSpace(fmt.Sprintf("%.2f %s, %+.3f a minute, %+.2f in the second half", t.mean/unit, name, t.slope*60/unit, grown/unit)),
		fmt.Sprintf("≤ %+.2f", most/unit), grown <= most && t.mean > 0)
}

func (r *Report) line(what, found, bound string, ok bool) {
	r.Lines = append(r.Lines, Line{what, found, bound, ok})
}

// WriteTable writes what was judged, and the first of what went wrong.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d people at a time, %d guests in %.0f s, %d calls of %d invites\n\n", r.People, r.Guests, r.Samples[len(r.Samples)-1].At, r.Outcome.Calls, r.Outcome.Invites)
	b.WriteString("| what | found | bound | |\n|---|---|---|---|\n")
	for _, l := range r.Lines {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.What, l.Found, l.Bound, map[bool]string{true: "holds", false: "**does not hold**"}[l.OK])
	}
	for _, list := range [][]string{r.Outcome.ErrorExamples, r.Outcome.ViolationExamples} {
		for _, e := range list {
			fmt.Fprintf(&b, "\n    %s", e)
		}
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteCSV writes every sample.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"seconds", "rss", "live_heap", "goroutines", "database", "archived", "sessions_gone", "known"}); err != nil {
		return err
	}
	for _, s := range r.Samples {
		row := make([]string, 0, 8)
		for _, v := range []float64{s.At, s.RSS, s.Live, s.Goroutines, s.Database, s.Archived, s.Sessions, s.Known} {
			row = append(row, strconv.FormatFloat(v, 'f', -1, 64))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
