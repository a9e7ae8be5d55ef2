package storetest

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// upgrade is a guest's wish to stay, by an email and the password "first".
func upgrade(id lobby.PersonID, email string) store.Upgrade {
	return store.Upgrade{
		Account:   store.Account{Person: id, Email: email, EmailKey: "key of " + email, Password: "first", Since: now},
		EmailHash: "hash of " + email,
	}
}

func stay(t *testing.T, s store.Store, id lobby.PersonID, email string) {
	t.Helper()
	returned, err := s.Upgrade(t.Context(), upgrade(id, email))
	must(t, err)
	if returned {
		t.Fatalf("%s returned, but was never here", email)
	}
}

// loggedIn fails unless just these tokens open a session at now.
func loggedIn(t *testing.T, s store.Store, tokens map[string]bool) {
	t.Helper()
	for token, want := range tokens {
		_, err := s.Login(t.Context(), store.HashToken(token), now)
		_, err2 := s.Session(t.Context(), store.HashToken(token), now)
		if (err == nil) != want || (err2 == nil) != want {
			t.Errorf("%q: login %v, session %v; want it to be %v", token, err, err2, want)
		}
	}
}

var accountChecks = []check{
	{"a session reads as it was stored", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		want := session(1, "token of 1")
		got, err := s.Session(t.Context(), want.TokenHash, now+hour-1)
		must(t, err)
		if got != (store.Visit{Session: want, Guest: true}) {
			t.Fatalf("got %+v, want %+v of a guest", got, want)
		}
		_, err = s.Session(t.Context(), want.TokenHash, now+hour)
		wantIs(t, "expired", err, store.ErrNotFound)
		must(t, s.RenewSession(t.Context(), want.TokenHash, now+3*hour))
		got, err = s.Session(t.Context(), want.TokenHash, now+2*hour)
		must(t, err)
		if got.ExpiresAt != now+3*hour || got.CreatedAt != now {
			t.Fatalf("renewed to %+v", got)
		}
		wantIs(t, "nobody's", s.RenewSession(t.Context(), store.HashToken("none"), now), store.ErrNotFound)
	}},
	{"a person has several sessions until one is to be alone", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		second, third := session(1, "second"), session(1, "third")
		second.CreatedAt, third.CreatedAt = now+1, now+2
		for range 2 { // the second is a repeat after an unknown outcome
			must(t, s.OpenSession(t.Context(), second, false))
		}
		all, err := s.Sessions(t.Context(), 1, now)
		must(t, err)
		if want := []store.Session{second, session(1, "token of 1")}; !reflect.DeepEqual(all, want) {
			t.Fatalf("sessions %+v, want %+v", all, want)
		}
		must(t, s.OpenSession(t.Context(), third, true))
		loggedIn(t, s, map[string]bool{"token of 1": false, "second": false, "third": true, "token of 2": true})
		wantIs(t, "token taken", s.OpenSession(t.Context(), session(2, "third"), true), store.ErrConflict)
		wantIs(t, "nobody's", s.OpenSession(t.Context(), session(3, "fourth"), false), store.ErrNotFound)
		loggedIn(t, s, map[string]bool{"third": true, "token of 2": true, "fourth": false})
	}},
	{"sessions end but for the one kept", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		must(t, s.OpenSession(t.Context(), session(1, "second"), false))
		must(t, s.EndSessions(t.Context(), 1, store.HashToken("second")))
		loggedIn(t, s, map[string]bool{"token of 1": false, "second": true, "token of 2": true})
		must(t, s.EndSessions(t.Context(), 1, ""))
		loggedIn(t, s, map[string]bool{"second": false, "token of 2": true})
	}},
	{"a guest who stays is the same person", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		commit(t, s, start(1, 1, 2, 0))
		for range 2 { // the second is a repeat after an unknown outcome
			stay(t, s, 1, "ada@example.org")
		}
		p, err := s.Person(t.Context(), 1)
		must(t, err)
		if want := person(1); p.Guest || !reflect.DeepEqual(p.Profile, want.Profile) || p.Version != want.Version {
			t.Fatalf("became %+v", p)
		}
		if v, err := s.Session(t.Context(), store.HashToken("token of 1"), now); err != nil || v.Guest {
			t.Fatalf("the session they had is %+v, %v", v, err)
		}
		if h, err := s.History(t.Context(), 1, 0, 9); err != nil || len(h) != 1 {
			t.Fatalf("history %+v, %v", h, err)
		}
		want := upgrade(1, "ada@example.org").Account
		mine, err := s.Account(t.Context(), 1)
		must(t, err)
		same, err := s.AccountByEmail(t.Context(), want.EmailKey)
		must(t, err)
		if mine != want || same != want {
			t.Fatalf("accounts %+v and %+v, want %+v", mine, same, want)
		}
		_, err = s.Account(t.Context(), 2)
		wantIs(t, "a guest's account", err, store.ErrNotFound)
		_, err = s.AccountByEmail(t.Context(), "ada@example.org")
		wantIs(t, "by the email instead of its key", err, store.ErrNotFound)
	}},
	{"an account is one person's, and a person's only one", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		stay(t, s, 1, "ada@example.org")
		_, err := s.Upgrade(t.Context(), upgrade(2, "ada@example.org"))
		wantIs(t, "email of another", err, store.ErrTaken)
		_, err = s.Upgrade(t.Context(), upgrade(1, "eve@example.org"))
		wantIs(t, "a second account", err, store.ErrConflict)
		_, err = s.Upgrade(t.Context(), upgrade(3, "eve@example.org"))
		wantIs(t, "nobody's account", err, store.ErrNotFound)
		if p, err := s.Person(t.Context(), 2); err != nil || !p.Guest {
			t.Fatalf("whoever was refused became %+v, %v", p, err)
		}
	}},
	{"of many who want one email, one gets it", func(t *testing.T, s store.Store) {
		const many = 16
		for i := range many {
			signUp(t, s, lobby.PersonID(i+1))
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range many {
			wg.Go(func() {
				_, err := s.Upgrade(t.Context(), upgrade(lobby.PersonID(i+1), "one@example.org"))
				if err == nil {
					won.Add(1)
				} else if !is(err, store.ErrTaken) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		if wg.Wait(); won.Load() != 1 {
			t.Fatalf("%d people have the email", won.Load())
		}
	}},
	{"a new password ends the other sessions", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		stay(t, s, 1, "ada@example.org")
		must(t, s.OpenSession(t.Context(), session(1, "second"), false))
		keep := store.HashToken("second")
		wantIs(t, "not the password", s.SetPassword(t.Context(), 1, "guess", "new", keep), store.ErrConflict)
		loggedIn(t, s, map[string]bool{"token of 1": true, "second": true})
		for range 2 { // the second is a repeat after an unknown outcome
			must(t, s.SetPassword(t.Context(), 1, "first", "new", keep))
		}
		loggedIn(t, s, map[string]bool{"token of 1": false, "second": true})
		if a, err := s.Account(t.Context(), 1); err != nil || a.Password != "new" {
			t.Fatalf("account %+v, %v", a, err)
		}
		wantIs(t, "nobody's", s.SetPassword(t.Context(), 2, "first", "new", ""), store.ErrNotFound)
	}},
	{"what a person did against others is theirs to read", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		commit(t, s, lobby.BlockSet{By: 1, Of: 3, At: now}, lobby.BlockSet{By: 2, Of: 1, At: now},
			lobby.ReportFiled{By: 1, Of: 2, At: now + 1, Call: 7, Reason: "rude", Body: []byte("he \x00shouted")},
			lobby.ReportFiled{By: 2, Of: 1, At: now + 2, Reason: "spam"})
		got, err := s.Held(t.Context(), 1)
		must(t, err)
		want := store.Held{
			Blocks:  []store.Blocked{{Of: 3, At: now}, {Of: 2, OfName: "Person 2", At: now + 1}},
			Reports: []store.Filed{{Of: 2, OfName: "Person 2", At: now + 1, Call: 7, Reason: "rude", Note: "he shouted"}},
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	}},
	{"a photo is in use while a profile shows it", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		f := person(1).Profile
		for photo, want := range map[string]bool{f.Photo: true, "another": false} {
			if used, err := s.PhotoInUse(t.Context(), photo); err != nil || used != want {
				t.Fatalf("%s in use: %v, %v", photo, used, err)
			}
		}
		f.Photo = fmt.Sprint(f.Photo, " anew")
		_, err := s.SaveProfile(t.Context(), 1, 1, f)
		must(t, err)
		if used, err := s.PhotoInUse(t.Context(), person(1).Profile.Photo); err != nil || used {
			t.Fatalf("the old photo in use: %v, %v", used, err)
		}
	}},
}
