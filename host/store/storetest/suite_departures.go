package storetest

import (
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

const stead = lobby.PersonID(900)

// leave deletes person 1, who had ada@example.org if she stayed.
func leave(t *testing.T, s store.Store, hash string) {
	t.Helper()
	must(t, s.Depart(t.Context(), store.Departure{Person: 1, Stead: stead, EmailHash: hash, Until: now + 100*hour}))
}

const adasHash = "hash of ada@example.org"

// others are whom a person cannot meet at now.
func others(t *testing.T, s store.Store, id lobby.PersonID) map[lobby.PersonID]string {
	t.Helper()
	bars, err := s.Bars(t.Context(), id, now)
	must(t, err)
	who := map[lobby.PersonID]string{}
	for _, b := range bars {
		who[b.Other] = b.Reason
	}
	return who
}

var departureChecks = []check{
	{"whoever leaves is gone", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		stay(t, s, 1, "ada@example.org")
		for range 2 {
			leave(t, s, adasHash)
		}
		loggedIn(t, s, map[string]bool{"token of 1": false, "token of 2": true})
		_, err := s.Person(t.Context(), 1)
		wantIs(t, "person", err, store.ErrNotFound)
		_, err = s.Account(t.Context(), 1)
		wantIs(t, "account", err, store.ErrNotFound)
		_, err = s.AccountByEmail(t.Context(), "key of ada@example.org")
		wantIs(t, "account by email", err, store.ErrNotFound)
		if used, err := s.PhotoInUse(t.Context(), "photo-1"); err != nil || used {
			t.Fatalf("photo in use: %v, %v", used, err)
		}
		signUp(t, s, 3)
		if _, err := s.Upgrade(t.Context(), upgrade(3, "ada@example.org")); err != nil {
			t.Fatalf("the email is not free again: %v", err)
		}
	}},
	{"the other keeps their history, without a name", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		c := start(1, 1, 2, 0)
		commit(t, s, c, end(c, "hangup", 1))
		running := start(2, 2, 1, 1)
		commit(t, s, running)
		leave(t, s, "")
		commit(t, s, end(running, "lost", 0)) // its end comes after the departure
		h, err := s.History(t.Context(), 2, 0, 9)
		must(t, err)
		if len(h) != 2 {
			t.Fatalf("history %+v", h)
		}
		for _, m := range h {
			if m.Other != stead || m.OtherName != "" || m.OtherPhoto != "" || m.EndedAt == 0 {
				t.Errorf("of the departed the history says %+v", m)
			}
		}
		if h, err := s.History(t.Context(), 1, 0, 9); err != nil || len(h) != 0 {
			t.Fatalf("their own history %+v, %v", h, err)
		}
		if who := others(t, s, 1); len(who) != 0 {
			t.Fatalf("the departed is kept from %v", who)
		}
	}},
	{"whoever returns with the same email meets the same blocks", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2, 3, 4)
		stay(t, s, 1, "ada@example.org")
		commit(t, s, lobby.BlockSet{By: 2, Of: 1, At: now}, lobby.BlockSet{By: 1, Of: 3, At: now},
			cool(1, 4, 8, now, now+9*hour), lobby.ReportFiled{By: 4, Of: 1, At: now, Reason: "rude"})
		leave(t, s, adasHash)
		if who := others(t, s, 2); len(who) != 1 || who[stead] != store.ReasonBlock {
			t.Fatalf("person 2 is kept from %v", who)
		}
		if who := others(t, s, 3); len(who) != 0 {
			t.Fatalf("what the departed blocked still bars %v", who)
		}
		signUp(t, s, 950)
		returned, err := s.Upgrade(t.Context(), upgrade(950, "ada@example.org"))
		must(t, err)
		if !returned {
			t.Fatal("nobody noticed the return")
		}
		who := others(t, s, 950)
		// Person 4 reported, which is a block too; the cooldown lies beneath.
		if len(who) != 2 || who[2] != store.ReasonBlock || who[4] != store.ReasonBlock {
			t.Fatalf("on return kept from %v", who)
		}
		if all, err := s.Cooldowns(t.Context(), 4, now); err != nil || len(all) != 1 || all[0].Other != 950 {
			t.Fatalf("cooldowns of person 4: %+v, %v", all, err)
		}
		reports, err := s.Reports(t.Context(), store.ReportQuery{Of: 950, Limit: 9})
		must(t, err)
		if len(reports) != 1 || reports[0].By != 4 {
			t.Fatalf("reports on return %+v", reports)
		}
	}},
	{"after its time, or with another email, nobody returns", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2, 3, 4)
		stay(t, s, 1, "ada@example.org")
		commit(t, s, lobby.BlockSet{By: 2, Of: 1, At: now})
		leave(t, s, adasHash)
		stay(t, s, 3, "bob@example.org")
		late := upgrade(4, "ada@example.org")
		late.Since = now + 100*hour
		returned, err := s.Upgrade(t.Context(), late)
		must(t, err)
		if who := others(t, s, 4); returned || len(who) != 0 {
			t.Fatalf("returned %v, kept from %v", returned, who)
		}
	}},
	{"the banned do not return either", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2, 3)
		stay(t, s, 1, "ada@example.org")
		commit(t, s, lobby.ReportFiled{By: 2, Of: 1, At: now, Reason: "rude", Body: []byte("words")})
		leave(t, s, adasHash)
		// The operator reads the report only now.
		must(t, s.Rule(t.Context(), store.Ruling{Person: stead, At: now + 1, By: "op", Action: store.Ban}))
		_, err := s.Upgrade(t.Context(), upgrade(3, "ada@example.org"))
		wantIs(t, "return of the banned", err, store.ErrBanned)
		if p, err := s.Person(t.Context(), 3); err != nil || !p.Guest {
			t.Fatalf("the refused guest became %+v, %v", p, err)
		}
		must(t, s.Rule(t.Context(), store.Ruling{Person: stead, At: now + 2, By: "op", Action: store.Unban}))
		returned, err := s.Upgrade(t.Context(), upgrade(3, "ada@example.org"))
		must(t, err)
		if !returned {
			t.Fatal("unbanned, the return was not noticed")
		}
	}},
	{"a reporter's words leave with them, the report stays", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		commit(t, s, lobby.ReportFiled{By: 1, Of: 2, At: now, Reason: "rude", Body: []byte("my own words")})
		leave(t, s, "")
		reports, err := s.Reports(t.Context(), store.ReportQuery{Of: 2, Limit: 9})
		must(t, err)
		if len(reports) != 1 || reports[0].By != stead || reports[0].ByName != "" || reports[0].Note != "" || reports[0].Reason != "rude" {
			t.Fatalf("reports %+v", reports)
		}
		if who := others(t, s, 2); len(who) != 0 {
			t.Fatalf("the reporter's block still bars %v", who)
		}
	}},
}
