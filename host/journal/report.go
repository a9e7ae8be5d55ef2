package journal

import (
	"fmt"
	"io"
	"time"
)

// Write prints the report for people.
func (r Report) Write(w io.Writer) error {
	when := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.DateTime) }
	fmt.Fprintf(w, "  lobby %s, epoch %s, %s to %s UTC; it ends %s\n", r.Header.Lobby, r.Header.Epoch, when(r.From), when(r.To), r.Ending)
	for _, g := range r.Generations {
		fmt.Fprintf(w, "  ranked by %s (%.12s, params %d)\n", g.Name, g.Digest, g.Params)
	}
	fmt.Fprintf(w, "  %d steps, %d replayed to the same effects; %d rows, %d changes of reels\n", r.Steps, r.Verified, r.Rows, r.Shown)
	if n := len(r.Header.Redacted); n > 0 {
		fmt.Fprintf(w, "  redacted: %d erased; the digests of what they were in were made anew\n", n)
	}
	if r.Lost != (Gap{}) {
		fmt.Fprintf(w, "  LOST for want of room in the queue: %d steps, %d rows, %d changes of reels\n", r.Lost.Steps, r.Lost.Rows, r.Lost.Shown)
	}
	if r.Unchecked > 0 {
		fmt.Fprintf(w, "  NOT CHECKED: %d steps after the gap\n", r.Unchecked)
	}
	if r.Damage != "" {
		fmt.Fprintf(w, "  DAMAGED: %s\n", r.Damage)
	}
	if d := r.First; d != nil {
		fmt.Fprintf(w, "  DIFFERENT: %d steps, the first of them step %d\n", r.Different, d.Step)
		for _, b := range d.Before {
			fmt.Fprintf(w, "      before  %s\n", b)
		}
		fmt.Fprintf(w, "    the step  %s\n    recorded  %016x\n    replayed  %016x\n", d.Event, d.Want, d.Got)
		for _, ef := range d.Effects {
			fmt.Fprintf(w, "      effect  %s\n", ef)
		}
	}
	verdict := "verified"
	if !r.OK() {
		verdict = "NOT verified"
	}
	_, err := fmt.Fprintf(w, "  %s\n", verdict)
	return err
}
