package journal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

// TestAnyEveningVerifies: whatever happens, a replay has the same effects; with
// somebody erased under way and somebody else afterwards, too, and then neither
// is in the file.
func TestAnyEveningVerifies(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := header()
		h.Epoch = strconv.Itoa(n)
		s := newStory(rt, h)
		o := Options{Dir: filepath.Join(dir, "all"), Files: 2}
		w, err := Open(o, h, clockAt(&s.now), quiet())
		if err != nil {
			rt.Fatal(err)
		}
		s.step, s.row = w.Step, w.Row
		erase := rapid.Bool().Draw(rt, "erase while writing")
		for i := range rapid.SampledFrom([]int{5, 40, 80}).Draw(rt, "length") {
			s.act()
			if erase && i == 30 {
				if err := w.Erase(t.Context(), s.people[0]); err != nil {
					rt.Fatal(err)
				}
			}
			w.Shown(reel.Update{Viewer: s.people[1], Full: true, Put: []reel.Entry{{Person: s.people[0], Score: 3, Card: []byte("secret")}}})
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		check := func(erased ...lobby.PersonID) {
			file := read(t, w.Path())
			r, err := Verify(t.Context(), bytes.NewReader(file))
			if err != nil || !r.OK() || r.Verified != s.lobby.Seq() || r.Ending != "in good order" || r.Lost != (Gap{}) {
				rt.Fatalf("%+v, %v", r, err)
			}
			if len(r.Header.Redacted) != len(erased) {
				rt.Fatalf("redacted %v, want %d", r.Header.Redacted, len(erased))
			}
			said := text(t, file)
			if strings.Contains(said, "secret") {
				rt.Fatal("something said is in the journal")
			}
			for _, id := range erased {
				if mentions(said, id) {
					rt.Fatalf("erased %d is in the journal", id)
				}
			}
		}
		var erased []lobby.PersonID
		if erase && s.lobby.Seq() > 30 {
			erased = s.people[:1]
		}
		check(erased...)
		last := s.people[len(s.people)-1]
		if !rapid.Bool().Draw(rt, "erase afterwards") || !mentions(text(t, read(t, w.Path())), last) {
			return
		}
		if err := Erase(o.Dir, last); err != nil {
			rt.Fatal(err)
		}
		check(append(erased[:len(erased):len(erased)], last)...)
		if files, err := Files(o.Dir); err != nil || len(files) > 2 {
			rt.Fatalf("%v, %v", files, err)
		}
	})
}

// story of a fixed kind, without a file: n people come, one after the other.
func comers(h Header, n int, step func(lobby.Stamp, lobby.Event, []lobby.Effect)) {
	l := lobby.New(h.Rules)
	for i := range n {
		p := lobby.PersonID(1_000_000_007 * (i + 1))
		for _, ev := range []lobby.Event{
			lobby.Connect{Person: p, Conn: lobby.ConnID(i + 1)},
			lobby.Enter{From: lobby.From{Person: p, Conn: lobby.ConnID(i + 1), Ref: 1}},
		} {
			at := lobby.Stamp{At: h.Started + int64(i), Seed: uint64(i) * 0x9E3779B97F4A7C15}
			step(at, ev, l.Step(at, ev))
		}
	}
}

func TestErasureDoesNotHideADifference(t *testing.T) {
	var steps []Record
	comers(header(), 3, func(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
		s, err := stepOf(at, ev, effects)
		if err != nil {
			t.Fatal(err)
		}
		if len(steps) == 3 {
			s.Sum++
		}
		steps = append(steps, s)
	})
	path := filepath.Join(t.TempDir(), "x"+Suffix)
	if err := os.WriteFile(path, record(t, header(), steps...), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := verify(t, read(t, path))
		if r.OK() || r.Different != 1 || r.First.Step != 4 || len(r.First.Before) != 3 || !strings.Contains(r.First.Event, "enter") {
			t.Errorf("%+v, first %+v", r, r.First)
		}
		if err := Erase(filepath.Dir(path), 2_000_000_014); err != nil {
			t.Fatal(err)
		}
	}
	if said := text(t, read(t, path)); mentions(said, 2_000_000_014) {
		t.Error(said)
	}
}

// TestTheBoundHolds where nobody ever leaves: it is the newest that is kept.
func TestTheBoundHolds(t *testing.T) {
	dir := t.TempDir()
	now := header().Started
	o := Options{Dir: dir, Bytes: 64 << 10, Files: 3}
	for epoch := range 6 {
		now += 1000
		w, err := Open(o, header(), clockAt(&now), quiet())
		if err != nil {
			t.Fatal(err)
		}
		many := 3000
		if epoch == 0 {
			many = 10
		}
		var last int64
		comers(header(), many, func(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
			last = at.At
			w.Step(at, ev, effects)
		})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		files, err := Files(dir)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			sum += info.Size()
		}
		if len(files) > 3 || sum > o.Bytes {
			t.Fatalf("%d files of %d bytes", len(files), sum)
		}
		r := verify(t, read(t, w.Path()))
		if r.Different > 0 || r.Damage != "" || r.Steps == 0 || r.To != last || r.Ending != "in good order" {
			t.Fatalf("%+v", r)
		}
		went := w.Stats().Files > 1
		if want := epoch > 0; went != want || (r.Unchecked == r.Steps) != want || r.OK() == want || r.Lost.Steps+int(r.Steps) < 2*many {
			t.Errorf("epoch %d: %+v, %+v", epoch, r, w.Stats())
		}
		if w.Stats().Stopped != "" || w.Stats().Lost > 0 {
			t.Errorf("%+v", w.Stats())
		}
	}
}

