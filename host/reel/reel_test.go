package reel

import (
	"slices"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// crowd lets n people who wish to see anyone in, 1 the best, and has 1 … watchers watch.
func crowd(w *world, n, watchers int) {
	for id := 1; id <= n; id++ {
		w.enter(lobby.PersonID(id), anyone, 3000-10*id)
	}
	for id := 1; id <= watchers; id++ {
		w.watch(lobby.PersonID(id), 1)
	}
	w.settle()
}

func TestAReelIsSentWholeOnceAndThenInDeltas(t *testing.T) {
	w := newWorld(t, Config{K: 3})
	crowd(w, 3, 1)
	w.mustShow(1, 2, 3)
	u := w.sent()
	if len(u) != 1 || !u[0].Full || u[0].Viewer != 1 || !slices.Equal(u[0].Conns, []lobby.ConnID{1}) || u[0].At != w.seq {
		t.Fatalf("first came %+v", u)
	}

	w.sleep(time.Second)
	w.enter(4, anyone, 5000)
	w.settle()
	w.mustShow(1, 4, 2, 3)
	if u := w.sent(); len(u) != 1 || u[0].Full || len(u[0].Put) != 1 || u[0].At != w.seq {
		t.Fatalf("the newcomer came as %+v", u)
	}

	w.sleep(time.Second)
	w.enter(5, anyone, 1)
	w.leave(2)
	w.settle()
	w.mustShow(1, 4, 3, 5)
	if u := w.sent(); len(u) != 1 || !slices.Equal(u[0].Gone, []lobby.PersonID{2}) || len(u[0].Put) != 1 {
		t.Fatalf("the leaver and who took the place came as %+v", u)
	}
	w.check()
}

func TestEachConnectionGetsTheWholeFirstAndNothingAfterItWent(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 1)
	w.sleep(time.Second)
	w.sent()

	w.watch(1, 2)
	w.enter(4, anyone, 1)
	w.settle()
	u := w.sent()
	if len(u) != 2 || u[0].Full || !slices.Equal(u[0].Conns, []lobby.ConnID{1}) || !u[1].Full || !slices.Equal(u[1].Conns, []lobby.ConnID{2}) {
		t.Fatalf("want a delta to the first tab, the whole to the second: %+v", u)
	}
	w.sleep(time.Second)
	w.leave(4)
	w.settle()
	if u := w.sent(); len(u) != 1 || !slices.Equal(u[0].Conns, []lobby.ConnID{1, 2}) {
		t.Fatalf("want one delta to both: %+v", u)
	}
	w.unwatch(1, 1)
	w.enter(5, anyone, 1)
	w.settle()
	w.sleep(time.Second)
	if u := w.sent(); len(u) != 1 || !slices.Equal(u[0].Conns, []lobby.ConnID{2}) {
		t.Fatalf("want a delta to the second only: %+v", u)
	}
	w.unwatch(1, 2)
	w.leave(5)
	w.sleep(time.Minute)
	if u := w.sent(); len(u) != 0 || w.r.Stats().Watchers != 0 {
		t.Fatalf("nobody watches, and yet %+v", u)
	}
}

func TestSomeoneWhoWatchesBeforeTheyAreInGetsAListWhenTheyAre(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 2, 0)
	w.watch(3, 1)
	w.sleep(time.Second)
	w.mustShow(3)
	w.enter(3, anyone, 0)
	w.sleep(time.Second)
	w.mustShow(3, 1, 2)
	w.check()
}

// Busy is a mask: nobody moves, nothing is ranked, one word is sent.
func TestBusyIsAMask(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 3)
	w.sleep(time.Second)
	w.sent()
	calls := w.calls
	w.setBusy(2, true)
	w.settle()
	w.mustShow(1, 2, 3)
	u := w.sent()
	if len(u) != 2 || len(u[0].Busy) != 1 || len(u[0].Put)+len(u[0].Scores)+len(u[0].Gone) != 0 {
		t.Fatalf("busy came as %+v", u)
	}
	w.sleep(time.Second)
	w.setBusy(2, false)
	w.settle()
	if u := w.sent(); len(u) != 2 || len(u[0].Free) != 1 || len(u[0].Put)+len(u[0].Scores)+len(u[0].Gone) != 0 {
		t.Fatalf("free came as %+v", u)
	}
	if w.calls != calls {
		t.Fatal("the scorer was asked")
	}
	w.check()
}

