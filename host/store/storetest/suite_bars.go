package storetest

import (
	"cmp"
	"reflect"
	"slices"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// replacing is what a second CooldownSet does to a first of call 1 until +10 h.
var replacing = []struct {
	name  string
	call  lobby.CallID
	until int64 // hours after now; 0 lifts
	want  int64
}{
	{"same call, later", 1, 20, 20},
	{"same call, earlier", 1, 5, 5},
	{"same call, equal", 1, 10, 10},
	{"same call, lifted", 1, 0, 0},
	{"other call, later", 2, 20, 20},
	{"other call, earlier", 2, 5, 10},
	{"other call, equal", 2, 10, 10},
	{"other call, lifted", 2, 0, 10},
}

var barChecks = []check{
	{"a cooldown bars both until it ends", func(t *testing.T, s store.Store) {
		commit(t, s, cool(2, 1, 5, now, now+hour))
		for _, at := range []int64{0, now, now + hour - 1} {
			wantBars(t, s, 1, at, lobby.Bar{Other: 2, Until: now + hour, Reason: "declined"})
			wantBars(t, s, 2, at, lobby.Bar{Other: 1, Until: now + hour, Reason: "declined"})
		}
		wantBars(t, s, 1, now+hour)
		wantBars(t, s, 3, now)
	}},
	{"a pair has one name", func(t *testing.T, s store.Store) {
		w := cool(1, 2, 5, now, now+hour)
		w.A, w.B = w.B, w.A
		commit(t, s, w, cool(1, 2, 5, now, now+2*hour))
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: now + 2*hour, Reason: "declined"})
	}},
	{"what replaces what", func(t *testing.T, s store.Store) {
		for i, c := range replacing {
			a, b := lobby.PersonID(10*i+1), lobby.PersonID(10*i+2)
			base := lobby.CallID(10 * i)
			second := cool(a, b, base+c.call, now+1, now+c.until*hour)
			if c.until == 0 {
				second.Until = second.SetAt
			}
			commit(t, s, cool(a, b, base+1, now, now+10*hour), second, second)
			var want []lobby.Bar
			if c.want != 0 {
				want = []lobby.Bar{{Other: b, Until: now + c.want*hour, Reason: "declined"}}
			}
			t.Run(c.name, func(t *testing.T) { wantBars(t, s, a, now+1, want...) })
		}
	}},
	{"the policy's answer replaces the provisional one", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		commit(t, s, c, end(c, "clock", 0), cool(1, 2, 1, now+hour, now+2*hour))
		wantBars(t, s, 2, now, lobby.Bar{Other: 1, Until: now + 2*hour, Reason: "declined", Met: 1})
	}},
	{"a call does not shorten an older cooldown", func(t *testing.T, s store.Store) {
		c := start(2, 1, 2, 0)
		commit(t, s, cool(1, 2, 1, now, now+100*hour), c)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: now + 100*hour, Reason: "declined", Met: 1})
		commit(t, s, cool(1, 2, 2, now, now)) // lifting the call's lifts nothing of the other
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: now + 100*hour, Reason: "declined", Met: 1})
	}},
	{"meetings are counted over the years", func(t *testing.T, s store.Store) {
		var last lobby.CallStart
		for i := range int64(5) {
			last = start(lobby.CallID(i+1), lobby.PersonID(1+i%2), lobby.PersonID(2-i%2), i*48)
			commit(t, s, last, end(last, "clock", 0))
		}
		met := lobby.Bar{Other: 2, Until: last.CooldownUntil, Reason: "call", Met: 5}
		wantBars(t, s, 1, last.StartedAt, met)
		wantBars(t, s, 1, last.CooldownUntil+1, met) // over, but the policy is told how often
	}},
	{"a block is for ever, for both, and stronger", func(t *testing.T, s store.Store) {
		c := start(1, 1, 2, 0)
		b := lobby.BlockSet{By: 2, Of: 1, At: now}
		commit(t, s, c, b, b)
		for id := lobby.PersonID(1); id <= 2; id++ {
			want := lobby.Bar{Other: 3 - id, Until: lobby.Forever, Reason: store.ReasonBlock, Met: 1}
			wantBars(t, s, id, now, want)
			wantBars(t, s, id, c.CooldownUntil, want)
			wantBars(t, s, id, lobby.Forever-1, want)
		}
		commit(t, s, lobby.BlockSet{By: 1, Of: 2, At: now + 1}, cool(1, 2, 1, now, now))
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: lobby.Forever, Reason: store.ReasonBlock, Met: 1})
	}},
	{"a report blocks", func(t *testing.T, s store.Store) {
		r := lobby.ReportFiled{By: 1, Of: 2, At: now, Call: 4, Reason: "rude", Body: []byte("he \xff said \x00 …")}
		commit(t, s, r, r, lobby.ReportFiled{By: 1, Of: 3, At: now, Reason: "spam"})
		wantBars(t, s, 1, now,
			lobby.Bar{Other: 2, Until: lobby.Forever, Reason: store.ReasonBlock},
			lobby.Bar{Other: 3, Until: lobby.Forever, Reason: store.ReasonBlock})
		wantBars(t, s, 2, now, lobby.Bar{Other: 1, Until: lobby.Forever, Reason: store.ReasonBlock})
	}},
	{"people see their cooldowns, never blocks", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2, 3)
		commit(t, s, cool(1, 2, 1, now, now+2*hour), cool(3, 1, 2, now, now+hour), cool(1, 4, 3, now, now+3*hour),
			cool(2, 3, 4, now, now+hour), lobby.BlockSet{By: 5, Of: 1, At: now}, lobby.BlockSet{By: 3, Of: 1, At: now})
		got, err := s.Cooldowns(t.Context(), 1, now)
		must(t, err)
		want := []store.Cooldown{
			{Other: 3, OtherName: "Person 3", Until: now + hour, Reason: "declined"},
			{Other: 2, OtherName: "Person 2", Until: now + 2*hour, Reason: "declined"},
			{Other: 4, OtherName: "", Until: now + 3*hour, Reason: "declined"},
		}
		slices.SortFunc(got, func(x, y store.Cooldown) int { return cmp.Compare(x.Until, y.Until) })
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		if got, err = s.Cooldowns(t.Context(), 1, now+3*hour); err != nil || len(got) != 0 {
			t.Fatalf("expired: %+v, %v", got, err)
		}
	}},
}

// wantBars compares without regard to order, which the contract leaves open.
func wantBars(t *testing.T, s store.Store, id lobby.PersonID, at int64, want ...lobby.Bar) {
	t.Helper()
	got, err := s.Bars(t.Context(), id, at)
	must(t, err)
	slices.SortFunc(got, func(x, y lobby.Bar) int { return cmp.Compare(x.Other, y.Other) })
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("bars of %d at now%+d\ngot  %+v\nwant %+v", id, at-now, got, want)
	}
}
