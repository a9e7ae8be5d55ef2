package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store"
)

const secret = "correct horse"

func credentials(email, password string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)
}

// stay makes a guest, then a permanent person, and answers their token.
func (w *world) stay(email string) string {
	w.t.Helper()
	token := w.signUp()
	w.ok(w.send("PUT", "/v1/me/account", credentials(email, secret), bearerToken(token)), 200)
	return token
}

func (w *world) logIn(email, password string, more ...with) answer {
	w.t.Helper()
	return w.send("POST", "/v1/login", credentials(email, password), more...)
}

func TestAGuestStaysAndComesBack(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	before := w.ok(w.send("GET", "/v1/me", "", bearerToken(token)), 200).body
	w.refused(w.logIn("Ada@Example.org", secret), 401, "bad_login", "")
	a := w.ok(w.send("PUT", "/v1/me/account", credentials(" Ada@Example.org ", secret), cookieToken(token), header("Origin", "http://sky.example")), 200)
	if a.body["email"] != "Ada@Example.org" || len(a.Cookies()) != 1 || a.Cookies()[0].MaxAge != 30*24*3600 || a.Cookies()[0].Value != token {
		t.Errorf("kept as %s with %v", a.raw, a.Cookies())
	}
	w.now = w.now.Add(29 * 24 * time.Hour)
	after := w.ok(w.send("GET", "/v1/me", "", bearerToken(token)), 200).body
	if after["id"] != before["id"] || after["guest"] != false || after["email"] != "Ada@Example.org" {
		t.Errorf("became %v, was %v", after, before)
	}
	in := w.ok(w.logIn("ada@EXAMPLE.org", secret), 200)
	if in.body["id"] != before["id"] || len(in.Cookies()) != 1 || in.Cookies()[0].Value != in.body["token"] || in.Cookies()[0].MaxAge != 30*24*3600 {
		t.Errorf("logged in as %s with %v", in.raw, in.Cookies())
	}
	for _, t := range []string{token, in.body["token"].(string)} { // two devices
		w.ok(w.send("GET", "/v1/me", "", bearerToken(t)), 200)
	}
	w.refused(w.send("PUT", "/v1/me/account", credentials("b@example.org", secret), bearerToken(token)), 409, "has_account", "")
	w.refused(w.send("PUT", "/v1/me/account", credentials("ADA@example.org", secret), bearerToken(w.signUp())), 409, "email_taken", "email")
	if strings.Contains(w.logs.String(), "xample.org") || strings.Contains(w.logs.String(), "horse") {
		t.Error("the log holds an email or a password")
	}
}

func TestWhatIsNoAccount(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	for _, c := range []struct{ email, password, field string }{
		{"ada", secret, "email"}, {"@example.org", secret, "email"}, {"ada@example", secret, "email"}, {"ada@example..org", secret, "email"},
		{"a da@example.org", secret, "email"}, {"ada@example.org\u202e", secret, "email"}, {"ada@exa_mple.org", secret, "email"},
		{strings.Repeat("a", 65) + "@example.org", secret, "email"}, {"ada@" + strings.Repeat("a.", 130) + "org", secret, "email"},
		{"<ada@example.org>", secret, "email"}, {"ada@example.org", "short", "password"}, {"ada@example.org", strings.Repeat("x", 129), "password"},
		{"ada@example.org", "Ada@example.org", "password"},
	} {
		w.refused(w.send("PUT", "/v1/me/account", credentials(c.email, c.password), bearerToken(token)), 400, "bad_value", c.field)
		w.now = w.now.Add(time.Minute)
	}
	if len(w.byPerson) != 0 {
		t.Errorf("stored %v", w.byPerson)
	}
}

// TestNobodyAndAWrongPasswordLookAlike: the same answer, after the same work.
func TestNobodyAndAWrongPasswordLookAlike(t *testing.T) {
	w := newWorld(t)
	w.stay("ada@example.org")
	w.asked = nil
	wrong, nobody := w.logIn("ada@example.org", "wrong"), w.logIn("eve@example.org", "wrong")
	w.refused(wrong, 401, "bad_login", "")
	if string(wrong.raw) != string(nobody.raw) || wrong.StatusCode != nobody.StatusCode {
		t.Errorf("%s is not %s", wrong.raw, nobody.raw)
	}
	if len(w.asked) != 2 || w.asked[0] == "" || w.asked[1] != "" {
		t.Errorf("compared with %q: nobody's password must be hashed, too", w.asked)
	}
}

