package api

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

func TestAnExportHoldsEverythingButTokens(t *testing.T) {
	w := newWorld(t)
	token := w.stay("ada@example.org")
	w.ok(w.send("PUT", "/v1/me/photo", "image of Ada", bearerToken(token)), 200)
	for i := range 2*exportPage + 7 {
		w.meetings = append(w.meetings, store.Meeting{Call: 9, Other: 2, OtherName: "Bob", StartedAt: int64(i + 1), EndedAt: int64(i + 2), Reason: "blocked"})
	}
	w.cooldowns = []store.Cooldown{{Other: 2, OtherName: "Bob", Until: 9, Reason: "call"}}
	w.held = store.Held{Blocks: []store.Blocked{{Of: 3, OfName: "Eve", At: 5}}, Reports: []store.Filed{{Of: 3, At: 6, Reason: "rude", Note: "shouts"}}}
	a := w.ok(w.send("GET", "/v1/me/export", "", bearerToken(token)), 200)
	if n := len(a.body["calls"].([]any)); n != 2*exportPage+7 {
		t.Errorf("%d calls", n)
	}
	photo := base64.StdEncoding.EncodeToString([]byte("image of Ada"))
	for _, part := range []string{"Ada", "ada@example.org", photo, `"current":true`, "Bob", "Eve", "shouts", "rude"} {
		if !strings.Contains(string(a.raw), part) {
			t.Errorf("the export lacks %q", part)
		}
	}
	for _, secret := range []string{token, hashForTest(token), "plain:", "blocked"} {
		if strings.Contains(string(a.raw), secret) {
			t.Errorf("the export tells %q", secret)
		}
	}
	guest := w.ok(w.send("GET", "/v1/me/export", "", bearerToken(w.signUp())), 200)
	if guest.body["account"] != nil || guest.body["photo"] != nil {
		t.Errorf("a guest's export %s", guest.raw)
	}
}

func TestADeletionIsMeant(t *testing.T) {
	w := newWorld(t)
	guest, ada := w.signUp(), w.stay("ada@example.org")
	for _, c := range []struct{ token, body, code, field string }{
		{guest, `{}`, "missing_field", "confirm"}, {guest, `{"confirm":"yes"}`, "bad_value", "confirm"},
		{ada, `{"confirm":"delete"}`, "wrong_password", "password"}, {ada, `{"confirm":"delete","password":"wrong"}`, "wrong_password", "password"},
	} {
		a := w.send("DELETE", "/v1/me", c.body, bearerToken(c.token))
		if code, field := a.problem(); code != c.code || field != c.field {
			t.Errorf("%s: %s", c.body, a.raw)
		}
	}
	if len(w.departed)+len(w.ended)+len(w.forgot) != 0 || len(w.people) != 2 {
		t.Errorf("somebody was deleted: %+v", w.departed)
	}
}

func TestADeletionLeavesNothing(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.stay("ada@example.org"), w.signUp()
	for _, token := range []string{ada, bob} {
		w.ok(w.send("PUT", "/v1/me/photo", "image shared", bearerToken(token)), 200)
	}
	me := w.ok(w.send("GET", "/v1/me", "", bearerToken(ada)), 200).body["id"]
	a := w.ok(w.send("DELETE", "/v1/me", `{"confirm":"delete","password":"correct horse"}`, bearerToken(ada)), 204)
	if c := a.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("cookies %v", c)
	}
	d := w.departed[0]
	if fmt.Sprint(d.Person) != me || d.Stead == d.Person || d.Stead <= 0 || d.EmailHash != "finger:ada@example.org" || d.Until <= w.now.UnixMilli() {
		t.Errorf("departed as %+v", d)
	}
	if !slices.Equal(w.forgot, []lobby.PersonID{d.Person}) || len(w.ended) != 1 || w.ended[0].why != Deleted || w.ended[0].keep != nil {
		t.Errorf("journal %v, lobby %+v", w.forgot, w.ended)
	}
	w.refused(w.send("GET", "/v1/me", "", bearerToken(ada)), 401, "no_login", "")
	w.refused(w.logIn("ada@example.org", secret), 401, "bad_login", "")
	if len(w.photos) != 1 {
		t.Error("Bob shows the same photo, and it is gone")
	}
	w.ok(w.send("DELETE", "/v1/me", `{"confirm":"delete"}`, bearerToken(bob)), 204)
	if len(w.photos) != 0 || w.departed[1].EmailHash != "" {
		t.Errorf("of the guest remains %v, %+v", w.photos, w.departed[1])
	}
}

// TestADeletionThatFailedDidNothingElse: nor does one that is not known.
func TestADeletionThatFailedDidNothingElse(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	w.ok(w.send("PUT", "/v1/me/photo", "image", bearerToken(token)), 200)
	for _, c := range []struct {
		err  error
		code string
	}{{store.ErrUnavailable, "unavailable"}, {store.ErrUnknown, "outcome_unknown"}} {
		w.err, w.failOn = c.err, "depart"
		w.refused(w.send("DELETE", "/v1/me", `{"confirm":"delete"}`, bearerToken(token)), 503, c.code, "")
		if len(w.ended)+len(w.forgot) != 0 || len(w.photos) != 1 {
			t.Error("something else was done")
		}
	}
	// The journal alone fails: the store has let go, and that is said.
	w.err, w.failOn = errors.New("disk full"), "forget"
	w.ok(w.send("DELETE", "/v1/me", `{"confirm":"delete"}`, bearerToken(token)), 204)
	if !strings.Contains(w.logs.String(), "not yet taken out of the journal") {
		t.Error("nobody hears of the journal")
	}
}

func TestAnOldPhotoIsDeletedWithItsLastProfile(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signUp(), w.signUp()
	for _, token := range []string{ada, bob} {
		w.ok(w.send("PUT", "/v1/me/photo", "image one", bearerToken(token)), 200)
	}
	w.ok(w.send("PUT", "/v1/me/photo", "image other", bearerToken(ada)), 200)
	if len(w.photos) != 2 {
		t.Fatalf("%d photos", len(w.photos))
	}
	w.ok(w.send("DELETE", "/v1/me/photo", "", bearerToken(bob)), 200)
	if len(w.photos) != 1 {
		t.Errorf("%d photos are left, want Ada's", len(w.photos))
	}
}

// TestWhoReturnsComesInAnew: what was held against the old account must hold in
// the lobby, too.
func TestWhoReturnsComesInAnew(t *testing.T) {
	w := newWorld(t)
	ada := w.stay("ada@example.org")
	w.ok(w.send("DELETE", "/v1/me", `{"confirm":"delete","password":"correct horse"}`, bearerToken(ada)), 204)
	w.ended = nil
	w.stay("Ada@example.org")
	if len(w.ended) != 1 || w.ended[0].why != Returned {
		t.Errorf("the lobby heard %+v", w.ended)
	}
	w.stay("bob@example.org")
	if len(w.ended) != 1 {
		t.Errorf("a newcomer was sent out: %+v", w.ended)
	}
}
