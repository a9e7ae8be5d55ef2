package api

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store"
)

func overTLS(r *http.Request) { r.TLS = &tls.ConnectionState{} }

func TestCookieAttributes(t *testing.T) {
	proxied := func(c *config.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }
	https := header("X-Forwarded-Proto", "https")
	for name, c := range map[string]struct {
		more   []with
		secure bool
	}{
		"plain":                     {nil, false},
		"TLS":                       {[]with{overTLS}, true},
		"TLS at a trusted proxy":    {[]with{from("10.1.1.1:5"), https}, true},
		"a stranger claims a proxy": {[]with{https}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, proxied)
			a := w.ok(w.send("POST", "/v1/guests", ada, c.more...), 201)
			if len(a.Cookies()) != 1 {
				t.Fatalf("cookies %v", a.Cookies())
			}
			k := a.Cookies()[0]
			if k.Name != "sky_session" || k.Value != a.body["token"] || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" ||
				k.Domain != "" || k.MaxAge != 7*24*3600 || k.Secure != c.secure {
				t.Errorf("cookie %+v", k)
			}
		})
	}
}

func TestWhoIsNotLoggedIn(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	routes := []struct{ method, path string }{
		{"GET", "/v1/me"}, {"GET", "/v1/me/history"}, {"PUT", "/v1/me/profile"}, {"PUT", "/v1/me/photo"}, {"DELETE", "/v1/me/photo"}, {"POST", "/v1/logout"},
		{"POST", "/v1/logout/all"}, {"DELETE", "/v1/me"}, {"GET", "/v1/me/export"}, {"PUT", "/v1/me/account"}, {"PUT", "/v1/me/password"},
	}
	own := header("Origin", "http://sky.example")
	for _, r := range routes {
		for name, more := range map[string][]with{
			"nothing":             {},
			"unknown token":       {bearerToken("nope")},
			"unknown cookie":      {cookieToken("nope"), own},
			"empty bearer":        {header("Authorization", "Bearer ")},
			"bearer beats cookie": {bearerToken("nope"), cookieToken(token)},
			"endless token":       {bearerToken(strings.Repeat("x", 10_000))},
			"token in the URL":    {func(r *http.Request) { r.URL.RawQuery = "token=" + token }},
			"another scheme":      {header("Authorization", "Basic "+token)},
		} {
			a := w.send(r.method, r.path, "", more...)
			if code, _ := a.problem(); a.StatusCode != 401 || code != "no_login" {
				t.Errorf("%s %s with %s: %d %s", r.method, r.path, name, a.StatusCode, a.raw)
			}
		}
	}
	idle := w.signUp()
	w.now = w.now.Add(7*24*time.Hour - time.Millisecond)
	w.ok(w.send("GET", "/v1/me", "", bearerToken(token)), 200)
	w.now = w.now.Add(time.Millisecond)
	w.refused(w.send("GET", "/v1/me", "", bearerToken(idle)), 401, "no_login", "")
}

func TestALoginWithoutItsPersonIsNone(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	clear(w.people)
	w.refused(w.send("GET", "/v1/me", "", bearerToken(token)), 401, "no_login", "")
}

// What another site makes a browser send must change nothing. own: the
// server's origin; other: a stranger's; friend: one the operator allowed.
func TestCrossSiteRequests(t *testing.T) {
	w := newWorld(t, func(c *config.Config) {
		c.Origins = []string{"https://friend.example"}
		c.Limits.WritesPerMinute, c.Limits.RequestsPerMinute = 0, 0
	})
	token := w.signUp()
	const own, other, friend = "http://sky.example", "http://other.example", "https://friend.example"
	table := []struct {
		name, origin, site string
		cookie, allowed    bool
	}{
		{"own origin", own, "", true, true},
		{"own origin over TLS at a proxy", "https://sky.example", "", true, true},
		{"own origin, said twice", own, "same-origin", true, true},
		{"same-origin only", "", "same-origin", true, true},
		{"a proxy rewrote Host", "https://public.example", "same-origin", true, true},
		{"another origin", other, "", true, false},
		{"another origin, said twice", other, "cross-site", true, false},
		{"cross-site only", "", "cross-site", true, false},
		{"another port", "http://sky.example:81", "", true, false},
		{"a longer host", "http://sky.example.evil.example", "", true, false},
		{"a sibling", "http://www.sky.example", "same-site", true, false},
		{"null", "null", "", true, false},
		{"null, cross-site", "null", "cross-site", true, false},
		{"an allowed one", friend, "cross-site", true, true},
		{"an allowed one, old browser", friend, "", true, true},
		{"an allowed one without TLS", "http://friend.example", "cross-site", true, false},
		{"nothing said, with a cookie", "", "", true, false},
		{"nothing said, bearer", "", "", false, true},
		{"another origin, bearer", other, "cross-site", false, true},
	}
	for _, c := range table {
		for _, r := range []struct{ method, path, body string }{
			{"PUT", "/v1/me/profile", `{"version":%d,"profile":` + ada + `}`}, {"DELETE", "/v1/me/photo", ""}, {"PUT", "/v1/me/photo", "image"},
		} {
			t.Run(c.name+" "+r.method+" "+r.path, func(t *testing.T) {
				w.t, w.now = t, w.now.Add(time.Hour)
				w.sessions[hashForTest(token)] = store.Session{Person: 1<<60 + 1, ExpiresAt: w.now.UnixMilli() + 1}
				before := w.people[1<<60+1].Version
				more := []with{bearerToken(token)}
				if c.cookie {
					more[0] = cookieToken(token)
				}
				if c.origin != "" {
					more = append(more, header("Origin", c.origin))
				}
				if c.site != "" {
					more = append(more, header("Sec-Fetch-Site", c.site))
				}
				body := r.body
				if strings.Contains(body, "%d") {
					body = fmt.Sprintf(body, before)
				}
				a := w.send(r.method, r.path, body, more...)
				if c.allowed {
					w.ok(a, 200)
					return
				}
				w.refused(a, 403, "foreign_origin", "")
				if w.people[1<<60+1].Version != before {
					t.Error("it was refused and done")
				}
			})
		}
	}
	w.t = t
	w.ok(w.send("GET", "/v1/me", "", cookieToken(token), header("Origin", other), header("Sec-Fetch-Site", "cross-site")), 200)
	w.refused(w.send("POST", "/v1/guests", ada, header("Origin", other)), 403, "foreign_origin", "")
	w.refused(w.send("POST", "/v1/logout", "", cookieToken(token), header("Sec-Fetch-Site", "cross-site")), 403, "foreign_origin", "")
	if a := w.send("GET", "/v1/me", "", cookieToken(token), header("Origin", other)); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another origin may read answers")
	}
}