func TestWrongPasswordsAreLimited(t *testing.T) {
	w := newWorld(t, func(c *config.Config) {
		c.Limits.LoginsPerMinute, c.Limits.LoginsBurst, c.Limits.RequestsPerMinute = 1, 3, 0
	})
	w.stay("ada@example.org")
	const home, evil = "192.0.2.1:1", "192.0.2.66:1"
	w.ok(w.logIn("ada@example.org", secret, from(home)), 200)
	fails := func(email, addr string, status int) {
		t.Helper()
		if a := w.logIn(email, "wrong", from(addr)); a.StatusCode != status {
			t.Errorf("%s from %s: %d, want %d", email, addr, a.StatusCode, status)
		}
	}
	for range 3 {
		fails("ada@example.org", evil, 401)
	}
	a := w.logIn("ada@example.org", secret, from(evil)) // the right one comes too late
	w.refused(a, 429, "rate_limited", "")
	if a.Header.Get("Retry-After") != "60" {
		t.Errorf("retry after %s", a.Header.Get("Retry-After"))
	}
	// From everywhere at once: the account's own limit bites, but not for its owner.
	for i := range 27 {
		fails("ada@example.org", fmt.Sprintf("198.51.100.%d:1", i), 401)
	}
	fails("ada@example.org", "203.0.113.1:1", 429)
	for range 9 { // right ones are not counted
		w.ok(w.logIn("ada@example.org", secret, from(home)), 200)
	}
	// At everybody from one address: that address's limit bites, nobody else's.
	for i := range 30 - 3 {
		fails(fmt.Sprintf("p%d@example.org", i), evil, 401)
	}
	fails("bob@example.org", evil, 429)
	fails("bob@example.org", home, 401)
	w.now = w.now.Add(time.Minute)
	fails("ada@example.org", evil, 401)
}

// TestWhoHasAnAccountIsNotFoundOutInBulk: a taken email counts as a wrong password.
func TestWhoHasAnAccountIsNotFoundOutInBulk(t *testing.T) {
	w := newWorld(t, func(c *config.Config) {
		c.Limits.LoginsPerMinute, c.Limits.LoginsBurst, c.Limits.WritesPerMinute = 1, 1, 0
	})
	for i := range 11 {
		w.stay(fmt.Sprintf("p%d@example.org", i))
	}
	token := w.signUp()
	for i := range 11 {
		a := w.send("PUT", "/v1/me/account", credentials(fmt.Sprintf("p%d@example.org", i), secret), bearerToken(token), from("198.51.100.7:1"))
		if want := map[bool]int{true: 409, false: 429}[i < 10]; a.StatusCode != want {
			t.Errorf("try %d: %d, want %d", i+1, a.StatusCode, want)
		}
	}
	w.ok(w.send("PUT", "/v1/me/account", credentials("new@example.org", secret), bearerToken(token)), 200)
}

func TestTheOtherDeviceIsTold(t *testing.T) {
	for _, single := range []bool{false, true} {
		w := newWorld(t, func(c *config.Config) { c.Session.Single = single })
		first := w.stay("ada@example.org")
		second := w.ok(w.logIn("ada@example.org", secret), 200).body["token"].(string)
		w.ok(w.send("GET", "/v1/me", "", bearerToken(second)), 200)
		if a := w.send("GET", "/v1/me", "", bearerToken(first)); (a.StatusCode == 200) == single {
			t.Errorf("single %v: the first device's session answers %d", single, a.StatusCode)
		}
		if told := len(w.ended) == 1 && w.ended[0].why == Elsewhere && w.ended[0].keeps(second) && !w.ended[0].keeps(first); told != single {
			t.Errorf("single %v: the lobby heard %+v", single, w.ended)
		}
	}
}

