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

// Depart implements store.Accounts.
func (s *Store) Depart(ctx context.Context, d store.Departure) error {
	return s.step(ctx, "depart", func(ctx context.Context, q *db.Queries) error {
		id, stead := int64(d.Person), int64(d.Stead)
		if err := q.DeleteAccount(ctx, id); err != nil {
			return err
		}
		if err := q.DeleteSessionsBut(ctx, db.DeleteSessionsButParams{PersonID: id}); err != nil {
			return err
		}
		if err := q.DeleteBlocksBy(ctx, id); err != nil {
			return err
		}
		n, err := q.DeletePerson(ctx, id)
		if err != nil {
			return err
		}
		if n == 1 && d.EmailHash != "" {
			gone := db.InsertDepartedParams{EmailHash: d.EmailHash, PersonID: stead, Until: d.Until}
			// One that expired may lie there still.
			if err := q.DeleteDeparted(ctx, db.DeleteDepartedParams{EmailHash: d.EmailHash}); err != nil {
				return err
			}
			if err := q.InsertDeparted(ctx, gone); err != nil {
				return err
			}
		}
		for _, move := range []func() error{
			func() error { return q.MoveCallsAsCaller(ctx, db.MoveCallsAsCallerParams{PersonID: id, Stead: stead}) },
			func() error { return q.MoveCallsAsCallee(ctx, db.MoveCallsAsCalleeParams{PersonID: id, Stead: stead}) },
			func() error { return q.MoveCallsEnded(ctx, db.MoveCallsEndedParams{PersonID: id, Stead: stead}) },
			func() error { return q.MoveReportsBy(ctx, db.MoveReportsByParams{PersonID: id, Stead: stead}) },
			func() error { return moveHeldAgainst(ctx, q, id, stead) },
			func() error { return archive.Rename(ctx, shelf{q}, d.Person, d.Stead) },
		} {
			if err := move(); err != nil {
				return err
			}
		}
		return nil
	})
}

// comeBack gives a person what was held against the account they had deleted.
func comeBack(ctx context.Context, q *db.Queries, u store.Upgrade) (returned bool, err error) {
	gone, err := q.DepartedByEmail(ctx, db.DepartedByEmailParams{EmailHash: u.EmailHash, Now: u.Since})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := notBanned(ctx, q, gone.PersonID); err != nil {
		return false, err
	}
	if err := q.DeleteDeparted(ctx, db.DeleteDepartedParams{EmailHash: u.EmailHash, Now: u.Since}); err != nil {
		return false, err
	}
	return true, moveHeldAgainst(ctx, q, gone.PersonID, int64(u.Person))
}

// moveHeldAgainst puts one number in another's place in the blocks and reports
// against it, its cooldowns, bans and rulings.
func moveHeldAgainst(ctx context.Context, q *db.Queries, from, to int64) error {
	if err := moveBlocksOf(ctx, q, from, to); err != nil {
		return err
	}
	if err := moveCooldowns(ctx, q, from, to); err != nil {
		return err
	}
	if err := q.MoveReportsOf(ctx, db.MoveReportsOfParams{PersonID: from, Stead: to}); err != nil {
		return err
	}
	if err := q.MoveBan(ctx, db.MoveBanParams{PersonID: from, Stead: to}); err != nil {
		return err
	}
	return q.MoveRulings(ctx, db.MoveRulingsParams{PersonID: from, Stead: to})
}

func moveBlocksOf(ctx context.Context, q *db.Queries, from, to int64) error {
	rows, err := q.BlocksOf(ctx, from)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.ByPerson == to {
			continue
		}
		if err := q.InsertBlock(ctx, db.InsertBlockParams{ByPerson: r.ByPerson, OfPerson: to, SetAt: r.SetAt}); err != nil {
			return err
		}
	}
	return q.DeleteBlocksOf(ctx, from)
}

// moveCooldowns keeps the pairs in order; where the newcomer has met the same
// person already, that stands.
func moveCooldowns(ctx context.Context, q *db.Queries, from, to int64) error {
	rows, err := q.CooldownsWith(ctx, from)
	if err != nil {
		return err
	}
	for _, r := range rows {
		other := int64(otherOf(lobby.PersonID(from), r.A, r.B))
		if other == to {
			continue
		}
		moved := db.InsertCooldownParams(r)
		moved.A, moved.B = min(other, to), max(other, to)
		if err := q.InsertCooldown(ctx, moved); err != nil {
			return err
		}
	}
	return q.DeleteCooldownsWith(ctx, from)
}
