package journal

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

// scant is a disk with so much room. What it answers is read between two writes.
type scant struct {
	bytes.Buffer
	room int
}

func (f *scant) Write(b []byte) (int, error) {
	if len(b) <= f.room {
		f.room -= len(b)
		return f.Buffer.Write(b)
	}
	n, _ := f.Buffer.Write(b[:f.room])
	f.room = 0
	return n, syscall.ENOSPC
}

func (f *scant) Close() error { return nil }

// has gives a disk so much room, has the writer try it, and answers whether it
// was refused.
func (f *scant) has(t testing.TB, w *Writer, room int) (refused bool) {
	t.Helper()
	err := w.between(t.Context(), func() error { f.room = room; return nil })
	if err == nil {
		err = w.between(t.Context(), func() error {
			if !w.stalled {
				w.check(w.enc.flush())
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.Stats().Stopped != ""
}

// TestAFullDiskIsWaitedOut wherever it cuts a write: what finds room in memory
// meanwhile is written afterwards, what does not is counted, and the evening
// replays.
func TestAFullDiskIsWaitedOut(t *testing.T) {
	refusals, overflows := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		now := header().Started
		f := &scant{room: math.MaxInt}
		w, err := open(Options{Queue: rapid.SampledFrom([]int{20_000, 1 << 30}).Draw(rt, "queue")}.withDefaults(), header(), f, clockAt(&now), quiet())
		if err != nil {
			rt.Fatal(err)
		}
		go w.run()
		comings := 0
		comers(header(), 120, func(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
			w.Step(at, ev, effects)
			w.Shown(reel.Update{Viewer: 1, Full: true, Gen: policy.Generation{Params: comings % 7}})
			if comings++; comings%20 == 0 && f.has(t, w, rapid.IntRange(0, 600).Draw(rt, "room")) {
				refusals++
			}
		})
		f.has(t, w, math.MaxInt)
		w.Row(1, policy.Person{}) // a gap takes its place before what comes next
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		r, lost := verify(t, f.Bytes()), w.Stats().Lost
		if r.Damage != "" || r.Different > 0 || r.Ending != "in good order" || r.Steps+uint64(r.Lost.Steps) != 240 ||
			r.Shown+r.Lost.Shown != 240 || uint64(r.Lost.Steps+r.Lost.Shown+r.Lost.Rows) != lost {
			rt.Fatalf("%d lost: %+v", lost, r)
		}
		if lost > 0 {
			overflows++
		} else if !r.OK() || r.Verified != 240 {
			rt.Fatalf("%+v", r)
		}
	})
	if refusals < 50 || overflows < 10 {
		t.Errorf("%d refusals, %d overflows", refusals, overflows)
	}
}

// TestAFullDiskErasesNothing, and says so: what waits to be written may name
// whoever is to be erased.
func TestAFullDiskErasesNothing(t *testing.T) {
	now := header().Started
	f := &scant{room: math.MaxInt}
	o := Options{Dir: t.TempDir()}.withDefaults()
	w, err := open(o, header(), f, clockAt(&now), quiet())
	if err != nil {
		t.Fatal(err)
	}
	w.path = filepath.Join(o.Dir, "x"+Suffix)
	if err := os.WriteFile(w.path, f.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	go w.run()
	comers(header(), 2, w.Step)
	if !f.has(t, w, 10) {
		t.Fatal("there was room")
	}
	if err := w.Erase(t.Context(), 1_000_000_007); err == nil || !strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
		t.Error(err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "what waited is lost") {
		t.Errorf("closed as if all were written: %v", err)
	}
}

// TestTheNextFileIsWaitedFor where it cannot be begun, in the middle of an
// evening as at rest.
func TestTheNextFileIsWaitedFor(t *testing.T) {
	now := header().Started
	o := Options{Dir: filepath.Join(t.TempDir(), "journal"), Bytes: 64 << 10, Queue: 1 << 30}
	w, err := Open(o, header(), clockAt(&now), quiet())
	if err != nil {
		t.Fatal(err)
	}
	away := o.Dir + ".away"
	without := func(do func()) {
		t.Helper()
		before := attempt(t, w).Files
		if err := os.Rename(o.Dir, away); err != nil {
			t.Fatal(err)
		}
		do()
		if s := attempt(t, w); !strings.Contains(s.Stopped, "no such file") || s.Files != before {
			t.Errorf("without its folder: %+v", s)
		}
		if err := os.Rename(away, o.Dir); err != nil {
			t.Fatal(err)
		}
		if s := attempt(t, w); s.Stopped != "" || s.Files == before {
			t.Errorf("with its folder again: %+v", s)
		}
	}
	l := lobby.New(header().Rules)
	step := func(ev lobby.Event) {
		now++
		at := lobby.Stamp{At: now, Seed: uint64(now) * 0x9E3779B97F4A7C15}
		w.Step(at, ev, l.Step(at, ev))
	}
	come := func(n int) {
		for i := range n {
			step(lobby.Connect{Person: lobby.PersonID(1_000_000_007 * (i + 1)), Conn: lobby.ConnID(now)})
		}
	}
	without(func() { come(3000) })
	for i := range 3000 {
		step(lobby.Gone{Person: lobby.PersonID(1_000_000_007 * (i + 1))})
	}
	without(func() {
		now += 3_600_000
		step(lobby.Tick{})
		r, resting := l.AtRest()
		if !resting {
			t.Fatal("somebody is still there")
		}
		w.AtRest(r)
	})
	come(5)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	files, err := Files(o.Dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%q: %v", files, err)
	}
	for i, path := range files {
		r, last := verify(t, read(t, path)), i == len(files)-1
		if r.Damage != "" || r.Different > 0 || (r.Ending == "in good order") != last {
			t.Errorf("%s: %+v", path, r)
		}
		if i == len(files)-2 && r.Steps+uint64(r.Lost.Steps) != 6001 {
			t.Errorf("before it: %+v", r)
		}
		if last && (!r.OK() || r.Verified != 5) {
			t.Errorf("what began at rest: %+v", r)
		}
	}
}

// attempt has the writer write what it can.
func attempt(t testing.TB, w *Writer) Stats {
	t.Helper()
	if err := w.between(t.Context(), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	return w.Stats()
}

// TestAnUnfitRecordIsAGap: it alone is missing.
func TestAnUnfitRecordIsAGap(t *testing.T) {
	now := header().Started
	w, err := Open(Options{Dir: t.TempDir(), Queue: 1 << 30}, header(), clockAt(&now), quiet())
	if err != nil {
		t.Fatal(err)
	}
	comers(header(), 1, w.Step)
	w.Step(lobby.Stamp{At: now}, lobby.Recovered{Calls: make([]lobby.CallStart, maxLine/20)}, nil)
	comers(header(), 1, w.Step)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if r := verify(t, read(t, w.Path())); r.Lost.Steps != 1 || r.Steps != 4 || r.Verified != 2 || r.Ending != "in good order" {
		t.Errorf("%+v", r)
	}
}
