package load

import (
	"context"
	"sync"
	"time"
)

// lagEvery is how often the generator asks itself whether it is on time.
const lagEvery = 10 * time.Millisecond

// lag measures how late this process wakes up: what every latency of a run may
// be too long by, because the generator, not the server, was kept waiting. Safe
// for concurrent use.
type lag struct {
	now func() time.Time

	mu   sync.Mutex
	late Histogram
}

// watch measures until ctx ends.
func (l *lag) watch(ctx context.Context) {
	for {
		due := l.now().Add(lagEvery)
		if !Wait(ctx, lagEvery) {
			return
		}
		l.woke(due, l.now())
	}
}

func (l *lag) woke(due, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late.Add(at.Sub(due))
}

func (l *lag) quantiles() Quantiles {
	l.mu.Lock()
	defer l.mu.Unlock()
	return quantilesOf(&l.late)
}
