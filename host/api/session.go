package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// maxToken bounds what is hashed for a stranger, in bytes.
const maxToken = 128

// visitor is who a request was authenticated as.
type visitor struct {
	id   lobby.PersonID
	hash string // of the session's token
}

// as makes a handler of one that needs a logged-in person.
func (a *api) as(h func(echo.Context, visitor) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := tokenOf(c.Request())
		if token == "" || len(token) > maxToken {
			return refuse("no_login", "")
		}
		hash := a.HashToken(token)
		v, err := a.Accounts.Session(c.Request().Context(), hash, a.Now().UnixMilli())
		switch {
		case errors.Is(err, store.ErrNotFound):
			return refuse("no_login", "")
		case errors.Is(err, store.ErrBanned):
			return banned(v.Person)
		case err != nil:
			return fmt.Errorf("api: session: %w", err)
		}
		a.renew(c, v, token)
		return h(c, visitor{v.Person, hash})
	}
}

// keepOut refuses who brings a banned person's session: a guest must not shake
// a ban off by signing up again. Any other session, or none, is no hindrance.
func (a *api) keepOut(c echo.Context) error {
	token := tokenOf(c.Request())
	if token == "" || len(token) > maxToken {
		return nil
	}
	v, err := a.Accounts.Session(c.Request().Context(), a.HashToken(token), a.Now().UnixMilli())
	switch {
	case errors.Is(err, store.ErrBanned):
		return banned(v.Person)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("api: session: %w", err)
	}
	return nil
}

// banned tells whoever has shown their session; the number is what operators
// know them by.
func banned(id lobby.PersonID) *fault {
	return &fault{Code: "banned", Detail: fmt.Sprintf("%s Your number here is %d.", table["banned"].message, id)}
}

// renewEvery is how often a session's end is moved at most.
const renewEvery = 24 * time.Hour

// renew moves the end of a session in use. If that fails, a later request does it.
func (a *api) renew(c echo.Context, v store.Visit, token string) {
	ttl, now := a.ttl(v.Guest), a.Now()
	ends := now.Add(ttl)
	if time.UnixMilli(v.ExpiresAt).After(ends.Add(-min(renewEvery, ttl/2))) {
		return
	}
	if err := a.Accounts.RenewSession(c.Request().Context(), v.TokenHash, ends.UnixMilli()); err != nil {
		a.Log.Debug("session not renewed", slog.Any("error", err))
		return
	}
	if _, ok := bearer(c.Request()); !ok {
		a.setCookie(c, token, ttl)
	}
}

// ttl is how long a session lasts that is not used.
func (a *api) ttl(guest bool) time.Duration {
	if guest {
		return a.cfg.Session.Guest
	}
	return a.cfg.Session.Permanent
}

// tokenOf is the token that a request brings, "" if none.
func tokenOf(r *http.Request) string {
	token, ok := bearer(r)
	if !ok {
		if cookie, err := r.Cookie(SessionCookie); err == nil {
			token = cookie.Value
		}
	}
	return token
}

// bearer answers the token of an Authorization header, and whether there is
// one of that kind: then a cookie counts for nothing.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// setCookie gives the browser its token, or (empty) takes it away.
func (a *api) setCookie(c echo.Context, token string, ttl time.Duration) {
	cookie := &http.Cookie{
		Name: SessionCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: Secure(c.Request(), a.cfg.TrustedProxies), MaxAge: int(ttl / time.Second),
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}
