package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// departedFor is how long what was held against a deleted account waits for
// its email to come back.
const departedFor = 366 * 24 * time.Hour

// confirmation is what a deletion must say, so that none happens by mistake.
const confirmation = "delete"

// deleteMe deletes a person and everything that only they have a right to. When
// it answers success nothing but a stand-in's number is left of them in others' rows.
func (a *api) deleteMe(c echo.Context, who visitor) error {
	if err := a.perPerson(a.writes, who); err != nil {
		return err
	}
	var in struct {
		Confirm  string `json:"confirm" need:"yes"`
		Password string `json:"password"` // needed with an account
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Confirm != confirmation {
		return badValue("confirm", `Must be "delete".`)
	}
	ctx := c.Request().Context()
	p, err := a.person(ctx, who)
	if err != nil {
		return err
	}
	account, err := a.account(ctx, who)
	if err != nil {
		return err
	}
	d := store.Departure{Person: who.id, Stead: lobby.PersonID(a.NewID()), Until: a.Now().Add(departedFor).UnixMilli()}
	if account.Person != 0 {
		if err := a.confirm(c, account, in.Password); err != nil {
			return err
		}
		if d.EmailHash, err = a.Passwords.Fingerprint(ctx, account.EmailKey); err != nil {
			return a.hashing(err)
		}
	}
	if err := a.Accounts.Depart(ctx, d); err != nil {
		return fmt.Errorf("api: delete: %w", err)
	}
	a.Lobby.Ended(who.id, Deleted, nil)
	a.letGo(ctx, p.Profile.Photo)
	// The store has let go of them for good, so this is no reason to say it had not.
	if err := a.Forget(ctx, who.id); err != nil {
		a.Log.Error("a deleted person was not yet taken out of the journal", slog.Any("error", err))
	}
	a.setCookie(c, "", 0)
	return c.NoContent(http.StatusNoContent)
}
