package reel

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// However fast someone turns busy and free, who sees them hears it once a
// second, and then the latest; a gap in the reel is filled meanwhile.
func TestPresenceIsToldOnceASecond(t *testing.T) {
	w := newWorld(t, Config{K: 3})
	crowd(w, 6, 1)
	w.mustShow(1, 2, 3, 4)
	w.sleep(time.Minute)
	w.sent()
	for i := range 41 { // every 50 ms for two seconds, and busy in the end
		w.setBusy(2, i%2 == 0)
		w.sleep(50 * time.Millisecond)
	}
	if u := w.sent(); len(u) == 0 || len(u) > 3 {
		t.Fatalf("%d updates in two seconds of busy and free: %+v", len(u), u)
	}
	w.sleep(2 * time.Second)
	w.check() // busy is what they show
	w.sent()

	w.setBusy(3, true)
	w.settle()
	if u := w.sent(); len(u) != 1 || !slices.Equal(u[0].Busy, []lobby.PersonID{3}) {
		t.Fatalf("%+v", u)
	}
	w.sleep(300 * time.Millisecond)
	w.setBusy(3, false)
	w.leave(4)
	w.settle()
	if u := w.sent(); len(u) != 1 || len(u[0].Put) != 1 || len(u[0].Gone) != 1 || len(u[0].Free) != 0 {
		t.Fatalf("a face who left is replaced at once, and nothing else is told: %+v", u)
	}
	w.sleep(700 * time.Millisecond)
	if u := w.sent(); len(u) != 1 || !slices.Equal(u[0].Free, []lobby.PersonID{3}) {
		t.Fatalf("and then, that 3 is free again: %+v", u)
	}
	w.check()
}

// However many rankings are due, one pass does but so many, and brings everyone
// up to date who can be.
func TestAPassRanksButSoMany(t *testing.T) {
	const people = 400
	w := newWorld(t, Config{})
	crowd(w, people, people)
	w.sleep(w.cfg.Refresh)
	w.at = w.at.Add(time.Hour) // as if the machine had slept
	w.setBusy(1, true)
	most, ranked := allowance/people+1, w.r.Stats().Rescored
	w.sent()
	for passes := 0; ; passes++ {
		wait, _ := w.r.pass(t.Context())
		now := w.r.Stats().Rescored
		if now-ranked > most {
			t.Fatalf("%d rankings in one pass, want at most %d", now-ranked, most)
		}
		if passes == 0 && (now == ranked || wait > 0 || len(w.sent()) == 0) {
			t.Fatalf("%d rankings, a wait of %v: neither updates nor rankings wait for the other", now-ranked, wait)
		}
		if ranked = now; wait > 0 {
			if passes < people/most {
				t.Fatalf("%d passes", passes)
			}
			break
		}
	}
	w.check()
}

// A crowd at the door keeps nobody's reel waiting, and comes in in order.
func TestNewsIsTakenInPortions(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 1)
	w.sleep(time.Second)
	w.setBusy(2, true)
	for id := lobby.PersonID(100); id < 1100; id++ {
		w.enter(id, anyone, 0)
	}
	w.bar(1, 3, lobby.Forever)
	w.sent()
	if wait, ok := w.r.pass(t.Context()); !ok || wait > 0 {
		t.Fatalf("a wait of %v (%v), and there is news left", wait, ok)
	}
	if u := w.sent(); len(u) != 1 || len(u[0].Busy) != 1 {
		t.Fatalf("%+v", u)
	}
	if n := w.r.Stats().People; n < 10 || n > 600 {
		t.Fatalf("%d people in one pass", n)
	}
	w.settle()
	if n := w.r.Stats().People; n != 1003 {
		t.Fatalf("%d people", n)
	}
	w.sleep(time.Second)
	w.check()
}

// A bar's end is between two: nobody's list is ranked for it.
func TestTheEndOfABarCostsTwoScores(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 30, 30)
	for id := lobby.PersonID(2); id <= 9; id++ {
		w.bar(1, id, w.now()+5000+int64(id))
	}
	w.sleep(4 * time.Second)
	w.check()
	calls, ranked := w.calls, w.r.Stats().Rescored
	w.sleep(2 * time.Second)
	if n := w.calls - calls - (w.r.Stats().Rescored - ranked); n != 2*8 {
		t.Fatalf("the scorer was asked %d times about eight pairs", n)
	}
	if p := w.r.people[1]; len(p.bars) != 0 || len(w.r.people[9].bars) != 0 || p.barAt != 0 {
		t.Fatalf("what is over is still remembered: %v", p.bars)
	}
	w.sleep(time.Second)
	w.nobodyLacks()
	w.check()
}

// A bar holds for both, though only one of them came with it.
func TestABarOfOneHoldsForBoth(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 3)
	f := w.face(4, anyone, 5000)
	w.faces[4] = f
	w.news(lobby.Entered{Person: 4, Since: w.now(), Bars: []lobby.Bar{{Other: 2, Until: w.now() + time.Hour.Milliseconds()}}}, f)
	w.watch(4, 1)
	w.sleep(2 * w.cfg.Refresh)
	w.mustShow(1, 4, 2, 3)
	w.mustShow(2, 1, 3)
	w.mustShow(4, 1, 3)
	w.sleep(time.Hour)
	w.mustShow(2, 4, 1, 3)
	w.mustShow(4, 1, 2, 3)
}

