package postgres

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/archive"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// Bars implements store.Meetings: one bar for each other person, a block
// before a cooldown, ordered by the other's id.
func (s *Store) Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error) {
	const op = "bars"
	cooldowns, err := read(ctx, s, op, func(ctx context.Context) ([]db.CooldownBarsRow, error) {
		return s.q.CooldownBars(ctx, db.CooldownBarsParams{Person: int64(id), Now: now})
	})
	if err != nil {
		return nil, err
	}
	blocks, err := read(ctx, s, op, func(ctx context.Context) ([]db.BlockBarsRow, error) {
		return s.q.BlockBars(ctx, int64(id))
	})
	if err != nil {
		return nil, err
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
	rows, err := read(ctx, s, "open calls", s.q.OpenCalls)
	if err != nil {
		return nil, err
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
	rows, err := read(ctx, s, "history", func(ctx context.Context) ([]db.HistoryRow, error) {
		return s.q.History(ctx, db.HistoryParams{Person: int64(id), Before: before, AtMost: atMost(limit)})
	})
	if err != nil {
		return nil, err
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
		return nil, err
	}
	return archive.Merge(meetings, archived, limit), nil
}

// Cooldowns implements store.Meetings, the one that ends first before the others.
func (s *Store) Cooldowns(ctx context.Context, id lobby.PersonID, now int64) ([]store.Cooldown, error) {
	rows, err := read(ctx, s, "cooldowns", func(ctx context.Context) ([]db.CooldownsRow, error) {
		return s.q.Cooldowns(ctx, db.CooldownsParams{Person: int64(id), Now: now})
	})
	if err != nil {
		return nil, err
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

func callStart(r db.Call) lobby.CallStart {
	return lobby.CallStart{
		Call: lobby.CallID(r.ID), A: lobby.PersonID(r.Caller), B: lobby.PersonID(r.Callee), Seconds: int(r.Seconds),
		StartedAt: r.StartedAt, Deadline: r.Deadline, CooldownUntil: r.CooldownUntil,
	}
}

// atMost is a LIMIT, which is an int32 here.
func atMost(limit int) int32 { return int32(min(limit, math.MaxInt32)) }