// TestALoginTakesThePlaceOfTheBrowsersFormer: a guest who logs in leaves no
// session behind that nobody can come back to.
func TestALoginTakesThePlaceOfTheBrowsersFormer(t *testing.T) {
	w := newWorld(t)
	w.stay("ada@example.org")
	guest := w.signUp()
	w.ok(w.logIn("ada@example.org", secret, cookieToken(guest), header("Origin", "http://sky.example")), 200)
	w.refused(w.send("GET", "/v1/me", "", bearerToken(guest)), 401, "no_login", "")
	if n := len(w.ended); n != 1 || w.ended[0].why != LoggedOut || w.ended[0].keeps(guest) {
		t.Errorf("the lobby heard %+v", w.ended)
	}
}

func TestLogoutEverywhere(t *testing.T) {
	w := newWorld(t)
	one := w.stay("ada@example.org")
	two := w.ok(w.logIn("ada@example.org", secret), 200).body["token"].(string)
	stranger := w.signUp()
	w.ok(w.send("POST", "/v1/logout/all", "", bearerToken(one)), 204)
	for _, token := range []string{one, two} {
		w.refused(w.send("GET", "/v1/me", "", bearerToken(token)), 401, "no_login", "")
	}
	w.ok(w.send("GET", "/v1/me", "", bearerToken(stranger)), 200)
	if len(w.ended) != 1 || w.ended[0].why != Revoked || w.ended[0].keeps(one) {
		t.Errorf("the lobby heard %+v", w.ended)
	}
}

func TestANewPassword(t *testing.T) {
	w := newWorld(t)
	one := w.stay("ada@example.org")
	two := w.ok(w.logIn("ada@example.org", secret), 200).body["token"].(string)
	change := func(was, anew, token string) answer {
		return w.send("PUT", "/v1/me/password", fmt.Sprintf(`{"password":%q,"new_password":%q}`, was, anew), bearerToken(token))
	}
	w.refused(change("wrong", "another one", two), 403, "wrong_password", "password")
	w.refused(change(secret, "short", two), 400, "bad_value", "new_password")
	w.refused(change(secret, "another one", w.signUp()), 409, "no_account", "")
	w.ok(w.send("GET", "/v1/me", "", bearerToken(one)), 200)
	w.ok(change(secret, "another one", two), 204)
	w.refused(w.send("GET", "/v1/me", "", bearerToken(one)), 401, "no_login", "")
	w.ok(w.send("GET", "/v1/me", "", bearerToken(two)), 200)
	if len(w.ended) != 1 || w.ended[0].why != Revoked || !w.ended[0].keeps(two) || w.ended[0].keeps(one) {
		t.Errorf("the lobby heard %+v", w.ended)
	}
	w.refused(w.logIn("ada@example.org", secret), 401, "bad_login", "")
	w.ok(w.logIn("ada@example.org", "another one"), 200)
}

// TestTheBannedAreToldOnlyWithTheirPassword: nobody else learns of it.
func TestTheBannedAreToldOnlyWithTheirPassword(t *testing.T) {
	w := newWorld(t)
	token := w.stay("ada@example.org")
	for id := range w.people {
		w.banned[id] = true
	}
	w.refused(w.send("GET", "/v1/me", "", bearerToken(token)), 403, "banned", "")
	w.refused(w.send("DELETE", "/v1/me", `{"confirm":"delete"}`, bearerToken(token)), 403, "banned", "")
	w.refused(w.logIn("ada@example.org", "wrong"), 401, "bad_login", "")
	w.refused(w.logIn("ada@example.org", secret), 403, "banned", "")
}

// TestABannedGuestDoesNotSignUpAnew: not with the session that the ban is about.
func TestABannedGuestDoesNotSignUpAnew(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	cookieToken := func(token string) with { // as the page sends it
		return func(r *http.Request) {
			cookieToken(token)(r)
			header("Origin", "http://sky.example")(r)
		}
	}
	w.banned[1<<60+1] = true
	for _, shown := range []with{cookieToken(token), bearerToken(token)} {
		a := w.send("POST", "/v1/guests", ada, shown)
		w.refused(a, 403, "banned", "")
		if len(a.Cookies()) != 0 || len(w.people) != 1 {
			t.Fatalf("cookies %v, people %v", a.Cookies(), w.people)
		}
		if said := a.body["error"].(map[string]any)["message"].(string); !strings.Contains(said, strconv.Itoa(1<<60+1)) {
			t.Errorf("operators cannot be told who it is: %q", said)
		}
	}
	w.refused(w.send("GET", "/v1/me", "", cookieToken(token)), 403, "banned", "")
	for _, shown := range []with{cookieToken("of-nobody"), cookieToken(strings.Repeat("x", maxToken+1)), cookieToken("")} {
		w.ok(w.send("POST", "/v1/guests", ada, shown), 201)
	}
	w.banned[1<<60+1] = false
	w.ok(w.send("POST", "/v1/guests", ada, cookieToken(token)), 201)
	w.err = store.ErrUnavailable
	w.refused(w.send("POST", "/v1/guests", ada, cookieToken(token)), 503, "unavailable", "")
}