// Two swaps in a row leave lists without a scorer: they are not all ranked at once for it.
func TestListsWithoutAScorerAreSwept(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 100, 100)
	w.sleep(time.Minute)
	w.params++
	w.sleep(100 * time.Millisecond)
	w.params++
	w.sleep(100 * time.Millisecond)
	bare := 0
	for _, p := range w.r.people {
		if p.view.table == nil {
			bare++
		}
	}
	if bare < 80 {
		t.Fatalf("%d lists are without a scorer", bare)
	}
	for range 15 {
		before := w.r.Stats().Rescored
		w.sleep(w.cfg.Refresh / 15)
		if n := w.r.Stats().Rescored - before; n > 25 {
			t.Fatalf("%d of 100 lists were ranked within a fifteenth of the sweep", n)
		}
	}
	w.check()
	if n := gens(w); n[w.params] != 100 {
		t.Fatalf("lists per generation: %v", n)
	}
}

// The best of many are found as by sorting all of them.
func TestBestIsTheHeadOfTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{K: rapid.IntRange(1, 4).Draw(t, "k"), Reserve: rapid.IntRange(1, 6).Draw(t, "reserve")})
		n := rapid.IntRange(2, 150).Draw(t, "people")
		crowd(w, n, 0)
		scores := rapid.SliceOfN(rapid.OneOf(rapid.Just(int32(policy.Ineligible)), rapid.Int32(), rapid.Int32Range(-3, 3)), n, n).Draw(t, "scores")
		for slot := range scores {
			w.r.slots.full[slot] = rapid.IntRange(0, 9).Draw(t, "full") == 0
		}
		v := &viewer{p: w.r.people[1]}
		w.r.setBar(v.p, 2, lobby.Forever)

		var want []place
		for slot, score := range scores {
			if p := w.r.slots.people[slot]; p.id > 2 && score != policy.Ineligible && !w.r.slots.full[slot] {
				want = append(want, place{p: p, score: score})
			}
		}
		slices.SortFunc(want, before) // slots were given in the order of ids
		most := w.cfg.K + w.cfg.Reserve
		got, floor := w.r.best(v, w.r.tables[0], slices.Clone(scores))
		if !slices.Equal(got, want[:min(len(want), most)]) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if len(want) > most && (floor != got[most-1].score || !v.more) || len(want) <= most && floor != policy.Ineligible {
			t.Fatalf("%d of %d, floor %d, more %v", len(got), len(want), floor, v.more)
		}
	})
}

// Nobody whom a list's floor keeps out had been worth a place in it.
func TestTheFloorKeepsOutNobodyBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{K: 2, Reserve: rapid.IntRange(1, 4).Draw(t, "reserve"), ExposureFactor: 100})
		crowd(w, rapid.IntRange(3, 20).Draw(t, "people"), 3)
		for id := lobby.PersonID(100); id < 140; id++ {
			lasts := map[lobby.PersonID]int32{}
			for viewer := lobby.PersonID(1); viewer <= 3; viewer++ {
				if list := w.r.people[viewer].view.reserve; len(list) > 0 {
					lasts[viewer] = list[len(list)-1].score
				}
			}
			w.enter(id, anyone, rapid.IntRange(2900, 3000).Draw(t, "worth"))
			w.settle()
			for viewer, last := range lasts {
				if score := million + points(w.now(), w.faces[id].Row); score > last && !w.r.people[viewer].view.lists(w.r.people[id]) {
					t.Fatalf("%d scores %d for %d, whose last has %d, and is in no list", id, score, viewer, last)
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "and one leaves") == 0 {
				w.leave(id - lobby.PersonID(rapid.IntRange(0, 1).Draw(t, "who")))
			}
			w.settle()
			w.check()
			for viewer := lobby.PersonID(1); viewer <= 3; viewer++ {
				w.floorHolds(w.r.people[viewer].view)
			}
		}
	})
}

func (v *viewer) lists(p *person) bool {
	return v.find(p) >= 0 || slices.ContainsFunc(v.reserve, func(e place) bool { return e.p == p })
}

func (w *world) floorHolds(v *viewer) {
	floor := w.r.slots.floor[v.p.slot]
	for id, f := range w.faces {
		o := w.r.people[id]
		if score := million + points(w.now(), f.Row); !v.lists(o) && o != v.p && score > floor {
			w.t.Fatalf("%d scores %d for %d, whose floor is %d, and is in no list", id, score, v.p.id, floor)
		}
	}
}

// Three times the people change each other's reels no more often.
func TestAnEveningIsNoLivelierForMany(t *testing.T) {
	makes := rules()
	figures := map[int][2]float64{}
	for _, people := range []int{200, 600} {
		e := newEvening(people, makes["native"](t))
		e.gather(10 * time.Second)
		e.run(t.Context(), 20*time.Second)
		was, changes := e.r.Stats(), e.changes
		e.run(t.Context(), 40*time.Second)
		is := e.r.Stats()
		figures[people] = [2]float64{
			float64(e.changes-changes) / (float64(people) * 2 / 3), float64(is.Updates-was.Updates) / (float64(people) * 2 / 3),
		}
		if is.ExposureMax > e.r.limit || is.MatchFailures > 0 {
			t.Errorf("%d people: %+v", people, is)
		}
		e.r.Stop(t.Context())
	}
	few, many := figures[200], figures[600]
	if many[0] > 1.5*few[0] || many[0] > 12 || many[1] > 1.2*few[1] || many[1] > 70 {
		t.Errorf("changes and updates a person and minute: %v of 200 people, %v of 600", few, many)
	}
}
