package bot

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/wire"
)

func entry(id, score int64, busy bool) wire.Entry {
	return wire.Entry{Card: wire.AppendCard(nil, wire.Card{ID: id, V: 1, Name: "n"}), Score: score, Busy: busy}
}

// TestDeltasAddUpToTheWholeReel: whatever sequence of deltas leads from one
// reel to another, the person ends up seeing the other.
func TestDeltasAddUpToTheWholeReel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var byDelta, whole Reel
		want := map[int64]wire.Entry{}
		if err := byDelta.Replace(wire.ServerReelFull{At: 0}); err != nil {
			t.Fatal(err)
		}
		for step := range rapid.IntRange(1, 20).Draw(t, "steps") {
			d := wire.ServerReelDelta{At: int64(step)}
			touched := map[int64]bool{}
			for range rapid.IntRange(1, 4).Draw(t, "changes") {
				id := rapid.Int64Range(1, 8).Draw(t, "id")
				if touched[id] {
					continue
				}
				touched[id] = true
				e, there := want[id]
				switch what := rapid.IntRange(0, 3).Draw(t, "what"); {
				case !there || what == 0:
					want[id] = entry(id, rapid.Int64Range(0, 5).Draw(t, "score"), false)
					d.Put = append(d.Put, want[id])
				case what == 1:
					delete(want, id)
					d.Gone = append(d.Gone, id)
				case what == 2:
					e.Score++
					want[id] = e
					d.Score = append(d.Score, wire.ServerReelDeltaScore{ID: id, Score: e.Score})
				case e.Busy:
					e.Busy = false
					want[id] = e
					d.Free = append(d.Free, id)
				default:
					e.Busy = true
					want[id] = e
					d.Busy = append(d.Busy, id)
				}
			}
			if err := byDelta.Apply(d); err != nil {
				t.Fatal(err)
			}
		}
		all := wire.ServerReelFull{At: 99}
		for _, e := range want {
			all.Entries = append(all.Entries, e)
		}
		if err := whole.Replace(all); err != nil {
			t.Fatal(err)
		}
		same := func(a, b Entry) bool { return a.Card.ID == b.Card.ID && a.Score == b.Score && a.Busy == b.Busy }
		if got, want := byDelta.Entries(), whole.Entries(); !slices.EqualFunc(got, want, same) {
			t.Fatalf("by deltas %v, whole %v", got, want)
		}
	})
}

func TestReelNamesWhatIsWrongWithIt(t *testing.T) {
	var r Reel
	if err := r.Replace(wire.ServerReelFull{Entries: []wire.Entry{entry(1, 1, false), entry(1, 2, false)}}); err == nil {
		t.Error("somebody is in it twice")
	}
	if err := r.Replace(wire.ServerReelFull{Entries: []wire.Entry{{Card: wire.RawCard(`{"id":1}`)}}}); err == nil {
		t.Error("a card is none")
	}
	r.Clear()
	if r.Full() || len(r.Entries()) != 0 {
		t.Error("not cleared")
	}
}

func TestLeanReelKeepsNoCards(t *testing.T) {
	r := Reel{Lean: true}
	if err := r.Replace(wire.ServerReelFull{Entries: []wire.Entry{entry(1, 1, true)}}); err != nil {
		t.Fatal(err)
	}
	if e := r.Entries()[0]; e.Card.Name != "" || e.Card.ID != 1 || !e.Busy {
		t.Errorf("%+v", e)
	}
}
