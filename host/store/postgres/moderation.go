package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// Reports implements store.Moderation.
func (s *Store) Reports(ctx context.Context, q store.ReportQuery) ([]store.Report, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	if q.Before == 0 {
		q.Before = lobby.Forever
	}
	var every int64
	if q.Settled {
		every = 1
	}
	rows, err := read(ctx, s, "reports", func(ctx context.Context) ([]db.ReportsRow, error) {
		return s.q.Reports(ctx, db.ReportsParams{
			Before: q.Before, OfPerson: int64(q.Of), Every: every, AtMost: atMost(q.Limit),
		})
	})
	if err != nil {
		return nil, err
	}
	reports := make([]store.Report, len(rows))
	for i, r := range rows {
		reports[i] = store.Report{
			By: lobby.PersonID(r.ByPerson), Of: lobby.PersonID(r.OfPerson), ByName: r.ByName, OfName: r.OfName,
			At: r.FiledAt, Call: lobby.CallID(r.CallID), Reason: r.Reason, Note: r.Note,
			Settled: r.Settled > 0, Reporters: int(r.Reporters), BannedSince: r.BannedSince,
		}
	}
	return reports, nil
}

// Rule implements store.Moderation.
func (s *Store) Rule(ctx context.Context, r store.Ruling) error {
	const op = "rule"
	if err := store.CheckRuling(r); err != nil {
		return writeErr(op, err)
	}
	row := db.InsertRulingParams{
		PersonID: int64(r.Person), RuledAt: r.At, ByWhom: r.By, Action: r.Action, Reason: r.Reason,
	}
	return s.step(ctx, op, func(ctx context.Context, q *db.Queries) error {
		if err := knownOf(ctx, q, row.PersonID); err != nil {
			return err
		}
		n, err := q.InsertRuling(ctx, row)
		if err != nil {
			return err
		}
		if n == 0 {
			have, err := q.RulingAt(ctx, db.RulingAtParams{PersonID: row.PersonID, RuledAt: row.RuledAt})
			if err == nil && have != db.Ruling(row) {
				err = fmt.Errorf("another ruling at %d: %w", row.RuledAt, store.ErrConflict)
			}
			return err // a repeat; what came after it stands
		}
		if r.Action == store.Ban {
			return q.InsertBan(ctx, db.InsertBanParams{PersonID: row.PersonID, Since: r.At, ByWhom: r.By, Reason: r.Reason})
		}
		return q.DeleteBan(ctx, row.PersonID)
	})
}

// knownOf: a person, or a number that a report names.
func knownOf(ctx context.Context, q *db.Queries, id int64) error {
	_, err := q.PersonByID(ctx, id)
	if err = orNotFound(err); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	n, err := q.CountReportsOf(ctx, id)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// Rulings implements store.Moderation.
func (s *Store) Rulings(ctx context.Context, before int64, limit int) ([]store.Ruling, error) {
	if limit <= 0 {
		return nil, nil
	}
	if before == 0 {
		before = lobby.Forever
	}
	rows, err := read(ctx, s, "rulings", func(ctx context.Context) ([]db.Ruling, error) {
		return s.q.Rulings(ctx, db.RulingsParams{Before: before, AtMost: atMost(limit)})
	})
	if err != nil {
		return nil, err
	}
	rulings := make([]store.Ruling, len(rows))
	for i, r := range rows {
		rulings[i] = store.Ruling{Person: lobby.PersonID(r.PersonID), At: r.RuledAt, By: r.ByWhom, Action: r.Action, Reason: r.Reason}
	}
	return rulings, nil
}

// FindPeople implements store.Moderation.
func (s *Store) FindPeople(ctx context.Context, q store.PeopleQuery) ([]store.Found, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	if q.Before == 0 {
		q.Before = lobby.Forever
	}
	rows, err := read(ctx, s, "find people", func(ctx context.Context) ([]db.FindPeopleRow, error) {
		return s.q.FindPeople(ctx, db.FindPeopleParams{Before: q.Before, Part: q.Part, ID: int64(q.ID), AtMost: atMost(q.Limit)})
	})
	if err != nil {
		return nil, err
	}
	found := make([]store.Found, len(rows))
	for i, r := range rows {
		found[i] = store.Found{ID: lobby.PersonID(r.ID), Name: r.Name, Guest: r.Guest != 0, CreatedAt: r.CreatedAt, BannedSince: r.BannedSince}
	}
	return found, nil
}