// Who only asked is not told that nothing was changed.
func TestAReadThatFailsSpeaksOfNoChange(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	w.err = store.ErrUnavailable
	for method, says := range map[string]string{"GET /v1/me/history": notRead, "POST /v1/logout": table["unavailable"].message} {
		method, path, _ := strings.Cut(method, " ")
		a := w.send(method, path, "", bearerToken(token))
		w.refused(a, 503, "unavailable", "")
		if got := a.body["error"].(map[string]any)["message"]; got != says {
			t.Errorf("%s: %q", method, got)
		}
	}
}

func TestAFullLineOfPasswordsIsNoWrongPassword(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Limits.LoginsPerMinute, c.Limits.LoginsBurst = 1, 2 })
	token := w.stay("ada@example.org")
	w.busy = true
	for range 5 {
		a := w.logIn("ada@example.org", secret)
		w.refused(a, http.StatusServiceUnavailable, "unavailable", "")
		if a.Header.Get("Retry-After") == "" {
			t.Error("nobody says when to come back")
		}
	}
	w.refused(w.send("PUT", "/v1/me/password", `{"password":"correct horse","new_password":"another one"}`, bearerToken(token)), 503, "unavailable", "")
	w.busy = false
	w.ok(w.logIn("ada@example.org", secret), 200)
}

// TestASessionInUseLasts: its end moves once a day, not with every request.
func TestASessionInUseLasts(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	for day := range 20 {
		for range 5 {
			w.ok(w.send("GET", "/v1/me", "", bearerToken(token)), 200)
		}
		if w.renewed > day {
			t.Fatalf("on day %d renewed %d times", day, w.renewed)
		}
		w.now = w.now.Add(24*time.Hour + time.Second)
	}
	a := w.ok(w.send("GET", "/v1/me", "", cookieToken(token)), 200)
	if c := a.Cookies(); len(c) != 1 || c[0].Value != token || c[0].MaxAge != 7*24*3600 {
		t.Errorf("the browser's cookie became %v", c)
	}
	w.now = w.now.Add(7 * 24 * time.Hour)
	w.refused(w.send("GET", "/v1/me", "", bearerToken(token)), 401, "no_login", "")
}

func TestSessionsOfOnePersonAreBounded(t *testing.T) {
	w := newWorld(t)
	first := w.stay("ada@example.org")
	for range maxSessions {
		w.now = w.now.Add(time.Second)
		w.ok(w.logIn("ada@example.org", secret), 200)
	}
	if len(w.sessions) != maxSessions {
		t.Errorf("%d sessions", len(w.sessions))
	}
	w.refused(w.send("GET", "/v1/me", "", bearerToken(first)), 401, "no_login", "")
}

// FuzzEmail: what passes has one key whatever its capitals, and nothing in it
// that could end a line or a header.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ada@example.org", "A@B@c.d", "ada@\u202eexample.org", " x@y.z ", "ö@ä.at", "a@-b.c", "\xff@a.b", "İ@a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		email, key, ok := parseEmail(text)
		if !ok {
			return
		}
		if strings.ContainsAny(email, " \t\r\n\x00<>,;\"") || len(email) > maxEmail || strings.Count(email, "@") != 1 {
			t.Fatalf("%q passed as %q", text, email)
		}
		if _, again, ok := parseEmail(key); !ok || again != strings.ToLower(key) {
			t.Fatalf("the key %q of %q is no address, or has another key %q", key, text, again)
		}
	})
}
