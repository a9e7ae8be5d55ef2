package load

import (
	"context"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
)

// Wait returns false if ctx ended first.
func Wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// AwaitQuiet waits until nothing has been under way for two seconds, so that
// late refusals are in too, but no longer than most by the clock now.
func (r *Referee) AwaitQuiet(ctx context.Context, now func() time.Time, most time.Duration) {
	deadline := now().Add(most)
	for still := 0; still < 2 && now().Before(deadline); still++ {
		if !Wait(ctx, time.Second) {
			return
		}
		if !r.Quiet() {
			still = -1
		}
	}
}

// Compare holds a person's history against what was seen. The end of a call is
// stored after it is told, so a difference is looked at again, and judged after
// so many tries. Nothing is judged where read fails or ctx ends.
func (r *Referee) Compare(ctx context.Context, id int64, tries int, read func() (bot.History, error)) {
	var h bot.History
	for try := range tries {
		if try > 0 && !Wait(ctx, time.Second) {
			return
		}
		var err error
		if h, err = read(); err != nil || r.Matches(id, h) {
			return
		}
	}
	r.Judge(id, h)
}
