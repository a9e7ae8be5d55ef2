package journal

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Comparison is what WhatIf found.
type Comparison struct {
	Header    Header  `json:"header"`
	From      int64   `json:"from"` // Unix ms of the first step
	To        int64   `json:"to"`
	EveryMS   int64   `json:"every_ms"`
	Samples   int     `json:"samples"`
	Viewers   int     `json:"viewers"`             // people whose reels were looked at
	Recorded  []Taken `json:"generations"`         // that ranked then
	Rule      Taken   `json:"rule"`                // the other
	Different uint64  `json:"different,omitempty"` // steps that replay to other effects; see Verify
	Note      string  `json:"note,omitempty"`      // why it does not go to the end

	// Overlap is the mean share of faces that a viewer's two reels have in common
	// (of the longer one), OverlapWorst that of the tenth with the least.
	Overlap      float64 `json:"overlap"`
	OverlapWorst float64 `json:"overlap_worst_tenth"`
	RecordedSide Figures `json:"recorded"`
	OtherSide    Figures `json:"other"`

	Invites    int       `json:"invites"`     // as they happened
	InviteWait Quantiles `json:"invite_wait"` // from free to first invited, likewise

	Changes int      `json:"changes"` // ordered pairs that one rule showed for longer than the other
	Changed []Change `json:"changed"` // those most changed, at most 100
}

// Figures are of one rule's reels, by samples. Shares are 0 to 1.
type Figures struct {
	Faces    float64 `json:"faces"`    // in a reel
	Empty    float64 `json:"empty"`    // share of reels without anyone
	Distinct float64 `json:"distinct"` // faces a viewer was shown in all
	Score    float64 `json:"score"`    // of a face shown, by the rule in question, if it allows it
	Eligible float64 `json:"eligible"` // share of faces shown that it allows
	Mutual   float64 `json:"mutual"`   // share of faces shown who are shown the viewer
	Tags     float64 `json:"tags"`     // in common with a face shown
	Langs    float64 `json:"langs"`
	Repeats  float64 `json:"repeats"` // share of faces shown whom the viewer had met in a call
	Unseen   float64 `json:"unseen"`  // share of free people who are in nobody's reel
	// Reachable is the share of the invites that happened whose callee was in the caller's reel.
	Reachable float64   `json:"reachable"`
	Wait      Quantiles `json:"wait"`  // from free to first seen
	Never     int       `json:"never"` // times free and never seen
}

// Quantiles are of waits, in ms.
type Quantiles struct {
	Count int   `json:"count"`
	P50   int64 `json:"p50"`
	P95   int64 `json:"p95"`
	Max   int64 `json:"max"`
}

func (q Quantiles) String() string {
	s := func(ms int64) string {
		return (time.Duration(ms) * time.Millisecond).Round(10 * time.Millisecond).String()
	}
	return s(q.P50) + " / " + s(q.P95) + " / " + s(q.Max)
}

// Change says at how many samples more (or, negative, fewer) the other rule
// showed somebody to a viewer.
type Change struct {
	Viewer  lobby.PersonID `json:"viewer"`
	Other   lobby.PersonID `json:"other"`
	Samples int            `json:"samples"`
}

// Write prints the comparison for people.
func (c Comparison) Write(w io.Writer) error {
	fmt.Fprintf(w, "what if %s had ranked the evening of %s (epoch %s, %s, %d viewers, %d samples)\n",
		c.Rule.Name, time.UnixMilli(c.From).UTC().Format(time.DateTime), c.Header.Epoch,
		time.Duration(c.To-c.From)*time.Millisecond, c.Viewers, c.Samples)
	for _, g := range c.Recorded {
		fmt.Fprintf(w, "  recorded  %s  %.12s, params %d\n", g.Name, g.Digest, g.Params)
	}
	fmt.Fprintf(w, "  compared  %s  %.12s, params %d\n", c.Rule.Name, c.Rule.Digest, c.Rule.Params)
	if c.Note != "" {
		fmt.Fprintf(w, "  %s\n", c.Note)
	}
	if c.Different > 0 {
		fmt.Fprintf(w, "  %d steps replay differently than they were recorded: verify first\n", c.Different)
	}
	fmt.Fprintln(w)
	a, b := c.RecordedSide, c.OtherSide
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\trecorded\tcompared\t")
	number := func(name string, x, y float64) { fmt.Fprintf(t, "%s\t%.1f\t%.1f\t\n", name, x, y) }
	share := func(name string, x, y float64) { fmt.Fprintf(t, "%s\t%.1f %%\t%.1f %%\t\n", name, 100*x, 100*y) }
	number("faces in a reel", a.Faces, b.Faces)
	number("different faces a viewer saw", a.Distinct, b.Distinct)
	share("empty reels", a.Empty, b.Empty)
	number("score of a face, by the compared rule", a.Score, b.Score)
	share("faces it allows", a.Eligible, b.Eligible)
	share("faces who see the viewer too", a.Mutual, b.Mutual)
	number("tags in common", a.Tags, b.Tags)
	number("languages in common", a.Langs, b.Langs)
	share("faces met before (repeats)", a.Repeats, b.Repeats)
	share("free people in nobody's reel", a.Unseen, b.Unseen)
	fmt.Fprintf(t, "free until first seen, p50 / p95 / max\t%v\t%v\t\n", a.Wait, b.Wait)
	fmt.Fprintf(t, "free and never seen, times\t%d\t%d\t\n", a.Never, b.Never)
	share("invites that could have been made", a.Reachable, b.Reachable)
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nfaces in common: %.1f %% (a tenth of reels: %.1f %% or less); %d pairs shown for longer or shorter\n"+
		"as it happened: %d invites; free until first invited, p50 / p95 / max: %v\n",
		100*c.Overlap, 100*c.OverlapWorst, c.Changes, c.Invites, c.InviteWait)
	return err
}
