package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// Session implements store.Accounts.
func (s *Store) Session(ctx context.Context, tokenHash string, now int64) (store.Visit, error) {
	const op = "session"
	row, err := read(ctx, s, op, func(ctx context.Context) (db.SessionOfRow, error) {
		return s.q.SessionOf(ctx, db.SessionOfParams{TokenHash: tokenHash, Now: now})
	})
	if err != nil {
		return store.Visit{}, err
	}
	found := store.Visit{Guest: row.Guest != 0, Session: store.Session{
		TokenHash: row.TokenHash, Person: lobby.PersonID(row.PersonID), CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	}}
	if row.BannedSince != 0 {
		return found, fmt.Errorf("postgres: %s: %w", op, store.ErrBanned)
	}
	return found, nil
}

// Sessions implements store.Accounts.
func (s *Store) Sessions(ctx context.Context, id lobby.PersonID, now int64) ([]store.Session, error) {
	rows, err := read(ctx, s, "sessions", func(ctx context.Context) ([]db.Session, error) {
		return s.q.SessionsOf(ctx, db.SessionsOfParams{PersonID: int64(id), Now: now})
	})
	if err != nil {
		return nil, err
	}
	sessions := make([]store.Session, len(rows))
	for i, r := range rows {
		sessions[i] = store.Session{TokenHash: r.TokenHash, Person: id, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt}
	}
	return sessions, nil
}

// OpenSession implements store.Accounts. Repeating it word by word is no conflict.
func (s *Store) OpenSession(ctx context.Context, one store.Session, alone bool) error {
	row := db.InsertSessionParams{
		TokenHash: one.TokenHash, PersonID: int64(one.Person), CreatedAt: one.CreatedAt, ExpiresAt: one.ExpiresAt,
	}
	return s.step(ctx, "open session", func(ctx context.Context, q *db.Queries) error {
		if _, err := q.PersonByID(ctx, row.PersonID); err != nil {
			return orNotFound(err)
		}
		if err := notBanned(ctx, q, row.PersonID); err != nil {
			return err
		}
		n, err := q.InsertSession(ctx, row)
		if err != nil {
			return err
		}
		if n == 0 {
			have, err := q.SessionByHash(ctx, row.TokenHash)
			if err != nil {
				return err
			}
			if have != db.Session(row) {
				return fmt.Errorf("token taken: %w", store.ErrConflict)
			}
		}
		if !alone {
			return nil
		}
		return q.DeleteSessionsBut(ctx, db.DeleteSessionsButParams{PersonID: row.PersonID, Keep: row.TokenHash})
	})
}

// RenewSession implements store.Accounts.
func (s *Store) RenewSession(ctx context.Context, tokenHash string, expiresAt int64) error {
	return s.step(ctx, "renew session", func(ctx context.Context, q *db.Queries) error {
		n, err := q.RenewSession(ctx, db.RenewSessionParams{TokenHash: tokenHash, ExpiresAt: expiresAt})
		if err == nil && n == 0 {
			return store.ErrNotFound
		}
		return err
	})
}

// EndSessions implements store.Accounts.
func (s *Store) EndSessions(ctx context.Context, id lobby.PersonID, keep string) error {
	return s.step(ctx, "end sessions", func(ctx context.Context, q *db.Queries) error {
		return q.DeleteSessionsBut(ctx, db.DeleteSessionsButParams{PersonID: int64(id), Keep: keep})
	})
}

// Upgrade implements store.Accounts.
func (s *Store) Upgrade(ctx context.Context, u store.Upgrade) (returned bool, err error) {
	row := db.InsertAccountParams{
		PersonID: int64(u.Person), Email: u.Email, EmailKey: u.EmailKey, Password: u.Password, Since: u.Since,
	}
	err = s.step(ctx, "upgrade", func(ctx context.Context, q *db.Queries) error {
		returned = false
		if _, err := q.PersonByID(ctx, row.PersonID); err != nil {
			return orNotFound(err)
		}
		if err := notBanned(ctx, q, row.PersonID); err != nil {
			return err
		}
		n, err := q.InsertAccount(ctx, row)
		if err != nil {
			return err
		}
		if n == 0 {
			return sameAccount(ctx, q, row)
		}
		if _, err := q.MakePermanent(ctx, row.PersonID); err != nil {
			return err
		}
		returned, err = comeBack(ctx, q, u)
		return err
	})
	return returned && err == nil, err
}

