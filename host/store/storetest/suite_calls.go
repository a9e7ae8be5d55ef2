package storetest

import (
	"reflect"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

var callChecks = []check{
	{"a call is open until it ends", func(t *testing.T, s store.Store) {
		late, early := start(7, 1, 2, 2), start(9, 4, 3, 1)
		commit(t, s, late, early)
		wantOpen(t, s, early, late)
		commit(t, s, end(late, "hangup", 2))
		wantOpen(t, s, early)
	}},
	{"a start may be repeated and counts once", func(t *testing.T, s store.Store) {
		c := start(1, 2, 1, 0)
		commit(t, s, c, c)
		wantOpen(t, s, c)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: c.CooldownUntil, Reason: "call", Met: 1})
		commit(t, s, end(c, "clock", 0), c)
		wantOpen(t, s)
		wantBars(t, s, 2, now, lobby.Bar{Other: 1, Until: c.CooldownUntil, Reason: "call", Met: 1})
	}},
	{"a repeated start does not bring back a cooldown that was replaced", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c, cool(1, 2, 1, now, now+hour), c)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: now + hour, Reason: "declined", Met: 1})
	}},
	{"an id belongs to one call", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c)
		for what, other := range map[string]lobby.CallStart{
			"other people":  start(1, 1, 3, 0),
			"other way":     start(1, 2, 1, 0),
			"another time":  start(1, 1, 2, 1),
			"other seconds": {Call: 1, A: 1, B: 2, Seconds: 60, StartedAt: c.StartedAt, Deadline: c.Deadline, CooldownUntil: c.CooldownUntil},
		} {
			wantIs(t, what, commitErr(t.Context(), s, other), store.ErrConflict)
		}
		wantOpen(t, s, c)
		wantBars(t, s, 3, now)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: c.CooldownUntil, Reason: "call", Met: 1})
	}},
	{"the first end stands", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		first := end(c, "hangup", 1)
		second := end(c, "clock", 0)
		second.EndedAt++
		commit(t, s, c, first, first, second)
		for _, id := range []lobby.PersonID{1, 2} {
			h := history(t, s, id, 0, 10)
			if len(h) != 1 || h[0].EndedAt != first.EndedAt || h[0].Reason != "hangup" {
				t.Fatalf("history of %d: %+v", id, h)
			}
		}
	}},
	{"an unknown call cannot end", func(t *testing.T, s store.Store) {
		wantIs(t, "end", commitErr(t.Context(), s, end(start(1, 1, 2, 0), "clock", 0)), store.ErrNotFound)
		if h := history(t, s, 1, 0, 10); len(h) != 0 {
			t.Fatalf("history: %+v", h)
		}
	}},
	{"a call nobody saw begin is in no history and no meeting", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c, end(c, store.ReasonVoid, 0), end(c, store.ReasonVoid, 0), cool(1, 2, 1, now, now))
		wantOpen(t, s)
		wantBars(t, s, 1, now)
		if h := history(t, s, 2, 0, 10); len(h) != 0 {
			t.Fatalf("history: %+v", h)
		}
		again := start(2, 1, 2, 1)
		commit(t, s, again)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: again.CooldownUntil, Reason: "call", Met: 1})
	}},
	{"a real end cannot be voided", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c, end(c, "clock", 0), end(c, store.ReasonVoid, 0))
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: c.CooldownUntil, Reason: "call", Met: 1})
		if h := history(t, s, 2, 0, 10); len(h) != 1 {
			t.Fatalf("history: %+v", h)
		}
	}},
	{"a write that cannot be is refused", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c)
		for what, w := range map[string]lobby.Write{
			"call with oneself":  start(2, 1, 1, 0),
			"call with nobody":   start(2, 0, 1, 0),
			"end before time":    lobby.CallEnd{Call: 1, A: 1, B: 2, Reason: "clock"},
			"cooldown with self": cool(1, 1, 2, now, now+hour),
			"block of oneself":   lobby.BlockSet{By: 1, Of: 1, At: now},
			"report of oneself":  lobby.ReportFiled{By: 1, Of: 1, At: now},
			"nothing":            nil,
		} {
			wantIs(t, what, commitErr(t.Context(), s, w), store.ErrConflict)
		}
		wantOpen(t, s, c)
	}},
}

func wantOpen(t *testing.T, s store.Store, want ...lobby.CallStart) {
	t.Helper()
	got, err := s.OpenCalls(t.Context())
	must(t, err)
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("open calls\ngot  %+v\nwant %+v", got, want)
	}
}

func history(t *testing.T, s store.Store, id lobby.PersonID, before int64, limit int) []store.Meeting {
	t.Helper()
	h, err := s.History(t.Context(), id, before, limit)
	must(t, err)
	return h
}