// TestEveningsFollowEachOther: what began while the lobby was at rest verifies by
// itself, whatever happened before and after it, with somebody erased in between.
func TestEveningsFollowEachOther(t *testing.T) {
	began, verified := 0, 0
	n := 0
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		n++
		s := newStory(rt, header())
		o := Options{Dir: filepath.Join(dir, strconv.Itoa(n)), Bytes: 16 << 10, Files: 5}
		w, err := Open(o, header(), clockAt(&s.now), quiet())
		if err != nil {
			rt.Fatal(err)
		}
		s.row = w.Row
		s.step = func(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
			w.Step(at, ev, effects)
			if r, resting := s.lobby.AtRest(); resting {
				w.AtRest(r)
			}
		}
		erased := s.people[0]
		erase := rapid.IntRange(0, 3).Draw(rt, "erase after")
		for evening := range 4 {
			for range rapid.SampledFrom([]int{10, 40}).Draw(rt, "length") {
				s.act()
				w.Shown(reel.Update{Viewer: s.people[1], Full: true, Put: []reel.Entry{{Person: s.people[0], Score: 3}}})
			}
			s.goHome()
			if evening == erase {
				if err := w.Erase(t.Context(), erased); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		if st := w.Stats(); st.Stopped != "" || st.Lost > 0 {
			rt.Fatalf("%+v", st)
		}
		files, err := Files(o.Dir)
		if err != nil || len(files) > o.Files || files[len(files)-1] != w.Path() {
			rt.Fatalf("%q, the present one is %s: %v", files, w.Path(), err)
		}
		for i, f := range files {
			file := read(t, f)
			r := verify(t, file)
			begun := r.Lost.Steps == 0
			if r.Different > 0 || r.Damage != "" || r.OK() != (begun || r.Steps == 0) || begun && r.Verified != r.Steps || (r.Ending == "in good order") != (i == len(files)-1) {
				rt.Fatalf("%s: %+v, first %+v", f, r, r.First)
			}
			if mentions(text(t, file), erased) {
				rt.Fatalf("%s names who was erased", f)
			}
			if began++; begun && r.Header.Rest != nil {
				verified++
			}
		}
	})
	if verified < 50 {
		t.Errorf("%d of %d files began at rest", verified, began)
	}
}

