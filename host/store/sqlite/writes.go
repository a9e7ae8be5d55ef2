package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

// Commit implements store.Meetings: all the writes share one transaction with
// whatever else is waiting.
func (s *Store) Commit(ctx context.Context, writes []lobby.Write) []error {
	if len(writes) == 0 {
		return nil
	}
	steps := make([]step, len(writes))
	for i, w := range writes {
		steps[i] = func(ctx context.Context, q *db.Queries) error { return apply(ctx, q, w) }
	}
	errs := s.writer.do(ctx, steps...)
	for i, err := range errs {
		errs[i] = writeErr("commit", err)
	}
	return errs
}

func apply(ctx context.Context, q *db.Queries, w lobby.Write) error {
	if err := store.Check(w); err != nil {
		return err
	}
	switch w := w.(type) {
	case lobby.CallStart:
		return startCall(ctx, q, w)
	case lobby.CallEnd:
		return endCall(ctx, q, w)
	case lobby.CooldownSet:
		return setCooldown(ctx, q, w)
	case lobby.ReportFiled:
		err := q.InsertReport(ctx, db.InsertReportParams{
			ByPerson: int64(w.By), OfPerson: int64(w.Of), FiledAt: w.At,
			CallID: int64(w.Call), Reason: w.Reason, Note: store.Note(w.Body),
		})
		if err != nil {
			return err
		}
		return block(ctx, q, lobby.BlockSet{By: w.By, Of: w.Of, At: w.At})
	default:
		return block(ctx, q, w.(lobby.BlockSet))
	}
}

func startCall(ctx context.Context, q *db.Queries, w lobby.CallStart) error {
	row := db.InsertCallParams{
		ID: int64(w.Call), Caller: int64(w.A), Callee: int64(w.B), Seconds: int64(w.Seconds),
		StartedAt: w.StartedAt, Deadline: w.Deadline, CooldownUntil: w.CooldownUntil,
	}
	n, err := q.InsertCall(ctx, row)
	if err != nil {
		return err
	}
	if n == 0 {
		have, err := q.CallByID(ctx, row.ID)
		if err != nil {
			return err
		}
		if callStart(have) != w {
			return fmt.Errorf("call %d is another: %w", row.ID, store.ErrConflict)
		}
		return nil // a repeat; the pair is barred and counted already
	}
	pair := lobby.PairOf(w.A, w.B)
	err = setCooldown(ctx, q, lobby.CooldownSet{
		Pair: pair, Call: w.Call, SetAt: w.StartedAt, Until: w.CooldownUntil, Reason: store.ReasonCall,
	})
	if err != nil {
		return err
	}
	return q.CountMeeting(ctx, db.CountMeetingParams{A: int64(pair.A), B: int64(pair.B)})
}

func endCall(ctx context.Context, q *db.Queries, w lobby.CallEnd) error {
	n, err := q.EndCall(ctx, db.EndCallParams{
		ID: int64(w.Call), EndedAt: w.EndedAt, Reason: w.Reason, EndedBy: int64(w.By),
	})
	if err != nil || n == 1 && w.Reason != store.ReasonVoid {
		return err
	}
	call, err := q.CallByID(ctx, int64(w.Call))
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("call %d: %w", w.Call, store.ErrNotFound)
	}
	if err != nil || n == 0 { // an earlier end stands
		return err
	}
	pair := lobby.PairOf(lobby.PersonID(call.Caller), lobby.PersonID(call.Callee))
	return q.UncountMeeting(ctx, db.UncountMeetingParams{A: int64(pair.A), B: int64(pair.B)})
}

func setCooldown(ctx context.Context, q *db.Queries, w lobby.CooldownSet) error {
	pair := lobby.PairOf(w.A, w.B)
	return q.SetCooldown(ctx, db.SetCooldownParams{
		A: int64(pair.A), B: int64(pair.B), CallID: int64(w.Call),
		SetAt: w.SetAt, Until: w.Until, Reason: w.Reason, Digest: w.Digest,
	})
}

func block(ctx context.Context, q *db.Queries, w lobby.BlockSet) error {
	return q.InsertBlock(ctx, db.InsertBlockParams{ByPerson: int64(w.By), OfPerson: int64(w.Of), SetAt: w.At})
}

func callStart(r db.Call) lobby.CallStart {
	return lobby.CallStart{
		Call: lobby.CallID(r.ID), A: lobby.PersonID(r.Caller), B: lobby.PersonID(r.Callee), Seconds: int(r.Seconds),
		StartedAt: r.StartedAt, Deadline: r.Deadline, CooldownUntil: r.CooldownUntil,
	}
}