func TestSecurityHeaders(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/v1/options", "/v1/me", "/v1/nothing"} {
		h := w.send("GET", path, "").Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %q", path, h.Get("Content-Security-Policy"))
		}
	}
}

func TestAPanicIsOneRequestsTrouble(t *testing.T) {
	w := newWorld(t)
	w.before = func(string) { panic("boom") }
	a := w.send("POST", "/v1/guests", ada)
	w.refused(a, 500, "internal", "")
	if strings.Contains(string(a.raw), "boom") || !strings.Contains(w.logs.String(), "boom") {
		t.Errorf("sent %s, logged %s", a.raw, w.logs.String())
	}
	w.before = nil
	w.signUp()
}

func TestLogsHoldNeitherIDsNorTokens(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	w.send("GET", "/v1/me/history?before=123456", "", bearerToken(token))
	w.send("GET", "/v1/media/abcdef", "")
	w.before = func(op string) {
		if op == "person" {
			panic("lost")
		}
	}
	w.send("GET", "/v1/me", "", bearerToken(token))
	logs := w.logs.String()
	if !strings.Contains(logs, "route=/v1/me/history") || !strings.Contains(logs, "route=/v1/media/:id") || !strings.Contains(logs, "status=201") {
		t.Errorf("logged %s", logs)
	}
	for _, secret := range []string{token, "123456", "abcdef", "Ada", "1152921504606846977", "192.0.2.1"} {
		if strings.Contains(logs, secret) {
			t.Errorf("%q was logged: %s", secret, logs)
		}
	}
}

// Whatever the store fails at, the answer never says that it was done, and
// tells whether it may have been.
func TestAFailingStoreIsNeverSuccess(t *testing.T) {
	routes := []struct {
		method, path, body string
		operations         []string
	}{
		{"POST", "/v1/guests", ada, []string{"sign up"}},
		{"GET", "/v1/me", "", []string{"login", "person"}},
		{"PUT", "/v1/me/profile", `{"version":1,"profile":` + ada + `}`, []string{"login", "person", "save"}},
		{"PUT", "/v1/me/photo", "image", []string{"login", "put", "person", "save"}},
		{"DELETE", "/v1/me/photo", "", []string{"login", "person"}},
		{"GET", "/v1/me/history", "", []string{"login", "history", "cooldowns"}},
		{"POST", "/v1/logout", "", []string{"login", "logout"}},
	}
	faults := []struct {
		err    error
		status int
		code   string
	}{
		{store.ErrUnavailable, 503, "unavailable"},
		{store.ErrUnknown, 503, "outcome_unknown"},
		{fmt.Errorf("%w: %w", store.ErrUnknown, store.ErrUnavailable), 503, "outcome_unknown"},
		{errors.New("disk on fire"), 500, "internal"},
	}
	for _, r := range routes {
		for _, op := range r.operations {
			for _, f := range faults {
				t.Run(fmt.Sprint(r.method, r.path, " ", op, " ", f.code), func(t *testing.T) {
					w := newWorld(t)
					token := w.signUp()
					w.err, w.failOn = f.err, op
					a := w.send(r.method, r.path, r.body, bearerToken(token))
					w.refused(a, f.status, f.code, "")
					if f.status == 503 && a.Header.Get("Retry-After") != "2" {
						t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
					}
					if len(a.Cookies()) != 0 || len(w.changed) != 0 || len(w.ended) != 0 {
						t.Errorf("cookies %v; the lobby heard %v %v", a.Cookies(), w.changed, w.ended)
					}
					if strings.Contains(string(a.raw), "fire") {
						t.Errorf("our own trouble is told: %s", a.raw)
					}
				})
			}
		}
	}
}

// What the caller mounts beside the routes is left alone.
func TestOthersMayMountBeside(t *testing.T) {
	w := newWorld(t)
	hear := func(c echo.Context) error {
		if _, ok := c.Request().Context().Deadline(); ok {
			t.Error("a foreign route got our deadline")
		}
		return c.String(200, "page")
	}
	w.echo.GET("/v1/ws", hear)
	w.echo.GET("/*", hear)
	for _, path := range []string{"/v1/ws", "/", "/app.js"} {
		if a := w.ok(w.send("GET", path, ""), 200); string(a.raw) != "page" || a.Header.Get("Content-Security-Policy") != "" {
			t.Errorf("%s: %s %v", path, a.raw, a.Header)
		}
	}
	w.refused(w.send("GET", "/v1/nothing", ""), 404, "not_found", "")
	w.refused(w.send("PATCH", "/v1/me", ""), 405, "bad_method", "")
}