// TestOldJournalsGo, the present one never.
func TestOldJournalsGo(t *testing.T) {
	const day = int64(24 * time.Hour / time.Millisecond)
	now := header().Started
	o := Options{Dir: t.TempDir(), Keep: 3 * 24 * time.Hour}
	begin := func() *Writer {
		w, err := Open(o, header(), clockAt(&now), quiet())
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	left := func() int {
		files, err := Files(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	for range 2 {
		if err := begin().Close(); err != nil {
			t.Fatal(err)
		}
		now += day
	}
	w := begin() // the first ended two days ago at the latest, the second a moment ago
	now += day
	if n, err := w.Prune(t.Context()); n != 0 || err != nil || left() != 3 {
		t.Errorf("%d went, %d are left: %v", n, left(), err)
	}
	now++
	now += day
	if n, err := w.Prune(t.Context()); n != 1 || err != nil || left() != 2 {
		t.Errorf("%d went, %d are left: %v", n, left(), err)
	}
	now += 100 * day
	if n, err := w.Prune(t.Context()); n != 1 || err != nil || left() != 1 {
		t.Errorf("%d went, %d are left: %v", n, left(), err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if r := verify(t, read(t, w.Path())); r.Ending != "in good order" {
		t.Errorf("%+v", r)
	}
}

// stuck is a disk that does not answer.
type stuck struct {
	bytes.Buffer
	first   bool
	entered chan struct{} // closed when a write has begun
	answer  chan struct{}
}

func (f *stuck) Write(b []byte) (int, error) {
	if f.first { // the beginning, before anything is recorded
		f.first = false
		close(f.entered)
		<-f.answer
	}
	return f.Buffer.Write(b)
}

func (f *stuck) Close() error { return nil }

// TestAStuckDiskDelaysNobody: steps go on past a writer that does not, in
// bounded memory; the journal says what it lost.
func TestAStuckDiskDelaysNobody(t *testing.T) {
	now := header().Started
	f := &stuck{entered: make(chan struct{}), answer: make(chan struct{})}
	o := Options{Queue: 100_000}.withDefaults()
	w, err := open(o, header(), f, clockAt(&now), quiet())
	if err != nil {
		t.Fatal(err)
	}
	f.first = true
	go w.run()
	many := 0
	comers(header(), 1000, func(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
		w.Step(at, ev, effects)
		w.Shown(reel.Update{Viewer: 1, Full: true})
		if many++; many == 1000 {
			// Enough for a flush: the disk is asked by now.
			<-f.entered
		}
	})
	if got := w.queue.bytes; got > o.Queue {
		t.Errorf("%d bytes wait, %d may", got, o.Queue)
	}
	lost := w.Stats().Lost
	if lost < 500 {
		t.Errorf("%d lost", lost)
	}
	close(f.answer)
	w.Row(1, policy.Person{}) // the gap takes its place before what comes next
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lost = w.Stats().Lost // the Row perhaps among them
	r := verify(t, f.Bytes())
	if uint64(r.Lost.Steps+r.Lost.Shown+r.Lost.Rows) != lost || r.Steps+uint64(r.Lost.Steps) != 2000 {
		t.Errorf("lost %+v of %d, %d steps, %d unchecked", r.Lost, lost, r.Steps, r.Unchecked)
	}
	if r.Lost.Shown < r.Lost.Steps {
		t.Errorf("steps were lost before reels: %+v", r.Lost)
	}
	if r.Verified == 0 || r.Different > 0 || r.Verified+r.Unchecked != r.Steps {
		t.Errorf("%+v", r)
	}
}

// TestErasingFromAllFiles that one epoch began, those that are full too.
func TestErasingFromAllFiles(t *testing.T) {
	now := header().Started
	o := Options{Dir: t.TempDir(), Bytes: 128 << 10, Queue: 1 << 30}
	w, err := Open(o, header(), clockAt(&now), quiet())
	if err != nil {
		t.Fatal(err)
	}
	const erased = 2_000_000_014
	l := lobby.New(header().Rules)
	for i := range 5_000 {
		p, at := lobby.PersonID(1_000_000_007*(i%5+1)), lobby.Stamp{At: now + int64(i), Seed: uint64(i) * 0x9E3779B97F4A7C15}
		ev := lobby.Connect{Person: p, Conn: lobby.ConnID(uint64(i)*0x9E3779B97F4A7C15>>1 + 1)}
		w.Step(at, ev, l.Step(at, ev))
	}
	if err := w.Erase(t.Context(), erased); err != nil {
		t.Error(err)
	}
	if w.Stats().Files < 2 || w.Stats().Stopped != "" {
		t.Errorf("it is not full: %+v", w.Stats())
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	files, err := Files(o.Dir)
	if err != nil || len(files) < 2 {
		t.Fatalf("%q %v", files, err)
	}
	for i, f := range files {
		file := read(t, f)
		if r := verify(t, file); r.Different > 0 || r.Damage != "" || len(r.Header.Redacted) != 1 || (r.Ending == "in the next file") == (i == len(files)-1) {
			t.Errorf("%s: %+v", f, r)
		}
		if mentions(text(t, file), erased) {
			t.Errorf("still in %s", f)
		}
	}
	if err := w.Erase(t.Context(), 1); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// BenchmarkStep is what the engine's goroutine pays for a step.
func BenchmarkStep(b *testing.B) {
	now := header().Started
	w, err := Open(Options{Dir: b.TempDir(), Bytes: 1 << 40}, header(), clockAt(&now), quiet())
	if err != nil {
		b.Fatal(err)
	}
	at, ev := lobby.Stamp{At: now}, lobby.Chat{From: lobby.From{Person: 1 << 50, Conn: 1 << 51, Ref: 7}, Call: 1 << 52, Runes: 40, Body: make([]byte, 40)}
	effects := []lobby.Effect{lobby.Tell{To: 1 << 49, Notice: lobby.ChatFrom{Call: 1 << 52, At: now, Body: ev.Body}}}
	for b.Loop() {
		w.Step(at, ev, effects)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(w.Stats().Lost)/float64(b.N), "lost/op")
}

// BenchmarkWrite is what the writing goroutine pays for the same.
func BenchmarkWrite(b *testing.B) {
	now := header().Started
	e, err := newEncoder(io.Discard, 1<<62, header())
	if err != nil {
		b.Fatal(err)
	}
	ev := lobby.Chat{From: lobby.From{Person: 1 << 50, Conn: 1 << 51, Ref: 7}, Call: 1 << 52, Runes: 40}
	effects := []lobby.Effect{lobby.Tell{To: 1 << 49, Notice: lobby.ChatFrom{Call: 1 << 52, At: now}}}
	n := uint64(0)
	for b.Loop() {
		n += 0x9E3779B97F4A7C15
		s, err := stepOf(lobby.Stamp{At: now, Seed: n}, ev, effects)
		if err == nil {
			err = e.add(s)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(e.size)/float64(b.N), "bytes/op")
}
