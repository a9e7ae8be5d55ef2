package cache

import (
	"context"
	"sync/atomic"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// sweeps are how far any Sweep reached. It deletes what is over, which memory
// need not forget: it is over there, too. Only for a caller whose now lies before
// a sweep's, and for how often two have met, the store must be asked. Safe for
// concurrent use.
type sweeps struct {
	now, forget atomic.Int64  // ms
	count       atomic.Uint64 // of beginnings and ends
}

func (s *sweeps) begin(now, forget int64) {
	raise(&s.now, now)
	raise(&s.forget, forget)
	s.count.Add(1)
}

func (s *sweeps) end() { s.count.Add(1) }

func raise(to *atomic.Int64, at int64) {
	for was := to.Load(); was < at && !to.CompareAndSwap(was, at); was = to.Load() {
	}
}

// mayHave says that a sweep may have deleted what ends then, and at now is not over.
func (s *sweeps) mayHave(until, now int64) bool { return until > now && until <= s.now.Load() }

// mayHaveBar: seen is the count before the bar was read. A block does not tell
// when the cooldown beneath it, which counts the meetings, was over.
func (s *sweeps) mayHaveBar(b lobby.Bar, now int64, seen uint64) bool {
	if s.mayHave(b.Until, now) {
		return true
	}
	return b.Met > 0 && (b.Until <= s.forget.Load() || b.Reason == store.ReasonBlock && seen != s.count.Load())
}

// Sweep implements store.Chores.
func (s *Store) Sweep(ctx context.Context, now, forget int64, limit int) (store.Swept, error) {
	s.swept.begin(now, forget)
	defer s.swept.end()
	return s.Store.Sweep(ctx, now, forget, limit)
}
