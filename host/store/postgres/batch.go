package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/groupcommit"
)

// write is one of a batch.
type write = lobby.Write

// Commit implements store.Meetings: all the writes share one transaction with
// whatever else is waiting.
func (s *Store) Commit(ctx context.Context, writes []lobby.Write) []error {
	if len(writes) == 0 {
		return nil
	}
	errs := s.writer.Do(ctx, writes...)
	for i, err := range errs {
		if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			errs[i] = fmt.Errorf("postgres: commit: %w", err) // left the queue
			continue
		}
		errs[i] = writeErr("commit", err)
	}
	return errs
}

// commit is the writer's: it stores a batch and answers each write. What the
// contract refuses is refused here; a row that the server refuses fails its
// batch, so the batch is halved until that row stands alone.
func (s *Store) commit(writes []write) []error {
	errs := make([]error, len(writes))
	var good []write
	var at []int
	for i, w := range writes {
		if errs[i] = store.Check(w); errs[i] == nil {
			good, at = append(good, w), append(at, i)
		}
	}
	for i, err := range s.halving(good) {
		errs[at[i]] = err
	}
	return errs
}

func (s *Store) halving(writes []write) []error {
	if len(writes) == 0 {
		return nil
	}
	errs, err := s.together(writes)
	switch {
	case err == nil:
		return errs
	case refusedRow(err) && len(writes) > 1:
		half := len(writes) / 2
		return append(s.halving(writes[:half]), s.halving(writes[half:])...)
	case !refusedRow(err):
		s.log.Error("postgres: batch not stored", "writes", len(writes), "err", err)
	}
	return groupcommit.Repeat(err, len(writes))
}

// together stores all the writes in one transaction. An error means that none
// is stored, unless it Is ErrUnknown.
func (s *Store) together(writes []write) (errs []error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit)
	defer cancel()
	c, err := s.write.Acquire(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	defer c.Release()
	s.stats.writes.Add(uint64(len(writes)))
	s.stats.commits.Add(1)
	err = inTx(context.Background(), c, s.limit, func(ctx context.Context, tx pgx.Tx) error {
		errs = make([]error, len(writes))
		p := plan(writes)
		if err := p.run(ctx, tx, errs); err != nil {
			return err
		}
		return p.compare(ctx, tx, errs)
	})
	return errs, err
}

// A wave is writes of which none needs to see another: each kind of them is one
// statement. Fields hold positions in the batch.
type wave struct {
	starts, ends, cooldowns, blocks, reports []int
}

// batch is writes cut into waves that keep the order where it matters.
type batch struct {
	writes []write
	waves  []wave
	again  []int // starts whose id was taken; compare says by whom
}

// plan puts each write in the first wave after the last one that touches the
// same call or the same pair, so that the outcome is that of one by one. In an
// evening nearly everything is in the first wave.
//
// An end may count a meeting less, which commutes with all that others do to
// its pair; blocks and reports commute with everything.
func plan(writes []write) *batch {
	b := &batch{writes: writes}
	calls, pairs := map[lobby.CallID]int{}, map[lobby.Pair]int{} // → the next free wave
	at := func(n int) *wave {
		for len(b.waves) <= n {
			b.waves = append(b.waves, wave{})
		}
		return &b.waves[n]
	}
	for i, w := range writes {
		switch w := w.(type) {
		case lobby.CallStart:
			pair := lobby.PairOf(w.A, w.B)
			n := max(calls[w.Call], pairs[pair])
			calls[w.Call], pairs[pair] = n+1, n+1
			at(n).starts = append(at(n).starts, i)
		case lobby.CallEnd:
			n := calls[w.Call]
			calls[w.Call] = n + 1
			at(n).ends = append(at(n).ends, i)
		case lobby.CooldownSet:
			pair := lobby.PairOf(w.A, w.B)
			n := pairs[pair]
			pairs[pair] = n + 1
			at(n).cooldowns = append(at(n).cooldowns, i)
		case lobby.BlockSet:
			at(0).blocks = append(at(0).blocks, i)
		case lobby.ReportFiled:
			at(0).reports = append(at(0).reports, i)
		}
	}
	return b
}

// run sends every wave's statements in one exchange and reads their outcomes.
func (b *batch) run(ctx context.Context, tx pgx.Tx, errs []error) error {
	var out pgx.Batch
	for _, w := range b.waves {
		b.queueStarts(&out, w.starts)
		b.queueEnds(&out, w.ends, errs)
		b.queueCooldowns(&out, w.cooldowns)
		b.queueReports(&out, w.reports)
		// A report blocks, and of two for one pair the first stands.
		b.queueBlocks(&out, slices.Sorted(slices.Values(slices.Concat(w.blocks, w.reports))))
	}
	return tx.SendBatch(ctx, &out).Close()
}

// compare reads the calls whose id was taken: the same call is a repeat, and
// fine; another is a conflict. What a start says never changes afterwards.
func (b *batch) compare(ctx context.Context, tx pgx.Tx, errs []error) error {
	if len(b.again) == 0 {
		return nil
	}
	ids := make([]int64, len(b.again))
	for i, n := range b.again {
		ids[i] = int64(b.writes[n].(lobby.CallStart).Call)
	}
	have, err := callsByID(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, n := range b.again {
		if w := b.writes[n].(lobby.CallStart); have[w.Call] != w {
			errs[n] = fmt.Errorf("call %d is another: %w", w.Call, store.ErrConflict)
		}
	}
	return nil
}
