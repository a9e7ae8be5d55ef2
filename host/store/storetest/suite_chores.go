package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

var choreChecks = []check{
	{"sessions that are over go, the others stay", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		must(t, s.OpenSession(t.Context(), store.Session{TokenHash: "short", Person: 1, CreatedAt: now, ExpiresAt: now + hour}, false))
		must(t, s.OpenSession(t.Context(), store.Session{TokenHash: "long", Person: 1, CreatedAt: now, ExpiresAt: now + 1000*hour}, false))
		sweep(t, s, now+hour-1, 0)
		_, err := s.Session(t.Context(), "short", now)
		must(t, err)
		sweep(t, s, now+hour, 0) // those of the sign-up, too, if they are as short
		if _, err := s.Session(t.Context(), "short", now); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("what is over is there: %v", err)
		}
		_, err = s.Login(t.Context(), "long", now)
		must(t, err)
	}},
	{"cooldowns that are over go, unless the two have met", func(t *testing.T, s store.Store) {
		met := start(1, 1, 2, 0)
		commit(t, s, met, end(met, "hangup", 1), cool(1, 2, 1, now, now+hour), // met
			cool(1, 3, 0, now, now+hour),    // declined
			cool(1, 4, 0, now, now+50*hour)) // goes on
		if got := sweep(t, s, now+2*hour, now); got.Cooldowns != 1 {
			t.Fatalf("%+v", got)
		}
		wantBars(t, s, 1, now+2*hour, lobby.Bar{Other: 2, Until: now + hour, Reason: "declined", Met: 1}, lobby.Bar{Other: 4, Until: now + 50*hour, Reason: "declined"})
		if got := sweep(t, s, now+100*hour, now+2*hour); got.Cooldowns != 2 {
			t.Fatalf("forgotten: %+v", got)
		}
		wantBars(t, s, 1, now)
	}},
	{"a sweep does a bounded part", func(t *testing.T, s store.Store) {
		for i := range lobby.PersonID(7) {
			commit(t, s, cool(1, 10+i, 0, now, now+hour))
		}
		for _, want := range []int{3, 3, 1, 0} {
			got, err := s.Sweep(t.Context(), now+hour, 0, 3)
			if err != nil || got.Cooldowns != want || got.All() != want {
				t.Fatalf("%+v, %v; want %d", got, err, want)
			}
		}
	}},
	{"archived calls are in both histories as before", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		const calls = 150 // more than two chunks
		for i := range int64(calls) {
			c := start(lobby.CallID(1+i), 1, 2, i)
			if i%2 == 1 {
				c = start(lobby.CallID(1+i), 2, 1, i)
			}
			commit(t, s, c, end(c, []string{"hangup", "clock", "void"}[i%3], 1))
		}
		pages := func() (all [][]store.Meeting) {
			for _, id := range []lobby.PersonID{1, 2} {
				for _, size := range []int{1000, 7} {
					before := int64(0)
					for {
						page := history(t, s, id, before, size)
						if len(page) == 0 {
							break
						}
						all = append(all, page)
						before = page[len(page)-1].StartedAt
					}
				}
			}
			return all
		}
		want := pages()
		last := start(0, 1, 2, 99).StartedAt // the last third is too young
		for _, moved := range []int{40, 40, 19, 0} {
			if n, err := s.ArchiveCalls(t.Context(), last, 40); err != nil || n != moved {
				t.Fatalf("%d moved, %v; want %d", n, err, moved)
			}
			if got := pages(); !reflect.DeepEqual(got, want) {
				t.Fatalf("after %d moved the histories differ:\n%v\n%v", moved, got, want)
			}
		}
		// A face that changes changes in the archive's part, too.
		f := person(2).Profile
		f.Name = "Grace"
		_, err := s.SaveProfile(t.Context(), 2, 1, f)
		must(t, err)
		h := history(t, s, 1, last, 1000)
		if len(h) == 0 || h[len(h)-1].OtherName != "Grace" {
			t.Fatalf("%+v", h)
		}
	}},
	{"calls that run are never archived", func(t *testing.T, s store.Store) {
		open := start(1, 1, 2, 0)
		commit(t, s, open)
		if n, err := s.ArchiveCalls(t.Context(), open.StartedAt+1000*hour, 100); err != nil || n != 0 {
			t.Fatalf("%d moved, %v", n, err)
		}
		wantOpen(t, s, open)
	}},
	{"a cooldown is shown at an archived call", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c, end(c, "hangup", 1), cool(1, 2, 1, now, now+500*hour))
		want := history(t, s, 1, 0, 1)
		if n, err := s.ArchiveCalls(t.Context(), now+1000*hour, 100); err != nil || n != 1 {
			t.Fatalf("%d moved, %v", n, err)
		}
		wantHistory(t, s, 1, want...)
		if want[0].CooldownUntil != now+500*hour {
			t.Fatalf("%+v", want)
		}
	}},
	{"who leaves is a number nobody has in the archive, too", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2, 3)
		for i, pair := range [][2]lobby.PersonID{{1, 2}, {3, 1}, {2, 3}} {
			c := start(lobby.CallID(1+i), pair[0], pair[1], int64(i))
			commit(t, s, c, end(c, "hangup", 1))
		}
		if n, err := s.ArchiveCalls(t.Context(), now+1000*hour, 100); err != nil || n != 3 {
			t.Fatalf("%d moved, %v", n, err)
		}
		must(t, s.Depart(t.Context(), store.Departure{Person: 1, Stead: 77}))
		for id, others := range map[lobby.PersonID][]lobby.PersonID{1: nil, 2: {3, 77}, 3: {2, 77}} {
			var got []lobby.PersonID
			for _, m := range history(t, s, id, 0, 10) {
				got = append(got, m.Other)
			}
			if fmt.Sprint(got) != fmt.Sprint(others) {
				t.Errorf("%d met %v, want %v", id, got, others)
			}
		}
	}},
}

func sweep(t *testing.T, s store.Store, at, forget int64) store.Swept {
	t.Helper()
	got, err := s.Sweep(t.Context(), at, forget, 1000)
	must(t, err)
	return got
}