func TestWhatComesAndGoesWithinTheIntervalIsNeverSent(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 1)
	w.enter(4, anyone, 1) // the full was sent just now: this has to wait
	w.setBusy(2, true)
	w.settle()
	if u := w.sent(); len(u) != 1 || !u[0].Full {
		t.Fatalf("too early: %+v", u)
	}
	w.sleep(100 * time.Millisecond)
	w.leave(4)
	w.setBusy(2, false)
	w.recast(3, anyone, 2970)
	w.recast(3, anyone, 2970)
	w.sleep(time.Second)
	u := w.sent()
	if len(u) != 1 || len(u[0].Put) != 1 || len(u[0].Gone)+len(u[0].Busy)+len(u[0].Free) != 0 {
		t.Fatalf("want one card, once: %+v", u)
	}
	w.check()
}

// A quiet lobby in which everyone's waiting counts alike costs next to nothing,
// and ever less: a list that nothing happens to is ranked ever more rarely, up
// to four periods apart.
func TestAQuietLobbyIsQuiet(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 10, 10)
	w.sent()
	w.sleep(10 * w.cfg.Refresh)
	for _, u := range w.sent() {
		if u.Full || len(u.Put)+len(u.Gone) > 0 {
			t.Fatalf("nothing changed but %+v", u)
		}
	}
	// At once, at its phase, and then 2, 4, 4 … periods later.
	if s := w.r.Stats(); s.Rescored < 4*10 || s.Rescored > 5*10 || s.Updates > 10 {
		t.Fatalf("%+v", s)
	}
	// What happens to a list calls it back: 1's waiting begins anew, and all see 1 but 1.
	w.setBusy(1, true)
	w.setBusy(1, false)
	before := w.r.Stats().Rescored
	w.sleep(w.cfg.Refresh)
	if n := w.r.Stats().Rescored - before; n < 9 {
		t.Fatalf("%d lists were ranked afresh", n)
	}
}

// A ranking costs as much as there are people, so it comes the more rarely the
// more they are, and small lobbies have theirs every Refresh.
func TestThePeriodGrowsWithThePeople(t *testing.T) {
	for people, want := range map[int]time.Duration{10: 15 * time.Second, 2500: 15 * time.Second, 10_000: time.Minute} {
		r := newWorld(t, Config{}).r
		r.count.People = people
		if got := r.period(); got != want.Milliseconds() {
			t.Errorf("%d people: a period of %d ms, want %v", people, got, want)
		}
	}
	const n = 40
	w := newWorld(t, Config{RefreshEach: time.Second}) // as if they were thousands
	crowd(w, n, n)
	w.sleep(n * time.Second)
	w.sent()
	for range 10 {
		before := w.r.Stats().Rescored
		for id := lobby.PersonID(1); id <= n; id++ {
			w.setBusy(id, true)
			w.setBusy(id, false) // something for every list
		}
		w.sleep(n * time.Second)
		if got := w.r.Stats().Rescored - before; got < n/2 || got > 2*n {
			t.Fatalf("%d rankings in a period of %d lists", got, n)
		}
	}
	w.check()
}

// Who is visible stays until someone clearly better is found at a refresh.
func TestEntriesAreSticky(t *testing.T) {
	w := newWorld(t, Config{K: 3, ExposureFactor: 100})
	crowd(w, 4, 1) // 1 sees 2980, 2970, 2960: an eighth of the range is 2
	w.mustShow(1, 2, 3, 4)
	w.enter(5, anyone, 2900)
	w.enter(6, anyone, 2962) // better than 4, but by a hair
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 2, 3, 4)
	w.enter(7, anyone, 4000)
	w.settle()
	w.mustShow(1, 2, 3, 4) // not under the finger
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 7, 2, 3)
	w.leave(2)
	w.leave(3)
	w.settle()
	w.sleep(time.Second)
	w.mustShow(1, 7, 6, 4) // from the reserve
	w.check()
}

