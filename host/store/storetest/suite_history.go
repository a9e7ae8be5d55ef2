package storetest

import (
	"reflect"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

var historyChecks = []check{
	{"one call is in both histories, each from its side", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		c := start(1, 2, 1, 0)
		commit(t, s, c)
		running := store.Meeting{
			Call: 1, Other: 2, OtherName: "Person 2", OtherPhoto: "photo-2", Seconds: 300,
			StartedAt: c.StartedAt, CooldownUntil: c.CooldownUntil,
		}
		wantHistory(t, s, 1, running)
		commit(t, s, end(c, "hangup", 1), cool(1, 2, 1, now, now+2*hour))
		mine, theirs := running, running
		mine.EndedAt, mine.Reason, mine.CooldownUntil = c.StartedAt+20_000, "hangup", now+2*hour
		theirs = mine
		theirs.Other, theirs.OtherName, theirs.OtherPhoto, theirs.Caller = 1, "Person 1", "photo-1", true
		wantHistory(t, s, 1, mine)
		wantHistory(t, s, 2, theirs)
		wantHistory(t, s, 3)
	}},
	{"the other is shown as they are now", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		commit(t, s, start(1, 1, 2, 0))
		f := person(2).Profile
		f.Name, f.Photo = "Grace", ""
		_, err := s.SaveProfile(t.Context(), 2, 1, f)
		must(t, err)
		if h := history(t, s, 1, 0, 1); len(h) != 1 || h[0].OtherName != "Grace" || h[0].OtherPhoto != "" {
			t.Fatalf("%+v", h)
		}
	}},
	{"somebody who is gone has no name", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		commit(t, s, start(1, 1, 2, 0))
		if h := history(t, s, 1, 0, 1); len(h) != 1 || h[0].Other != 2 || h[0].OtherName != "" {
			t.Fatalf("%+v", h)
		}
	}},
	{"a cooldown is shown at the call it came of", func(t *testing.T, s store.Store) {
		first, second := start(1, 1, 2, 0), start(2, 2, 1, 48)
		commit(t, s, first, end(first, "clock", 0), second, end(second, "clock", 0))
		h := history(t, s, 1, 0, 10)
		if len(h) != 2 || h[0].CooldownUntil != second.CooldownUntil || h[1].CooldownUntil != 0 {
			t.Fatalf("%+v", h)
		}
		commit(t, s, cool(1, 2, 2, now, now))
		if h := history(t, s, 1, 0, 10); len(h) != 2 || h[0].CooldownUntil != 0 {
			t.Fatalf("lifted: %+v", h)
		}
	}},
	{"newest first, in pages", func(t *testing.T, s store.Store) {
		const calls = 25
		for i := range int64(calls) { // others' calls in between must not show
			commit(t, s, start(lobby.CallID(1+i), 1, lobby.PersonID(10+i), i), start(lobby.CallID(1001+i), 2, 3, i))
		}
		var ids []lobby.CallID
		for before := int64(0); len(ids) <= calls; {
			page := history(t, s, 1, before, 10)
			if len(page) == 0 {
				break
			}
			for _, m := range page {
				ids = append(ids, m.Call)
			}
			before = page[len(page)-1].StartedAt
		}
		if len(ids) != calls {
			t.Fatalf("%d calls in all pages: %v", len(ids), ids)
		}
		for i, id := range ids {
			if id != lobby.CallID(calls-i) {
				t.Fatalf("order %v", ids)
			}
		}
		for _, limit := range []int{0, -1} {
			if h := history(t, s, 1, 0, limit); len(h) != 0 {
				t.Fatalf("limit %d gave %d", limit, len(h))
			}
		}
		if h := history(t, s, 1, now, 10); len(h) != 0 {
			t.Fatalf("before the first: %+v", h)
		}
	}},
}

func wantHistory(t *testing.T, s store.Store, id lobby.PersonID, want ...store.Meeting) {
	t.Helper()
	got := history(t, s, id, 0, 100)
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("history of %d\ngot  %+v\nwant %+v", id, got, want)
	}
}
