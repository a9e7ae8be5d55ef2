package reel

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// TestAlarmsRingInOrder: whenever the heap is tidied, what counts rings in the
// order of time and, at one time, as it was set.
func TestAlarmsRingInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var s alarms
		var want []alarm
		odd := func(a alarm) bool { return a.who%2 == 1 }
		for n := range rapid.IntRange(0, 2000).Draw(rt, "alarms") {
			at, who := rapid.Int64Range(0, 50).Draw(rt, "at"), lobby.PersonID(n%7)
			s.set(at, barDue, who)
			want = append(want, alarm{at, s.nth, who, barDue})
			if n%100 == 99 {
				s.tidy(odd)
			}
		}
		if s.kept < 400 && len(s.heap) > 2*s.kept+256+100 {
			rt.Fatalf("%d alarms are kept where %d counted", len(s.heap), s.kept)
		}
		slices.SortFunc(want, func(a, b alarm) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.nth, b.nth)) })
		var rang []alarm
		for a, ok := s.due(50); ok; a, ok = s.due(50) {
			if odd(a) {
				rang = append(rang, a)
			}
		}
		if want = slices.DeleteFunc(want, func(a alarm) bool { return !odd(a) }); !slices.Equal(rang, want) {
			rt.Fatalf("rang %v\nwant %v", rang, want)
		}
	})
}

// TestWhoLeftIsNotWaitedFor: people come, meet, are kept apart until tomorrow and
// leave; no alarm stays for them till then.
func TestWhoLeftIsNotWaitedFor(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 2, 2)
	for id := lobby.PersonID(100); id < 2100; id += 2 {
		w.enter(id, anyone, 1)
		w.enter(id+1, anyone, 1)
		w.bar(id, id+1, w.now()+24*time.Hour.Milliseconds())
		w.settle()
		w.leave(id)
		w.leave(id + 1)
		delete(w.bars, lobby.PairOf(id, id+1))
	}
	w.sleep(time.Minute)
	w.check()
	if n := len(w.r.chores.heap); n > 600 {
		t.Errorf("%d alarms wait for four people", n)
	}
}
