package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// maxSessions bounds one person's sessions; the oldest ends for one more.
const maxSessions = 16

type loggedIn struct {
	ID        lobby.PersonID `json:"id,string"`
	Token     string         `json:"token"`
	ExpiresAt int64          `json:"expires_at"`
}

func (a *api) login(c echo.Context) error {
	var in struct {
		Email    string `json:"email" need:"yes"`
		Password string `json:"password" need:"yes"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	_, key, ok := parseEmail(in.Email)
	if !ok || utf8.RuneCountInString(in.Password) > maxPassword {
		return refuse("bad_login", "") // nobody can have these
	}
	ctx := c.Request().Context()
	account, err := a.Accounts.AccountByEmail(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("api: login: %w", err)
	}
	// Without an account there is no password, which is as wrong and as slow.
	if right, err := a.isPassword(c, key, account.Password, in.Password); err != nil {
		return err
	} else if !right {
		return refuse("bad_login", "")
	}
	s, token, err := a.openSession(ctx, account.Person)
	if err != nil {
		return fmt.Errorf("api: login: %w", err)
	}
	a.endFormer(c, s)
	a.setCookie(c, token, a.cfg.Session.Permanent)
	return c.JSON(http.StatusOK, loggedIn{account.Person, token, s.ExpiresAt})
}

// guess counts a try at what only an account's owner knows. key is the folded email.
func (a *api) guess(c echo.Context, key string) (guess, error) {
	r := c.Request()
	free := a.cfg.Limits.LoopbackFree && isLocal(r)
	try, wait := a.logins.begin(sha256.Sum256([]byte(key)), keyOf(Address(r, a.cfg.TrustedProxies)), free, a.Now())
	if wait > 0 {
		return try, &fault{Code: "rate_limited", Retry: wait}
	}
	return try, nil
}

// isPassword compares within the limits on guesses.
func (a *api) isPassword(c echo.Context, key, phc, password string) (bool, error) {
	try, err := a.guess(c, key)
	if err != nil {
		return false, err
	}
	right, err := a.Passwords.Verify(c.Request().Context(), phc, password)
	switch {
	case err != nil:
		try.undo()
		return false, a.hashing(err)
	case right:
		try.right()
	}
	return right, nil
}

// hashing is what a client is told of an error of Passwords.
func (a *api) hashing(err error) error {
	if errors.Is(err, a.Busy) {
		return &fault{Code: "unavailable", Retry: retryUnavailable}
	}
	return fmt.Errorf("api: password: %w", err)
}

// openSession stores one more session of a permanent person.
func (a *api) openSession(ctx context.Context, id lobby.PersonID) (s store.Session, token string, err error) {
	now := a.Now()
	all, err := a.Accounts.Sessions(ctx, id, now.UnixMilli())
	if err != nil {
		return s, "", err
	}
	for len(all) >= maxSessions {
		oldest := all[len(all)-1].TokenHash
		if err := a.People.Logout(ctx, oldest); err != nil {
			return s, "", err
		}
		a.Lobby.Ended(id, Revoked, func(hash string) bool { return hash != oldest })
		all = all[:len(all)-1]
	}
	token, hash, err := a.NewToken()
	if err != nil {
		return s, "", err
	}
	s = store.Session{TokenHash: hash, Person: id, CreatedAt: now.UnixMilli(), ExpiresAt: now.Add(a.cfg.Session.Permanent).UnixMilli()}
	if err := a.Accounts.OpenSession(ctx, s, a.cfg.Session.Single); err != nil {
		return s, "", err
	}
	if a.cfg.Session.Single {
		a.Lobby.Ended(id, Elsewhere, func(have string) bool { return have == hash })
	}
	return s, token, nil
}

// endFormer ends the session that the browser had before it logged in anew:
// nobody can come back to it. If that fails, it expires.
func (a *api) endFormer(c echo.Context, now store.Session) {
	token := tokenOf(c.Request())
	if token == "" || len(token) > maxToken {
		return
	}
	former, ctx := a.HashToken(token), c.Request().Context()
	v, err := a.Accounts.Session(ctx, former, now.CreatedAt)
	if err != nil || former == now.TokenHash {
		return
	}
	if err := a.People.Logout(ctx, former); err == nil {
		a.Lobby.Ended(v.Person, LoggedOut, func(hash string) bool { return hash != former })
	}
}

func (a *api) logout(c echo.Context, who visitor) error {
	if err := a.People.Logout(c.Request().Context(), who.hash); err != nil {
		return fmt.Errorf("api: logout: %w", err)
	}
	a.Lobby.Ended(who.id, LoggedOut, func(hash string) bool { return hash != who.hash })
	a.setCookie(c, "", 0)
	return c.NoContent(http.StatusNoContent)
}

// logoutAll ends every session of the person, this one too.
func (a *api) logoutAll(c echo.Context, who visitor) error {
	if err := a.Accounts.EndSessions(c.Request().Context(), who.id, ""); err != nil {
		return fmt.Errorf("api: log out everywhere: %w", err)
	}
	a.Lobby.Ended(who.id, Revoked, nil)
	a.setCookie(c, "", 0)
	return c.NoContent(http.StatusNoContent)
}
