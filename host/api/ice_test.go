package api

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
)

// loginsFor is a maker of logins that tell for whom and when they were made.
func loginsFor(p lobby.PersonID, now time.Time) ([]ICEServer, int64) {
	return []ICEServer{
		{URLs: []string{"stun:s.example"}},
		{URLs: []string{"turn:t.example"}, Username: strconv.FormatInt(int64(p), 10), Credential: "secret of " + strconv.FormatInt(now.UnixMilli(), 10)},
	}, now.Add(time.Hour).UnixMilli()
}

func TestFreshRelayLogins(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	me := w.ok(w.send("GET", "/v1/me", "", cookieToken(token)), http.StatusOK).body["id"].(string)

	w.now = w.now.Add(40 * time.Minute)
	for name, login := range map[string]with{"cookie": cookieToken(token), "header": bearerToken(token)} {
		got := w.ok(w.send("GET", "/v1/me/ice", "", login), http.StatusOK)
		servers := got.body["ice_servers"].([]any)
		relay := servers[1].(map[string]any)
		if relay["username"] != me || relay["credential"] != "secret of "+strconv.FormatInt(w.now.UnixMilli(), 10) {
			t.Errorf("%s: a login of %v, want %s's of now", name, relay, me)
		}
		if until := int64(got.body["ice_until"].(float64)); until != w.now.Add(time.Hour).UnixMilli() {
			t.Errorf("%s: it ends at %d", name, until)
		}
		if kept := got.Header.Get("Cache-Control"); kept != "no-store" {
			t.Errorf("%s: Cache-Control %q lets a cache hand it to others", name, kept)
		}
		if got.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" || got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: other sites may read it: %v", name, got.Header)
		}
	}
}

func TestRelayLoginsAreForPeopleHere(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Limits.RequestsBurst = 7 })
	w.refused(w.send("GET", "/v1/me/ice", ""), http.StatusUnauthorized, "no_login", "")
	w.refused(w.send("GET", "/v1/me/ice", "", bearerToken("made-up")), http.StatusUnauthorized, "no_login", "")
	token := w.signUp()
	w.ok(w.send("POST", "/v1/logout", "", bearerToken(token)), http.StatusNoContent)
	w.refused(w.send("GET", "/v1/me/ice", "", bearerToken(token)), http.StatusUnauthorized, "no_login", "")

	token = w.signUp()
	w.ok(w.send("GET", "/v1/me/ice", "", bearerToken(token)), http.StatusOK)
	w.refused(w.send("GET", "/v1/me/ice", "", bearerToken(token)), http.StatusTooManyRequests, "rate_limited", "")
}
