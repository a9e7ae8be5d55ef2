package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/archive"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// Sweep implements store.Chores.
func (s *Store) Sweep(ctx context.Context, now, forget int64, limit int) (swept store.Swept, err error) {
	err = s.step(ctx, "sweep", func(ctx context.Context, q *db.Queries) error {
		sessions, err := q.SweepSessions(ctx, db.SweepSessionsParams{Now: now, AtMost: atMost(limit)})
		if err != nil {
			return err
		}
		cooldowns, err := q.SweepCooldowns(ctx, db.SweepCooldownsParams{Now: now, Forget: forget, AtMost: atMost(limit)})
		if err != nil {
			return err
		}
		departed, err := q.SweepDeparted(ctx, now)
		swept = store.Swept{Sessions: int(sessions), Cooldowns: int(cooldowns), Departed: int(departed)}
		return err
	})
	return swept, err
}

// ArchiveCalls implements store.Chores.
func (s *Store) ArchiveCalls(ctx context.Context, before int64, limit int) (moved int, err error) {
	err = s.step(ctx, "archive calls", func(ctx context.Context, q *db.Queries) (err error) {
		moved, err = archive.Move(ctx, shelf{q}, before, limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	return moved, nil
}

// archived is the older part of a history.
func (s *Store) archived(ctx context.Context, id lobby.PersonID, before int64, limit int) ([]store.Meeting, error) {
	calls, err := read(ctx, s, "history", func(ctx context.Context) ([]store.ArchivedCall, error) {
		return archive.Calls(ctx, shelf{s.q}, id, before, limit)
	})
	if err != nil || len(calls) == 0 {
		return nil, err
	}
	cooldowns, err := read(ctx, s, "history", func(ctx context.Context) ([]db.Cooldown, error) { return s.q.CooldownsWith(ctx, int64(id)) })
	if err != nil {
		return nil, err
	}
	until := map[lobby.CallID]int64{}
	for _, c := range cooldowns {
		if c.Until > c.SetAt {
			until[lobby.CallID(c.CallID)] = c.Until
		}
	}
	known := map[lobby.PersonID]db.Person{}
	meetings := make([]store.Meeting, len(calls))
	for i, c := range calls {
		m := archive.Meeting(c, id)
		other, ok := known[m.Other]
		if !ok {
			other, err = read(ctx, s, "history", func(ctx context.Context) (db.Person, error) { return s.q.PersonByID(ctx, int64(m.Other)) })
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			known[m.Other] = other
		}
		m.OtherName, m.OtherPhoto, m.CooldownUntil = other.Name, other.Photo, until[c.ID]
		meetings[i] = m
	}
	return meetings, nil
}

// shelf is the archive's rows, as package archive works on them.
type shelf struct{ q *db.Queries }

func (s shelf) Finished(ctx context.Context, before int64, limit int) ([]store.ArchivedCall, error) {
	rows, err := s.q.FinishedCalls(ctx, db.FinishedCallsParams{Before: before, AtMost: atMost(limit)})
	calls := make([]store.ArchivedCall, len(rows))
	for i, r := range rows {
		calls[i] = store.ArchivedCall{
			ID: lobby.CallID(r.ID), Lobby: r.Lobby, Caller: lobby.PersonID(r.Caller), Callee: lobby.PersonID(r.Callee), Seconds: r.Seconds,
			StartedAt: r.StartedAt, Deadline: r.Deadline, CooldownUntil: r.CooldownUntil, EndedAt: r.EndedAt, Reason: r.Reason, EndedBy: lobby.PersonID(r.EndedBy),
		}
	}
	return calls, err
}

func (s shelf) Delete(ctx context.Context, id lobby.CallID) (bool, error) {
	n, err := s.q.DeleteCall(ctx, int64(id))
	return n == 1, err
}

func (s shelf) Chunk(ctx context.Context, id lobby.PersonID, n int64) (archive.Chunk, error) {
	return chunkOf(s.q.Chunk(ctx, db.ChunkParams{PersonID: int64(id), N: n}))
}

func (s shelf) Newest(ctx context.Context, id lobby.PersonID) (archive.Chunk, error) {
	return chunkOf(s.q.NewestChunk(ctx, int64(id)))
}

func (s shelf) Before(ctx context.Context, id lobby.PersonID, below, before int64, limit int) ([]archive.Chunk, error) {
	rows, err := s.q.ChunksBefore(ctx, db.ChunksBeforeParams{PersonID: int64(id), Below: below, Before: before, AtMost: atMost(limit)})
	chunks := make([]archive.Chunk, len(rows))
	for i, r := range rows {
		chunks[i], _ = chunkOf(r, nil)
	}
	return chunks, err
}

func (s shelf) Put(ctx context.Context, c archive.Chunk) error {
	return s.q.PutChunk(ctx, db.PutChunkParams{PersonID: int64(c.Person), N: c.N, FirstAt: c.FirstAt, LastAt: c.LastAt, Calls: c.Calls, Body: c.Body})
}

func (s shelf) Clear(ctx context.Context, id lobby.PersonID) error {
	return s.q.DeleteChunks(ctx, int64(id))
}

func chunkOf(r db.CallArchive, err error) (archive.Chunk, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return archive.Chunk{}, store.ErrNotFound
	}
	return archive.Chunk{Person: lobby.PersonID(r.PersonID), N: r.N, FirstAt: r.FirstAt, LastAt: r.LastAt, Calls: r.Calls, Body: r.Body}, err
}