func TestWaitingLongerMovesPeopleUp(t *testing.T) {
	w := newWorld(t, Config{K: 1, ExposureFactor: 100})
	w.enter(1, anyone, 0)
	w.enter(2, anyone, 0)
	w.enter(3, anyone, 0)
	w.watch(1, 1)
	w.settle()
	w.mustShow(1, 2)
	w.sleep(time.Minute)
	w.setBusy(2, true)
	w.setBusy(2, false) // waits anew; 3 waits on
	w.mustShow(1, 2)
	w.sleep(w.cfg.Refresh)
	w.mustShow(1, 3)
}

func TestRecastIsShownAndRanked(t *testing.T) {
	w := newWorld(t, Config{})
	w.enter(1, woman, 10)
	w.enter(2, man, 20)
	w.enter(3, man, 30)
	for id := range lobby.PersonID(3) {
		w.watch(id+1, 1)
	}
	w.settle()
	w.mustShow(1, 3, 2)
	w.sleep(time.Second)
	w.sent()
	w.recast(2, man, 40)
	w.settle()
	w.mustShow(1, 2, 3)
	if u := w.sent(); len(u) != 1 || u[0].Viewer != 1 || len(u[0].Put) != 1 || string(u[0].Put[0].Card) != `{"id":"2","v":2}` {
		t.Fatalf("only who sees them gets the new card: %+v", u)
	}
	w.sleep(time.Second)
	w.recast(2, woman, 40)
	w.settle()
	w.sleep(time.Second)
	w.mustShow(1, 3)
	w.mustShow(2, 3)
	w.mustShow(3, 2, 1)
	w.check()
}

func TestWhoBecomesIneligibleMakesRoom(t *testing.T) {
	w := newWorld(t, Config{K: 1})
	crowd(w, 3, 1)
	w.mustShow(1, 2)
	w.sleep(time.Second)
	w.recast(2, man, 5000)
	w.settle()
	w.mustShow(1, 3)
	w.check()
}

func TestBarredPeopleNeverSeeEachOtherUntilItEnds(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 3, 3)
	w.bar(1, 2, w.now()+10_000)
	w.bar(1, 3, lobby.Forever)
	w.settle()
	w.sleep(time.Second)
	w.mustShow(1)
	w.mustShow(2, 3)
	w.mustShow(3, 2)
	w.sleep(8990 * time.Millisecond)
	w.mustShow(1)
	w.sleep(11 * time.Millisecond)
	w.mustShow(1, 2)
	w.mustShow(2, 1, 3)
	w.sleep(time.Hour)
	w.mustShow(1, 2)

	w.bar(2, 3, w.now()+time.Hour.Milliseconds())
	w.leave(2)
	w.sleep(time.Second)
	w.enter(2, anyone, 1) // its bar comes with it
	w.watch(2, 1)
	w.sleep(time.Second)
	w.mustShow(2, 1)
	w.mustShow(3)
	w.bar(2, 3, w.now()) // lifted
	w.sleep(time.Second)
	w.mustShow(3, 2)
	w.check()
}

