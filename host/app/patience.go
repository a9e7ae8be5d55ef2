package app

import (
	"context"
	"sync"
	"time"
)

// patience is a context that ends after a while. Unlike the standard library's
// it arms no timer until somebody waits for its end, and the many questions
// that are answered at once never do. Safe for concurrent use.
type patience struct {
	context.Context
	until time.Time
	once  sync.Once
	timed context.Context // nil until somebody waits
	stop  context.CancelFunc
}

func newPatience(d time.Duration) *patience {
	return &patience{Context: context.Background(), until: time.Now().Add(d)}
}

// end lets go of the timer, if there is one. The context is not used after.
func (p *patience) end() {
	p.once.Do(func() { p.stop = func() {} })
	p.stop()
}

func (p *patience) Deadline() (time.Time, bool) { return p.until, true }

func (p *patience) Done() <-chan struct{} { return p.wait().Done() }

func (p *patience) Err() error {
	if time.Now().Before(p.until) {
		return nil
	}
	return p.wait().Err()
}

func (p *patience) wait() context.Context {
	p.once.Do(func() { p.timed, p.stop = context.WithDeadline(context.Background(), p.until) })
	return p.timed
}
