package storetest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

func rule(t *testing.T, s store.Store, of lobby.PersonID, at int64, action string) {
	t.Helper()
	must(t, s.Rule(t.Context(), store.Ruling{Person: of, At: at, By: "op", Action: action, Reason: "as I see it"}))
}

// open counts the reports of a person that wait for an operator.
func openReports(t *testing.T, s store.Store, of lobby.PersonID) int {
	t.Helper()
	r, err := s.Reports(t.Context(), store.ReportQuery{Of: of, Limit: 100})
	must(t, err)
	return len(r)
}

var moderationChecks = []check{
	{"reports read with their words and their weight", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2, 3)
		commit(t, s,
			lobby.ReportFiled{By: 1, Of: 3, At: now, Call: 7, Reason: "rude", Body: []byte("shouts")},
			lobby.ReportFiled{By: 2, Of: 3, At: now + 1, Reason: "spam"},
			lobby.ReportFiled{By: 2, Of: 3, At: now + 2, Reason: "spam"},
			lobby.ReportFiled{By: 3, Of: 1, At: now + 3, Reason: "other"})
		got, err := s.Reports(t.Context(), store.ReportQuery{Of: 3, Limit: 2, Before: now + 2})
		must(t, err)
		want := []store.Report{
			{By: 2, Of: 3, ByName: "Person 2", OfName: "Person 3", At: now + 1, Reason: "spam", Reporters: 2},
			{By: 1, Of: 3, ByName: "Person 1", OfName: "Person 3", At: now, Call: 7, Reason: "rude", Note: "shouts", Reporters: 2},
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		if all, err := s.Reports(t.Context(), store.ReportQuery{Limit: 3}); err != nil || len(all) != 3 || all[0].Of != 1 {
			t.Fatalf("of everybody %+v, %v", all, err)
		}
	}},
	{"people are found by a part of their name or their number", func(t *testing.T, s store.Store) {
		for i, name := range []string{"Ada Lovelace", "adam", "Ned 100%", "Zo_e", "7"} {
			p := person(lobby.PersonID(i + 1))
			p.Profile.Name, p.CreatedAt = name, now+int64(i)
			must(t, s.SignUp(t.Context(), p, session(p.ID, "token of "+name)))
		}
		stay(t, s, 2, "adam@example.org")
		rule(t, s, 3, now+9, store.Ban)
		find := func(q store.PeopleQuery, want ...lobby.PersonID) []store.Found {
			t.Helper()
			got, err := s.FindPeople(t.Context(), q)
			must(t, err)
			var ids []lobby.PersonID
			for _, p := range got {
				ids = append(ids, p.ID)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("%+v finds %v, want %v", q, ids, want)
			}
			return got
		}
		find(store.PeopleQuery{Limit: 9}, 5, 4, 3, 2, 1)
		find(store.PeopleQuery{Limit: 2, Before: now + 3}, 3, 2)
		find(store.PeopleQuery{Part: "ADA", Limit: 9}, 2, 1)
		find(store.PeopleQuery{Part: "%", Limit: 9}, 3)
		find(store.PeopleQuery{Part: "_", Limit: 9}, 4)
		find(store.PeopleQuery{Part: "'; DROP", Limit: 9})
		find(store.PeopleQuery{Part: "7", ID: 7, Limit: 9}, 5)
		find(store.PeopleQuery{Part: "1", ID: 1, Limit: 9}, 3, 1)
		find(store.PeopleQuery{Part: "nobody", ID: 9, Limit: 9})
		find(store.PeopleQuery{Limit: 0})
		got := find(store.PeopleQuery{Part: "a", Limit: 9}, 2, 1)
		if want := (store.Found{ID: 2, Name: "adam", CreatedAt: now + 1}); got[0] != want || !got[1].Guest {
			t.Errorf("found %+v", got)
		}
		if got := find(store.PeopleQuery{Part: "ned", Limit: 1}, 3); got[0].BannedSince != now+9 {
			t.Errorf("of the banned: %+v", got)
		}
	}},
	{"a ban holds at once and can be lifted", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		stay(t, s, 1, "ada@example.org")
		rule(t, s, 1, now, store.Ban)
		loggedIn(t, s, map[string]bool{"token of 1": false, "token of 2": true})
		_, err := s.Session(t.Context(), store.HashToken("token of 1"), now)
		wantIs(t, "session", err, store.ErrBanned)
		wantIs(t, "login", s.OpenSession(t.Context(), session(1, "new"), false), store.ErrBanned)
		rule(t, s, 1, now+1, store.Unban)
		loggedIn(t, s, map[string]bool{"token of 1": true, "new": false})
		rule(t, s, 2, now, store.Ban)
		_, err = s.Upgrade(t.Context(), upgrade(2, "bob@example.org"))
		wantIs(t, "upgrade", err, store.ErrBanned)
		rule(t, s, 2, now+1, store.Vindicate)
		stay(t, s, 2, "bob@example.org")
	}},
	{"a ban and a vindication settle what was reported until then", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		file := func(at int64) { commit(t, s, lobby.ReportFiled{By: 2, Of: 1, At: at, Reason: "rude"}) }
		for i, c := range []struct {
			action string
			open   int
		}{{store.Unban, 1}, {store.Ban, 0}, {store.Unban, 1}, {store.Vindicate, 0}} {
			at := now + int64(i)*hour
			file(at)
			rule(t, s, 1, at+1, c.action)
			if got := openReports(t, s, 1); got != c.open {
				t.Errorf("after %d, %s: %d reports are open, want %d", i, c.action, got, c.open)
			}
		}
		all, err := s.Reports(t.Context(), store.ReportQuery{Of: 1, Settled: true, Limit: 9})
		must(t, err)
		if len(all) != 4 {
			t.Fatalf("with those that are settled, %d", len(all))
		}
		for _, r := range all {
			if !r.Settled {
				t.Errorf("%+v is not settled", r)
			}
		}
		file(now + 9*hour)
		if got := openReports(t, s, 1); got != 1 {
			t.Errorf("%d new reports are open", got)
		}
	}},
	{"a decision is about somebody, and is kept", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		r := store.Ruling{Person: 1, At: now, By: "unix:7", Action: store.Ban, Reason: "spam"}
		for range 2 { // the second is a repeat after an unknown outcome
			must(t, s.Rule(t.Context(), r))
		}
		other := r
		other.Action = store.Unban
		wantIs(t, "another at the same time", s.Rule(t.Context(), other), store.ErrConflict)
		nobody, shrug := r, r
		nobody.Person, shrug.Action, shrug.At = 5, "shrug", now+1
		wantIs(t, "nobody", s.Rule(t.Context(), nobody), store.ErrNotFound)
		wantIs(t, "no action", s.Rule(t.Context(), shrug), store.ErrConflict)
		other.At = now + 2
		must(t, s.Rule(t.Context(), other))
		must(t, s.Rule(t.Context(), r)) // a late repeat bans nobody again
		loggedIn(t, s, map[string]bool{"token of 1": true})
		all, err := s.Rulings(t.Context(), 0, 9)
		must(t, err)
		if !reflect.DeepEqual(all, []store.Ruling{other, r}) {
			t.Fatalf("rulings %+v", all)
		}
		if older, err := s.Rulings(t.Context(), now+2, 9); err != nil || len(older) != 1 || older[0] != r {
			t.Fatalf("older rulings %+v, %v", older, err)
		}
	}},
}