// One woman's evening among twelve men: nobody is left without a face, and the
// limit holds again as soon as there are faces enough.
func TestNobodyStarves(t *testing.T) {
	w := newWorld(t, Config{K: 4, ExposureFactor: 1, Few: 2})
	for id := lobby.PersonID(1); id <= 12; id++ {
		w.enter(id, man, 0)
		w.watch(id, 1)
	}
	w.enter(20, woman, 100)
	w.settle()
	w.sleep(w.cfg.Refresh)
	for id := lobby.PersonID(1); id <= 12; id++ {
		w.mustShow(id, 20)
	}
	if s := w.r.Stats(); s.ExposureMax != 12 {
		t.Fatalf("%+v", s)
	}
	w.check()

	// Three women for 24 places of "a few": each is spread evenly over the men.
	w.enter(21, woman, 90)
	w.enter(22, woman, 80)
	w.sleep(2 * w.cfg.Refresh)
	w.check()
	w.nobodyLacks()
	for id := lobby.PersonID(1); id <= 12; id++ {
		if n := len(w.shows(id)); n < 2 {
			t.Fatalf("%d sees %d", id, n)
		}
	}

	for id := lobby.PersonID(23); id <= 31; id++ {
		w.enter(id, woman, 0)
	}
	w.sleep(3 * w.cfg.Refresh)
	w.check()
	w.nobodyLacks()
	if s := w.r.Stats(); s.ExposureMax > w.r.limit {
		t.Fatalf("twelve women for twelve men, and one has %d viewers", s.ExposureMax)
	}
}

// Without the limit everyone would see the same four.
func TestFacesAreSpread(t *testing.T) {
	w := newWorld(t, Config{K: 4, Reserve: 8, ExposureFactor: 2, Few: 1})
	crowd(w, 60, 60)
	w.sleep(2 * w.cfg.Refresh)
	w.check()
	w.nobodyLacks()
	shown := map[lobby.PersonID]bool{}
	for id := lobby.PersonID(1); id <= 60; id++ {
		for _, other := range w.shows(id) {
			shown[other] = true
		}
		if len(w.shows(id)) != 4 {
			t.Fatalf("%d sees %v", id, w.shows(id))
		}
	}
	if s := w.r.Stats(); s.ExposureMax > 8 || len(shown) < 30 {
		t.Fatalf("%d faces are shown: %+v", len(shown), s)
	}
}

func TestOfferIsWhatWasShown(t *testing.T) {
	w := newWorld(t, Config{K: 1})
	crowd(w, 3, 1)
	w.sleep(time.Second)
	o := w.r.Offer(1, 2, w.now())
	if o == nil || o.SeenAt != w.now() || o.Generation != "0123456789ab/1" || o.Score/million != 1 {
		t.Fatalf("%+v", o)
	}
	if w.r.Offer(1, 3, w.now()) != nil || w.r.Offer(2, 1, w.now()) != nil || w.r.Offer(9, 1, w.now()) != nil {
		t.Fatal("offered what was not shown")
	}
	w.leave(2)
	w.settle()
	went := w.now()
	w.sleep(w.cfg.OfferFor)
	if o := w.r.Offer(1, 2, w.now()); o == nil || o.SeenAt != went {
		t.Fatalf("%+v", o)
	}
	if o := w.r.Offer(1, 2, w.now()+1); o != nil {
		t.Fatalf("%+v", o)
	}
	w.unwatch(1, 1)
	w.settle()
	if o := w.r.Offer(1, 3, w.now()+1); o == nil || o.SeenAt != w.now() {
		t.Fatalf("a dropped socket may come back within seconds: %+v", o)
	}
	w.sleep(w.cfg.OfferFor + time.Second)
	if len(w.r.offers.by) != 0 {
		t.Fatalf("still remembered: %v", w.r.offers.by)
	}
}

// An evening of 200: they come, are busy, meet, are kept apart, drop and come back.
func TestTwoHundredPeople(t *testing.T) {
	w := newWorld(t, Config{})
	crowd(w, 200, 200)
	for step := range 200 {
		id := lobby.PersonID(1 + step*37%200)
		other := lobby.PersonID(1 + step*53%200)
		switch {
		case w.faces[id] == nil:
			w.enter(id, anyone, step)
			w.watch(id, lobby.ConnID(step+2))
		case step%3 == 0:
			w.leave(id)
		case w.busy[id]:
			w.setBusy(id, false)
			if other != id {
				w.bar(id, other, w.now()+30_000)
			}
		default:
			w.setBusy(id, true)
		}
		w.sleep(100 * time.Millisecond)
		if step%25 == 0 {
			w.check()
		}
	}
	w.sleep(2 * w.cfg.Refresh)
	w.check()
	w.nobodyLacks()
	t.Logf("%+v", w.r.Stats())
}
