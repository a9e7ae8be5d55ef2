package reel

import (
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

func gens(w *world) map[int]int {
	n := map[int]int{}
	for _, conns := range w.conns {
		for _, c := range conns {
			n[c.gen.Params]++
		}
	}
	return n
}

// A swap is a sweep: each list moves whole and once, not all at the same time,
// and the old scorer is kept until the last has moved.
func TestAGenerationSweepsThroughTheLists(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 40, 40)
	w.sleep(20 * time.Second)
	w.sent()
	w.params = 2
	w.sleep(w.cfg.Refresh / 2)
	w.check()
	if n := gens(w); n[1] < 5 || n[2] < 5 || w.matches[0].closed {
		t.Fatalf("half way: lists per generation %v, old one closed: %v", n, w.matches[0].closed)
	}
	w.enter(50, anyone, 5000) // is seen in lists of both
	w.sleep(w.cfg.Refresh / 2)
	w.check()
	if n := gens(w); n[2] != 40 || !w.matches[0].closed || w.matches[1].closed {
		t.Fatalf("lists per generation %v, closed: %v %v", n, w.matches[0].closed, w.matches[1].closed)
	}
	fulls := map[lobby.PersonID]int{}
	for _, u := range w.sent() {
		if u.Full {
			fulls[u.Viewer]++
		}
	}
	for id := lobby.PersonID(1); id <= 40; id++ {
		if fulls[id] != 1 {
			t.Fatalf("%d got %d whole reels", id, fulls[id])
		}
	}
	if s := w.r.Stats(); s.Generations != 2 {
		t.Fatalf("%+v", s)
	}
}

// A new rule's list owes the old order nothing: the best is first at once.
func TestANewGenerationStartsAfresh(t *testing.T) {
	w := newWorld(t, Config{K: 1})
	crowd(w, 3, 1)
	w.enter(4, anyone, 2981) // a hair better than 2
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 2)
	w.params = 2
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 4)
	w.check()
}

// Swaps faster than the sweep: never more than two open, and all end on the
// last. Lists left without a scorer still lose whom they must.
func TestGenerationsInAHurry(t *testing.T) {
	w := newWorld(t, Config{K: 2, Reserve: 40})
	crowd(w, 40, 40)
	for round := range 10 {
		w.params++
		w.sleep(time.Second)
		w.recast(lobby.PersonID(2*round+2), man, 5000) // nobody here for them
		w.leave(lobby.PersonID(2*round + 1))
		w.enter(lobby.PersonID(100+round), anyone, 1)
		w.sleep(300 * time.Millisecond)
		if len(w.r.tables) > 2 {
			t.Fatalf("%d generations open", len(w.r.tables))
		}
		w.check()
	}
	w.sleep(w.cfg.Refresh)
	w.check()
	if n := gens(w); n[w.params] != 30 || len(w.r.tables) != 1 {
		t.Fatalf("lists per generation: %v, %d tables", n, len(w.r.tables))
	}
}

// A list whose scorer was closed before it could move cannot know whether its
// reserve still holds: it must not be filled from there.
func TestAListWithoutAScorerTrustsNoReserve(t *testing.T) {
	w := newWorld(t, Config{K: 1})
	crowd(w, 4, 1)
	w.mustShow(1, 2)
	w.params = 2
	w.watch(4, 1) // a list of the second generation
	w.settle()
	w.params = 3
	w.settle()
	if w.r.people[1].view.table != nil || !w.matches[0].closed {
		t.Fatal("1's list should be without a scorer")
	}
	w.recast(3, man, 5000)
	w.leave(2)
	w.settle()
	w.check()
	w.sleep(time.Second)
	w.mustShow(1, 4)
}

func TestTheLobbyGoesOnWithoutAScorer(t *testing.T) {
	w := newWorld(t, Config{})
	w.none = true
	crowd(w, 3, 3)
	w.sleep(5 * time.Second)
	w.mustShow(1)
	if s := w.r.Stats(); s.RankerErrors < 3 || s.RankerErrors > 8 {
		t.Fatalf("want it retried with back-off: %+v", s)
	}
	w.bar(1, 2, lobby.Forever)
	w.none = false
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 3)
	w.check()
}

// A person whose row breaks the plugin breaks it for nobody else.
func TestAPersonTheScorerFailsOnIsAbsent(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 3)
	const poison = 666
	bad := true
	w.fail = func(m *fakeMatch, one, first, n int) bool {
		for i := range n {
			if bad && m.rows[first+i].Tags == poison {
				return true
			}
		}
		return false
	}
	w.enter(4, anyone, poison)
	w.watch(4, 1)
	w.sleep(2 * time.Second)
	w.enter(5, anyone, 1)
	w.sleep(2 * w.cfg.Refresh)
	w.mustShow(1, 2, 3, 5)
	w.mustShow(4)
	if s := w.r.Stats(); s.MatchFailures < 3 || s.MatchFailures > 12 {
		t.Fatalf("want it retried with back-off: %+v", s)
	}
	bad = false
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 2, 3, 4, 5)
	w.mustShow(4, 1, 2, 3, 5)
	w.check()

	bad = true // someone who is in becomes one whom the scorer fails on: they stand as they did
	w.fail = func(m *fakeMatch, one, first, n int) bool { return bad && m.rows[one].Tags == 777 }
	w.recast(3, anyone, 777)
	w.sleep(time.Second)
	w.mustShow(1, 2, 3, 4, 5)
	bad = false
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 2, 3, 4, 5)
	w.check()
}

// The scorer fails altogether: what people have stands, and nothing is lost.
func TestListsStandWhileTheScorerFails(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 4, 3)
	down := true
	w.fail = func(*fakeMatch, int, int, int) bool { return down }
	w.sleep(2 * time.Minute)
	w.leave(2)
	w.watch(4, 1)
	w.enter(5, anyone, 5000)
	w.sleep(time.Second)
	w.mustShow(1, 3, 4)
	w.mustShow(4)
	down = false
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 5, 3, 4)
	w.mustShow(4, 5, 1, 3)
	w.check()
}

// A new generation that fails leaves the last good one in service, for newcomers too.
func TestTheLastGoodGenerationAnswers(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 3)
	bad := true
	w.fail = func(m *fakeMatch, _, _, _ int) bool { return bad && m.params == 2 }
	w.params = 2
	w.sleep(w.cfg.Refresh)
	w.enter(4, anyone, 1)
	w.watch(4, 1)
	w.sleep(time.Second)
	w.mustShow(4, 1, 2, 3)
	w.mustShow(1, 2, 3, 4)
	if n := gens(w); n[1] != 4 {
		t.Fatalf("lists per generation: %v", n)
	}
	w.check()
	bad = false
	w.sleep(2 * w.cfg.Refresh)
	if n := gens(w); n[2] != 4 || !w.matches[0].closed {
		t.Fatalf("lists per generation: %v", n)
	}
	w.check()
}

// A ranker that says "newer" and hands over the same must not be asked in a circle.
func TestTheSameGenerationAgainIsNoSwap(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 1)
	w.r.deps.Stale = func() bool { return true }
	w.sent()
	w.sleep(10 * time.Second)
	if len(w.matches) > 60 || w.matches[0].closed || len(w.r.tables) != 1 {
		t.Fatalf("%d scorers were taken", len(w.matches))
	}
	for _, u := range w.sent() {
		if u.Full {
			t.Fatalf("%+v", u)
		}
	}
}
