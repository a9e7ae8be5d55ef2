package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// attempts is how often a write is tried when somebody else was faster.
const attempts = 3

type signedUp struct {
	ID        lobby.PersonID `json:"id,string"`
	Token     string         `json:"token"`
	ExpiresAt int64          `json:"expires_at"`
	Version   int64          `json:"version"`
	Profile   profile        `json:"profile"`
}

func (a *api) signUp(c echo.Context) error {
	if err := a.keepOut(c); err != nil {
		return err
	}
	var in profile
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.Photo != "" {
		return refuse("foreign_photo", "photo")
	}
	checked, err := a.profile.check(in, "")
	if err != nil {
		return err
	}
	p, s, token, err := a.storeGuest(c.Request().Context(), checked)
	if err != nil {
		return fmt.Errorf("api: sign up: %w", err)
	}
	a.setCookie(c, token, a.cfg.Session.Guest)
	return c.JSON(http.StatusCreated, signedUp{p.ID, token, s.ExpiresAt, p.Version, a.own(p.Profile)})
}

// storeGuest stores a new person and login; an id that is taken is drawn again.
func (a *api) storeGuest(ctx context.Context, profile store.Profile) (p store.Person, s store.Session, token string, err error) {
	now := a.Now()
	for range attempts {
		var hash string
		if token, hash, err = a.NewToken(); err != nil {
			return p, s, "", err
		}
		p = store.Person{ID: lobby.PersonID(a.NewID()), Guest: true, Version: 1, CreatedAt: now.UnixMilli(), Profile: profile}
		s = store.Session{TokenHash: hash, Person: p.ID, CreatedAt: p.CreatedAt, ExpiresAt: now.Add(a.cfg.Session.Guest).UnixMilli()}
		if err = a.People.SignUp(ctx, p, s); !errors.Is(err, store.ErrConflict) {
			return p, s, token, err
		}
	}
	return p, s, "", err
}

type me struct {
	ID      lobby.PersonID `json:"id,string"`
	Guest   bool           `json:"guest"`
	Email   string         `json:"email"` // "" a guest's
	Version int64          `json:"version"`
	Profile profile        `json:"profile"`
}

func (a *api) getMe(c echo.Context, who visitor) error {
	p, err := a.person(c.Request().Context(), who)
	if err != nil {
		return err
	}
	account, err := a.account(c.Request().Context(), who)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, me{p.ID, p.Guest, account.Email, p.Version, a.own(p.Profile)})
}

// person reads the visitor's row. A login whose person is gone is none.
func (a *api) person(ctx context.Context, who visitor) (store.Person, error) {
	p, err := a.People.Person(ctx, who.id)
	if errors.Is(err, store.ErrNotFound) {
		return p, refuse("no_login", "")
	} else if err != nil {
		return p, fmt.Errorf("api: person: %w", err)
	}
	return p, nil
}

type saved struct {
	Version int64   `json:"version"`
	Profile profile `json:"profile"`
}

func (a *api) putProfile(c echo.Context, who visitor) error {
	if err := a.perPerson(a.writes, who); err != nil {
		return err
	}
	var in struct {
		Version int64   `json:"version" need:"yes"`
		Profile profile `json:"profile" need:"yes"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	p, err := a.person(ctx, who)
	if err != nil {
		return err
	}
	_, old := a.profile.sort(p.Profile)
	checked, err := a.profile.check(old.dropFrom(in.Profile), "profile.")
	if err != nil {
		return err
	}
	if p.Version != in.Version {
		return stale(p.Version)
	}
	if in.Profile.Photo != "" && in.Profile.Photo != p.Profile.Photo {
		return refuse("foreign_photo", "profile.photo")
	}
	checked = old.addTo(checked)
	checked.Photo = p.Profile.Photo
	if p, err = a.save(ctx, p, checked); errors.Is(err, store.ErrConflict) {
		if p, err = a.person(ctx, who); err != nil {
			return err
		}
		return stale(p.Version)
	} else if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, saved{p.Version, a.own(p.Profile)})
}

func stale(version int64) *fault { return &fault{Code: "conflict", Field: "version", Version: version} }

// save stores a profile over p's version and, only then, tells the lobby.
func (a *api) save(ctx context.Context, p store.Person, profile store.Profile) (store.Person, error) {
	version, err := a.People.SaveProfile(ctx, p.ID, p.Version, profile)
	if err != nil {
		return p, fmt.Errorf("api: save profile: %w", err)
	}
	p.Version, p.Profile = version, profile
	a.Lobby.Changed(p.ID, p)
	return p, nil
}

func (a *api) perPerson(l *limiter[lobby.PersonID], who visitor) error {
	if wait := l.take(who.id, a.Now()); wait > 0 {
		return &fault{Code: "rate_limited", Retry: wait}
	}
	return nil
}
