package cache

import (
	"context"
	"errors"
	"math"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// visit is a session as it is stored, expired or not.
type visit struct {
	store.Visit
	banned bool
}

func weighVisit(v visit) int64 { return int64(96 + 2*len(v.TokenHash)) }

// loadSession reads a session whenever it expires, so that the answer suits any now.
func (s *Store) loadSession(ctx context.Context, hash string) (visit, error) {
	v, err := s.Store.Session(ctx, hash, math.MinInt64)
	if errors.Is(err, store.ErrBanned) {
		return visit{v, true}, nil
	}
	return visit{v, false}, err
}

// Session implements store.Accounts.
func (s *Store) Session(ctx context.Context, tokenHash string, now int64) (store.Visit, error) {
	const op = "session"
	v, err := s.sessions.Get(ctx, tokenHash)
	switch {
	case err != nil:
		return store.Visit{}, err
	case s.swept.mayHave(v.ExpiresAt, now):
		return s.Store.Session(ctx, tokenHash, now)
	case v.ExpiresAt <= now:
		return store.Visit{}, says(op, store.ErrNotFound)
	case v.banned:
		return v.Visit, says(op, store.ErrBanned)
	}
	return v.Visit, nil
}

// Login implements store.People.
func (s *Store) Login(ctx context.Context, tokenHash string, now int64) (lobby.PersonID, error) {
	v, err := s.Session(ctx, tokenHash, now)
	switch {
	case errors.Is(err, store.ErrBanned):
		return 0, says("login", store.ErrNotFound)
	case err != nil:
		return 0, err
	}
	return v.Person, nil
}

// Logout implements store.People.
func (s *Store) Logout(ctx context.Context, tokenHash string) error {
	return s.wrote(Stale{Tokens: []string{tokenHash}}, s.Store.Logout(ctx, tokenHash))
}

// OpenSession implements store.Accounts.
func (s *Store) OpenSession(ctx context.Context, one store.Session, alone bool) error {
	err := s.Store.OpenSession(ctx, one, alone)
	w := Stale{Tokens: []string{one.TokenHash}}
	if alone {
		w.Sessions = []lobby.PersonID{one.Person}
	}
	return s.wrote(w, err)
}

// RenewSession implements store.Accounts.
func (s *Store) RenewSession(ctx context.Context, tokenHash string, expiresAt int64) error {
	return s.wrote(Stale{Tokens: []string{tokenHash}}, s.Store.RenewSession(ctx, tokenHash, expiresAt))
}

// EndSessions implements store.Accounts.
func (s *Store) EndSessions(ctx context.Context, id lobby.PersonID, keep string) error {
	return s.wrote(Stale{Sessions: []lobby.PersonID{id}}, s.Store.EndSessions(ctx, id, keep))
}

// SetPassword implements store.Accounts.
func (s *Store) SetPassword(ctx context.Context, id lobby.PersonID, was, password, keep string) error {
	return s.wrote(Stale{Sessions: []lobby.PersonID{id}}, s.Store.SetPassword(ctx, id, was, password, keep))
}

// Rule implements store.Moderation: whoever is banned has no session that serves.
func (s *Store) Rule(ctx context.Context, r store.Ruling) error {
	return s.wrote(Stale{Sessions: []lobby.PersonID{r.Person}}, s.Store.Rule(ctx, r))
}
