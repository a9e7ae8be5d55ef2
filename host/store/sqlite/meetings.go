package sqlite

import (
	"cmp"
	"context"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/archive"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

// Bars implements store.Meetings: one bar for each other person, a block
// before a cooldown, ordered by the other's id.
func (s *Store) Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error) {
	const op = "bars"
	s.stats.reads.Add(2)
	cooldowns, err := s.q.CooldownBars(ctx, db.CooldownBarsParams{Person: int64(id), Now: now})
	if err != nil {
		return nil, readErr(ctx, op, err)
	}
	blocks, err := s.q.BlockBars(ctx, int64(id))
	if err != nil {
		return nil, readErr(ctx, op, err)
	}
	by := make(map[lobby.PersonID]lobby.Bar, len(cooldowns)+len(blocks))
	for _, c := range cooldowns {
		other := otherOf(id, c.A, c.B)
		by[other] = lobby.Bar{Other: other, Until: c.Until, Reason: c.Reason, Met: int(c.Met)}
	}
	for _, b := range blocks {
		other := otherOf(id, b.ByPerson, b.OfPerson)
		by[other] = lobby.Bar{Other: other, Until: lobby.Forever, Reason: store.ReasonBlock, Met: int(b.Met)}
	}
	bars := make([]lobby.Bar, 0, len(by))
	for _, b := range by {
		bars = append(bars, b)
	}
	slices.SortFunc(bars, func(x, y lobby.Bar) int { return cmp.Compare(x.Other, y.Other) })
	return bars, nil
}

// OpenCalls implements store.Meetings, oldest first.
func (s *Store) OpenCalls(ctx context.Context) ([]lobby.CallStart, error) {
	s.stats.reads.Add(1)
	rows, err := s.q.OpenCalls(ctx)
	if err != nil {
		return nil, readErr(ctx, "open calls", err)
	}
	calls := make([]lobby.CallStart, len(rows))
	for i, r := range rows {
		calls[i] = callStart(r)
	}
	return calls, nil
}

// History implements store.Meetings.
func (s *Store) History(ctx context.Context, id lobby.PersonID, before int64, limit int) ([]store.Meeting, error) {
	if limit <= 0 {
		return nil, nil
	}
	if before == 0 {
		before = lobby.Forever
	}
	s.stats.reads.Add(1)
	rows, err := s.q.History(ctx, db.HistoryParams{Person: int64(id), Before: before, AtMost: int64(limit)})
	if err != nil {
		return nil, readErr(ctx, "history", err)
	}
	meetings := make([]store.Meeting, len(rows))
	for i, r := range rows {
		meetings[i] = store.Meeting{
			Call: lobby.CallID(r.ID), Other: otherOf(id, r.Caller, r.Callee),
			OtherName: r.OtherName, OtherPhoto: r.OtherPhoto,
			Caller: r.Caller == int64(id), Seconds: int(r.Seconds),
			StartedAt: r.StartedAt, EndedAt: r.EndedAt, Reason: r.Reason, CooldownUntil: r.CooldownUntil,
		}
	}
	if len(meetings) == limit {
		return meetings, nil // what is archived is older
	}
	archived, err := s.archived(ctx, id, before, limit)
	if err != nil {
		return nil, readErr(ctx, "history", err)
	}
	return archive.Merge(meetings, archived, limit), nil
}

// Cooldowns implements store.Meetings, the one that ends first before the others.
func (s *Store) Cooldowns(ctx context.Context, id lobby.PersonID, now int64) ([]store.Cooldown, error) {
	s.stats.reads.Add(1)
	rows, err := s.q.Cooldowns(ctx, db.CooldownsParams{Person: int64(id), Now: now})
	if err != nil {
		return nil, readErr(ctx, "cooldowns", err)
	}
	cooldowns := make([]store.Cooldown, len(rows))
	for i, r := range rows {
		cooldowns[i] = store.Cooldown{
			Other: otherOf(id, r.A, r.B), OtherName: r.OtherName, Until: r.Until, Reason: r.Reason,
		}
	}
	return cooldowns, nil
}

func otherOf(id lobby.PersonID, x, y int64) lobby.PersonID {
	if x == int64(id) {
		return lobby.PersonID(y)
	}
	return lobby.PersonID(x)
}
