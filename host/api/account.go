package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/store"
)

type kept struct {
	Guest     bool   `json:"guest"` // false
	Email     string `json:"email"`
	ExpiresAt int64  `json:"expires_at"` // of this session
}

// account reads the visitor's; the zero Account is a guest's.
func (a *api) account(ctx context.Context, who visitor) (store.Account, error) {
	account, err := a.Accounts.Account(ctx, who.id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Account{}, nil
	} else if err != nil {
		return account, fmt.Errorf("api: account: %w", err)
	}
	return account, nil
}

// putAccount makes a guest permanent. It is the same person: nothing is lost.
func (a *api) putAccount(c echo.Context, who visitor) error {
	if err := a.perPerson(a.writes, who); err != nil {
		return err
	}
	var in struct {
		Email    string `json:"email" need:"yes"`
		Password string `json:"password" need:"yes"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	email, key, err := checkEmail(in.Email)
	if err != nil {
		return err
	}
	if err := checkPassword("password", in.Password, key); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if have, err := a.account(ctx, who); err != nil {
		return err
	} else if have.Person != 0 {
		return refuse("has_account", "")
	}
	// Whether an email has an account already is a guess at it, too.
	try, err := a.guess(c, key)
	if err != nil {
		return err
	}
	returned, err := a.upgrade(ctx, who, email, key, in.Password)
	if !errors.Is(err, store.ErrTaken) {
		try.undo()
	}
	if err != nil {
		return err
	}
	if returned {
		a.Lobby.Ended(who.id, Returned, nil)
	}
	return a.keepLonger(c, who, email)
}

func (a *api) upgrade(ctx context.Context, who visitor, email, key, password string) (returned bool, err error) {
	phc, err := a.Passwords.Hash(ctx, password)
	if err != nil {
		return false, a.hashing(err)
	}
	hash, err := a.Passwords.Fingerprint(ctx, key)
	if err != nil {
		return false, a.hashing(err)
	}
	returned, err = a.Accounts.Upgrade(ctx, store.Upgrade{
		Account:   store.Account{Person: who.id, Email: email, EmailKey: key, Password: phc, Since: a.Now().UnixMilli()},
		EmailHash: hash,
	})
	if errors.Is(err, store.ErrConflict) {
		return false, refuse("has_account", "")
	} else if err != nil {
		return false, fmt.Errorf("api: upgrade: %w", err)
	}
	return returned, nil
}

// keepLonger gives the session that became permanent its new end.
func (a *api) keepLonger(c echo.Context, who visitor, email string) error {
	ttl := a.cfg.Session.Permanent
	ends := a.Now().Add(ttl).UnixMilli()
	if err := a.Accounts.RenewSession(c.Request().Context(), who.hash, ends); err != nil {
		return fmt.Errorf("api: keep session: %w", err)
	}
	if _, ok := bearer(c.Request()); !ok {
		a.setCookie(c, tokenOf(c.Request()), ttl)
	}
	return c.JSON(http.StatusOK, kept{Email: email, ExpiresAt: ends})
}

func (a *api) putPassword(c echo.Context, who visitor) error {
	if err := a.perPerson(a.writes, who); err != nil {
		return err
	}
	var in struct {
		Password string `json:"password" need:"yes"`
		Anew     string `json:"new_password" need:"yes"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	account, err := a.account(ctx, who)
	if err != nil {
		return err
	}
	if account.Person == 0 {
		return refuse("no_account", "")
	}
	if err := checkPassword("new_password", in.Anew, account.EmailKey); err != nil {
		return err
	}
	if err := a.confirm(c, account, in.Password); err != nil {
		return err
	}
	phc, err := a.Passwords.Hash(ctx, in.Anew)
	if err != nil {
		return a.hashing(err)
	}
	if err := a.Accounts.SetPassword(ctx, who.id, account.Password, phc, who.hash); err != nil {
		return fmt.Errorf("api: set password: %w", err)
	}
	a.Lobby.Ended(who.id, Revoked, func(hash string) bool { return hash == who.hash })
	return c.NoContent(http.StatusNoContent)
}

// confirm has a person who is logged in say their password once more.
func (a *api) confirm(c echo.Context, account store.Account, password string) error {
	right, err := a.isPassword(c, account.EmailKey, account.Password, password)
	if err == nil && !right {
		return refuse("wrong_password", "password")
	}
	return err
}
