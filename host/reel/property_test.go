package reel

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Whatever happens in whatever order, nobody sees whom they must not, and
// every client shows what the server believes it shows.
func TestRandomEvenings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, Config{
			K: rapid.IntRange(1, 6).Draw(t, "k"), Reserve: rapid.IntRange(1, 5).Draw(t, "reserve"),
			ExposureFactor: 1, Few: rapid.IntRange(1, 3).Draw(t, "few"),
			RefreshEach: rapid.SampledFrom([]time.Duration{0, time.Second, 3 * time.Second}).Draw(t, "refreshEach"),
		})
		person := rapid.Map(rapid.IntRange(1, 24), func(i int) lobby.PersonID { return lobby.PersonID(i) })
		conn := rapid.Map(rapid.IntRange(1, 2), func(i int) lobby.ConnID { return lobby.ConnID(i) })
		sort := rapid.SampledFrom([]kindOf{anyone, woman, man, man, {1, 1<<1 | 1<<2}})
		worth := rapid.IntRange(0, 300)
		sometimes := func(p int) bool { return rapid.IntRange(0, 99).Draw(t, "chance") < p }

		enter := func(id lobby.PersonID) {
			w.enter(id, sort.Draw(t, "sort"), worth.Draw(t, "worth"))
			if w.conns[id] == nil && sometimes(80) {
				w.watch(id, conn.Draw(t, "conn"))
			}
		}
		for id := range rapid.IntRange(0, 24).Draw(t, "crowd") {
			enter(lobby.PersonID(id + 1))
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) { enter(person.Draw(t, "who")) },
			"leave": func(t *rapid.T) {
				if id := person.Draw(t, "who"); w.faces[id] != nil {
					w.leave(id)
				}
			},
			"busy": func(t *rapid.T) {
				if id := person.Draw(t, "who"); w.faces[id] != nil {
					w.setBusy(id, rapid.Bool().Draw(t, "busy"))
				}
			},
			"recast": func(t *rapid.T) {
				if id := person.Draw(t, "who"); w.faces[id] != nil {
					w.recast(id, sort.Draw(t, "sort"), worth.Draw(t, "worth"))
				}
			},
			"bar": func(t *rapid.T) {
				a, b := person.Draw(t, "a"), person.Draw(t, "b")
				if a != b {
					w.bar(a, b, rapid.SampledFrom([]int64{0, w.now(), w.now() + 50, w.now() + 3000, w.now() + 20_000, lobby.Forever}).Draw(t, "until"))
				}
			},
			"watch": func(t *rapid.T) {
				if id := person.Draw(t, "who"); w.faces[id] != nil {
					w.watch(id, conn.Draw(t, "conn"))
				}
			},
			"unwatch": func(t *rapid.T) {
				id, c := person.Draw(t, "who"), conn.Draw(t, "conn")
				if w.conns[id][c] != nil {
					w.settle() // what is on its way to a connection must arrive before it goes
					w.unwatch(id, c)
				}
			},
			"swap": func(t *rapid.T) { w.params++ },
			"trouble": func(t *rapid.T) {
				every := rapid.IntRange(0, 3).Draw(t, "every")
				w.fail = func(*fakeMatch, int, int, int) bool { return every > 0 && w.calls%(every+1) == 0 }
			},
			"time": func(t *rapid.T) {
				w.sleep(time.Duration(rapid.SampledFrom([]int{1, 60, 250, 1000, 7000, 16000}).Draw(t, "ms")) * time.Millisecond)
			},
			"": func(t *rapid.T) {
				if sometimes(50) {
					w.settle()
					w.check()
				}
			},
		})

		// When the trouble is over and everyone has been refreshed, nobody lacks a face they could have.
		w.fail = func(*fakeMatch, int, int, int) bool { return false }
		w.sleep(3*w.cfg.Refresh + time.Duration(2*w.r.period())*time.Millisecond)
		w.check()
		w.nobodyLacks()
		if len(w.r.tables) > 1 {
			t.Fatalf("%d generations are still open", len(w.r.tables))
		}
		for _, m := range w.matches[:max(0, len(w.matches)-1)] {
			if !m.closed {
				t.Fatalf("generation %d was never closed", m.params)
			}
		}
	})
}

// nobodyLacks: a viewer with room sees everyone they may, but for faces at their limit; and a few in any case.
func (w *world) nobodyLacks() {
	w.t.Helper()
	for id, p := range w.r.people {
		if p.view == nil {
			continue
		}
		got := len(p.view.visible)
		if got == w.cfg.K {
			continue
		}
		for other, f := range w.faces {
			o := w.r.people[other]
			if other == id || !eligible(w.faces[id].Row, f.Row) || w.bars[lobby.PairOf(id, other)] > w.now() || o.isSeenBy(p.view) {
				continue
			}
			if len(o.seenBy) < w.r.limit || got < w.cfg.Few {
				w.t.Fatalf("%d sees %d, and not %d, who has %d viewers", id, got, other, len(o.seenBy))
			}
		}
	}
}
