package cache

import (
	"context"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// bars are all that kept a person from others at a time (ms).
type bars struct {
	at    int64
	swept uint64 // sweeps.count before
	all   []lobby.Bar
}

func weighBars(b bars) int64 {
	const fixed, each, reason = 64, 48, 16
	return int64(fixed + (each+reason)*len(b.all))
}

func (s *Store) loadBars(ctx context.Context, id int64) (bars, error) {
	at, swept := s.now().UnixMilli(), s.swept.count.Load()
	all, err := s.Store.Bars(ctx, lobby.PersonID(id), at)
	return bars{at, swept, all}, err
}

// Bars implements store.Meetings. Bars read at one time serve any later one:
// time only ends them. The answer is the caller's own.
func (s *Store) Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error) {
	b, err := s.bars.Get(ctx, int64(id))
	if err != nil {
		return nil, err
	}
	if now < b.at {
		return s.Store.Bars(ctx, id, now)
	}
	var hold []lobby.Bar
	for _, bar := range b.all {
		if s.swept.mayHaveBar(bar, now, b.swept) {
			s.bars.Forget(int64(id))
			return s.Store.Bars(ctx, id, now)
		}
		if bar.Until > now || bar.Met > 0 {
			hold = append(hold, bar)
		}
	}
	return hold, nil
}

// Commit implements store.Meetings.
func (s *Store) Commit(ctx context.Context, writes []lobby.Write) []error {
	errs := s.Store.Commit(ctx, writes)
	var stale Stale
	for i, w := range writes {
		if w != nil {
			stale.Bars = append(stale.Bars, w.People()...)
		}
		// A meeting that was none is taken back from whoever the stored call names,
		// who may have left since and have another number.
		if end, is := w.(lobby.CallEnd); is && end.Reason == store.ReasonVoid {
			stale.AllBars = true
		}
		stale.Unknown = stale.Unknown || unknown(errs[i])
	}
	_ = s.wrote(stale, nil)
	return errs
}