// sameAccount: a repeat after an unknown outcome finds its own row.
func sameAccount(ctx context.Context, q *db.Queries, row db.InsertAccountParams) error {
	have, err := q.AccountOf(ctx, row.PersonID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return store.ErrTaken
	case err != nil:
		return err
	case have != db.Account(row):
		return fmt.Errorf("has an account: %w", store.ErrConflict)
	}
	return nil
}

// Account implements store.Accounts.
func (s *Store) Account(ctx context.Context, id lobby.PersonID) (store.Account, error) {
	row, err := read(ctx, s, "account", func(ctx context.Context) (db.Account, error) { return s.q.AccountOf(ctx, int64(id)) })
	return accountOf(row), err
}

// AccountByEmail implements store.Accounts.
func (s *Store) AccountByEmail(ctx context.Context, key string) (store.Account, error) {
	row, err := read(ctx, s, "account by email", func(ctx context.Context) (db.Account, error) { return s.q.AccountByEmail(ctx, key) })
	return accountOf(row), err
}

func accountOf(r db.Account) store.Account {
	return store.Account{
		Person: lobby.PersonID(r.PersonID), Email: r.Email, EmailKey: r.EmailKey, Password: r.Password, Since: r.Since,
	}
}

// SetPassword implements store.Accounts. A repeat finds its own password: no conflict.
func (s *Store) SetPassword(ctx context.Context, id lobby.PersonID, was, password, keep string) error {
	return s.step(ctx, "set password", func(ctx context.Context, q *db.Queries) error {
		n, err := q.SetPassword(ctx, db.SetPasswordParams{PersonID: int64(id), Was: was, Password: password})
		if err != nil {
			return err
		}
		if n == 0 {
			have, err := q.AccountOf(ctx, int64(id))
			if err != nil {
				return orNotFound(err)
			}
			if have.Password != password {
				return fmt.Errorf("password is another: %w", store.ErrConflict)
			}
		}
		return q.DeleteSessionsBut(ctx, db.DeleteSessionsButParams{PersonID: int64(id), Keep: keep})
	})
}

// Held implements store.Accounts, oldest first.
func (s *Store) Held(ctx context.Context, id lobby.PersonID) (h store.Held, err error) {
	const op = "held"
	blocks, err := read(ctx, s, op, func(ctx context.Context) ([]db.BlocksByRow, error) { return s.q.BlocksBy(ctx, int64(id)) })
	if err != nil {
		return h, err
	}
	reports, err := read(ctx, s, op, func(ctx context.Context) ([]db.ReportsByRow, error) { return s.q.ReportsBy(ctx, int64(id)) })
	if err != nil {
		return h, err
	}
	for _, r := range blocks {
		h.Blocks = append(h.Blocks, store.Blocked{Of: lobby.PersonID(r.OfPerson), OfName: r.OtherName, At: r.SetAt})
	}
	for _, r := range reports {
		h.Reports = append(h.Reports, store.Filed{
			Of: lobby.PersonID(r.OfPerson), OfName: r.OtherName, At: r.FiledAt,
			Call: lobby.CallID(r.CallID), Reason: r.Reason, Note: r.Note,
		})
	}
	return h, nil
}

// PhotoInUse implements store.Accounts.
func (s *Store) PhotoInUse(ctx context.Context, photo string) (bool, error) {
	n, err := read(ctx, s, "photo in use", func(ctx context.Context) (int64, error) { return s.q.PhotoUsers(ctx, photo) })
	return n > 0, err
}

// accountsLock is the advisory lock of step ("acct").
const accountsLock = 0x61636374

// step is transact for what reads before it writes and relies on what it read:
// such steps take turns, as all writes do in SQLite. They are rare.
func (s *Store) step(ctx context.Context, op string, do func(context.Context, *db.Queries) error) error {
	return s.inOneGo(ctx, op, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(accountsLock)); err != nil {
			return err
		}
		return do(ctx, s.q.WithTx(tx))
	})
}

func notBanned(ctx context.Context, q *db.Queries, id int64) error {
	_, err := q.BanOf(ctx, id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return store.ErrBanned
}

func orNotFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
