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

// Session implements store.Accounts.
func (s *Store) Session(ctx context.Context, tokenHash string, now int64) (store.Visit, error) {
	const op = "session"
	s.stats.reads.Add(1)
	row, err := s.q.SessionOf(ctx, db.SessionOfParams{TokenHash: tokenHash, Now: now})
	if err != nil {
		return store.Visit{}, readErr(ctx, op, err)
	}
	found := store.Visit{Guest: row.Guest != 0, Session: store.Session{
		TokenHash: row.TokenHash, Person: lobby.PersonID(row.PersonID), CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt,
	}}
	if row.BannedSince != 0 {
		return found, fmt.Errorf("sqlite: %s: %w", op, store.ErrBanned)
	}
	return found, nil
}

// Sessions implements store.Accounts.
func (s *Store) Sessions(ctx context.Context, id lobby.PersonID, now int64) ([]store.Session, error) {
	s.stats.reads.Add(1)
	rows, err := s.q.SessionsOf(ctx, db.SessionsOfParams{PersonID: int64(id), Now: now})
	if err != nil {
		return nil, readErr(ctx, "sessions", err)
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
	case errors.Is(err, sql.ErrNoRows):
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
	s.stats.reads.Add(1)
	row, err := s.q.AccountOf(ctx, int64(id))
	return accountOf(row), readErr(ctx, "account", err)
}

// AccountByEmail implements store.Accounts.
func (s *Store) AccountByEmail(ctx context.Context, key string) (store.Account, error) {
	s.stats.reads.Add(1)
	row, err := s.q.AccountByEmail(ctx, key)
	return accountOf(row), readErr(ctx, "account by email", err)
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
	s.stats.reads.Add(2)
	blocks, err := s.q.BlocksBy(ctx, int64(id))
	if err != nil {
		return h, readErr(ctx, op, err)
	}
	reports, err := s.q.ReportsBy(ctx, int64(id))
	if err != nil {
		return h, readErr(ctx, op, err)
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
	s.stats.reads.Add(1)
	n, err := s.q.PhotoUsers(ctx, photo)
	return n > 0, readErr(ctx, "photo in use", err)
}

// step writes one step and names the operation in its error.
func (s *Store) step(ctx context.Context, op string, do step) error {
	return writeErr(op, s.writer.do(ctx, do)[0])
}

func notBanned(ctx context.Context, q *db.Queries, id int64) error {
	_, err := q.BanOf(ctx, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return store.ErrBanned
}

func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}
