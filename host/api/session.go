package api

import (
	"errors"
	"fmt"
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
		token, ok := bearer(c.Request())
		if !ok {
			if cookie, err := c.Request().Cookie(SessionCookie); err == nil {
				token = cookie.Value
			}
		}
		if token == "" || len(token) > maxToken {
			return refuse("no_login", "")
		}
		hash := a.HashToken(token)
		id, err := a.People.Login(c.Request().Context(), hash, a.Now().UnixMilli())
		if errors.Is(err, store.ErrNotFound) {
			return refuse("no_login", "")
		} else if err != nil {
			return fmt.Errorf("api: login: %w", err)
		}
		return h(c, visitor{id, hash})
	}
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

func (a *api) logout(c echo.Context, who visitor) error {
	if err := a.People.Logout(c.Request().Context(), who.hash); err != nil {
		return fmt.Errorf("api: logout: %w", err)
	}
	a.Lobby.Gone(who.id)
	a.setCookie(c, "", 0)
	return c.NoContent(http.StatusNoContent)
}
