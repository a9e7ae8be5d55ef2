package wire

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestHandIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Hand{}); n > 512 {
		t.Errorf("a hand takes %d bytes of a stream, want at most 512", n)
	}
}

func testCard(id int64, v int) RawCard {
	return AppendCard(nil, Card{ID: id, V: int64(v), Name: fmt.Sprintf("Person %d", id), Bio: strings.Repeat("tea and chess ", v%5)})
}

// world is a reel as the server has it, and what the test expects at the client.
type world struct {
	card   map[int64]RawCard
	number map[int64]uint32
	reel   map[int64]Entry
}

func (w *world) place(id int64, score int64, busy bool) Place {
	w.reel[id] = Entry{Card: w.card[id], Score: score, Busy: busy}
	return Place{Person: id, Number: w.number[id], Card: PutCard(w.card[id]), Score: score, Busy: busy}
}

// event is u as AppendBinary takes it.
func (w *world) event(u Reel) Server {
	var entries []Entry
	for _, p := range u.Put {
		entries = append(entries, Entry{Card: w.card[p.Person], Score: p.Score, Busy: p.Busy})
	}
	if u.Full {
		return ServerReelFull{At: u.At, Gen: u.Gen, Entries: entries}
	}
	return ServerReelDelta{At: u.At, Gone: u.Gone, Put: entries, Score: u.Score, Busy: u.Busy, Free: u.Free}
}

// TestReelsSurvive plays any sequence of reels, with cards that change and people
// who come and go, through a hand and a reader, beside the same in JSON.
func TestReelsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{card: map[int64]RawCard{}, number: map[int64]uint32{}, reel: map[int64]Entry{}}
		var numbers uint32
		recard := func(id int64, v int) {
			numbers++
			w.card[id], w.number[id] = testCard(id, v), numbers
			if id%7 == 0 {
				w.number[id] = 0 // a card that is never taken as known
			}
		}
		for id := range int64(70) {
			recard(id+1, 1)
		}
		h, r := &Hand{}, &Reader{}
		client := map[int64]Entry{}
		score := rapid.Int64Range(-maxSafe/2, maxSafe/2)
		for step := range rapid.IntRange(1, 30).Draw(t, "steps") {
			u := Reel{At: int64(step + 1), Full: step == 0 || rapid.IntRange(0, 9).Draw(t, "full") == 0}
			here := slices.Sorted(maps.Keys(w.reel))
			if u.Full {
				u.Gen = "g1/2"
				clear(w.reel)
			} else {
				for _, id := range here {
					if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
						u.Gone = append(u.Gone, id)
						delete(w.reel, id)
					}
				}
			}
			for range rapid.IntRange(0, 6).Draw(t, "puts") {
				id := rapid.Int64Range(1, 70).Draw(t, "id")
				if slices.ContainsFunc(u.Put, func(p Place) bool { return p.Person == id }) || len(w.reel) >= 20 {
					continue
				}
				if rapid.Bool().Draw(t, "changed") {
					recard(id, step+2)
				}
				u.Put = append(u.Put, w.place(id, score.Draw(t, "score"), rapid.Bool().Draw(t, "busy")))
			}
			for _, id := range slices.Sorted(maps.Keys(w.reel)) {
				if u.Full {
					break
				}
				e := w.reel[id]
				switch rapid.IntRange(0, 5).Draw(t, "change") {
				case 0:
					e.Score = score.Draw(t, "new score")
					u.Score = append(u.Score, ServerReelDeltaScore{ID: id, Score: e.Score})
				case 1:
					e.Busy = true
					u.Busy = append(u.Busy, id)
				case 2:
					e.Busy = false
					u.Free = append(u.Free, id)
				}
				w.reel[id] = e
			}
			if rapid.IntRange(0, 5).Draw(t, "new socket") == 0 {
				// The reel is the client's still, but its cards were another socket's.
				h, r = &Hand{}, &Reader{}
			}
			missing := rapid.IntRange(0, 3).Draw(t, "cards not at hand") == 0
			u.Card = func(id int64) ([]byte, uint32) {
				if missing {
					return nil, 0
				}
				return PutCard(w.card[id]), w.number[id]
			}
			frame, ok := h.Append([]byte("before"), u)
			if !ok && !missing {
				t.Fatalf("a reel of %d could not be written", len(w.reel))
			}
			if !ok {
				frame = AppendBinary(frame, Envelope{"main", "e", 0}, w.event(u))
			}
			env, ev, err := r.Read(frame[len("before"):])
			if err != nil || env.Seq != 0 {
				t.Fatalf("%+v, %v", env, err)
			}
			applyReel(t, client, ev, u.At)
			if !reflect.DeepEqual(client, w.reel) {
				t.Fatalf("step %d: the client shows %v, want %v", step, client, w.reel)
			}
		}
	})
}

func applyReel(t *rapid.T, reel map[int64]Entry, ev Server, at int64) {
	put := func(entries []Entry) {
		for _, e := range entries {
			c, err := ParseCard(e.Card)
			if err != nil {
				t.Fatal(err)
			}
			reel[c.ID] = e
		}
	}
	change := func(id int64, f func(*Entry)) {
		e, ok := reel[id]
		if !ok {
			t.Fatalf("%d is not in the reel", id)
		}
		f(&e)
		reel[id] = e
	}
	switch v := ev.(type) {
	case ServerReelFull:
		clear(reel)
		put(v.Entries)
		if v.At != at || v.Gen != "g1/2" {
			t.Fatalf("at %d of %s", v.At, v.Gen)
		}
	case ServerReelDelta:
		for _, id := range v.Gone {
			change(id, func(*Entry) {})
			delete(reel, id)
		}
		put(v.Put)
		for _, s := range v.Score {
			change(s.ID, func(e *Entry) { e.Score = s.Score })
		}
		for _, id := range v.Busy {
			change(id, func(e *Entry) { e.Busy = true })
		}
		for _, id := range v.Free {
			change(id, func(e *Entry) { e.Busy = false })
		}
		if v.At != at {
			t.Fatalf("at %d, want %d", v.At, at)
		}
	}
}

func places(from, n int) []Place {
	var out []Place
	for i := range n {
		id := int64(from + i)
		out = append(out, Place{Person: id, Number: uint32(id), Card: PutCard(testCard(id, 1)), Score: -id})
	}
	return out
}

func TestHandSaysWhatItCannot(t *testing.T) {
	h := &Hand{}
	if _, ok := h.Append(nil, Reel{At: 1, Full: true, Put: places(1, handUsed+1)}); ok {
		t.Error("more places than slots were written")
	}
	for name, u := range map[string]Reel{
		"gone": {Gone: []int64{99}}, "busy": {Busy: []int64{99}}, "free": {Free: []int64{99}}, "score": {Score: []ServerReelDeltaScore{{99, 1}}},
	} {
		if out, ok := h.Append([]byte("x"), u); ok || string(out) != "x" {
			t.Errorf("%s of a stranger was written", name)
		}
		if *h != (Hand{}) {
			t.Errorf("%s: a reel that could not be written left something in the hand", name)
		}
		if _, ok := h.Append(nil, Reel{At: 1, Full: true, Put: places(1, 20)}); !ok {
			t.Fatal("a whole reel was not written")
		}
	}
}

// TestFrameSizes holds what README promises of the frames that are sent most.
func TestFrameSizes(t *testing.T) {
	h := &Hand{}
	if _, ok := h.Append(nil, Reel{At: 1, Full: true, Gen: "g", Put: places(1, 20)}); !ok {
		t.Fatal("no reel")
	}
	env := Envelope{"main", "k3v9", 1234}
	again := []Place{{Person: 5, Number: 5, Card: PutCard(testCard(5, 1)), Score: 1200}}
	for _, x := range []struct {
		name  string
		most  int
		frame func() ([]byte, bool)
	}{
		{"presence", 12, func() ([]byte, bool) { return h.Append(nil, Reel{At: 123_456, Busy: []int64{3}}) }},
		{"delta", 24, func() ([]byte, bool) {
			return h.Append(nil, Reel{At: 123_456, Gone: []int64{5}, Put: again, Score: []ServerReelDeltaScore{{6, 900}, {7, 880}}, Free: []int64{3}})
		}},
		{"chat", 75, func() ([]byte, bool) {
			return AppendBinary(nil, env, ServerCallChat{Call: 1 << 62, Text: "So, where were you last summer? (a line of 50 by.)", At: 1_766_000_000_000}), true
		}},
		{"candidate", 75, func() ([]byte, bool) {
			return AppendBinary(nil, env, ServerCallSignal{Call: 1 << 62, Kind: "candidate", Data: candidateText}), true
		}},
		{"done", 6, func() ([]byte, bool) { return AppendBinary(nil, env, ServerDone{Ref: 700}), true }},
	} {
		frame, ok := x.frame()
		t.Logf("%s: %d bytes", x.name, len(frame))
		if !ok || len(frame) > x.most {
			t.Errorf("%s takes %d bytes (written: %t), want at most %d", x.name, len(frame), ok, x.most)
		}
	}
}

// TestReaderKeepsLittle: what Keep makes of a card is what later entries have.
func TestReaderKeepsLittle(t *testing.T) {
	h := &Hand{}
	r := &Reader{Keep: func(RawCard) RawCard { return RawCard(`{"id":"1","v":9,"name":"kept"}`) }}
	first, _ := h.Append(nil, Reel{At: 1, Full: true, Put: places(1, 1)})
	_, ev, err := r.Read(first)
	if err != nil || string(ev.(ServerReelFull).Entries[0].Card) != string(testCard(1, 1)) {
		t.Fatalf("%+v, %v", ev, err)
	}
	again, _ := h.Append(nil, Reel{At: 2, Gone: []int64{1}, Put: places(1, 1)})
	_, ev, err = r.Read(again)
	if err != nil || string(ev.(ServerReelDelta).Put[0].Card) != `{"id":"1","v":9,"name":"kept"}` || ev.(ServerReelDelta).Gone[0] != 1 {
		t.Fatalf("%+v, %v", ev, err)
	}
}

// TestReaderRefuses what no server of this version writes.
func TestReaderRefuses(t *testing.T) {
	full, _ := (&Hand{}).Append(nil, Reel{At: 1, Full: true, Put: places(1, 3)})
	bomb := Pack([]byte{markPacked}, strings.Repeat("a", textMost+1))
	for name, frame := range map[string][]byte{
		"nothing": {}, "a slot that was never sent": {0x15, 0, 2, deltaBusy, 1, 5}, "a slot that cannot be": {0x15, 0, 2, deltaBusy, 1, 64},
		"cut short": full[:len(full)-2], "too many": {0x15, 0, 2, deltaGone, 0xff, 0xff, 0x7f}, "neither true nor false": {0x1a, 1, 0, 9, 2},
		"a bomb": bomb, "no card": {0x14, 0, 2, 0, 1, slotCard, 2, '1', 0},
	} {
		_, ev, err := (&Reader{}).Read(frame)
		var fault *FrameError
		if !errors.As(err, &fault) || fault.Code != CodeBadFrame || ev != nil {
			t.Errorf("%s gives %v, %v", name, ev, err)
		}
	}
	for _, mark := range []byte{0x02, 0x0f, 0x82} {
		if _, _, err := (&Reader{}).Read([]byte{mark, 0}); !errors.Is(err, ErrMarker) {
			t.Errorf("marker %#x gives %v", mark, err)
		}
		if _, _, err := DecodeBinaryClient([]byte{mark, 0}, MaxFrame); !errors.Is(err, ErrMarker) {
			t.Errorf("marker %#x of a client gives %v", mark, err)
		}
	}
	env, _, err := (&Reader{}).Read([]byte{0x70, 42, 1, 2, 3})
	var fault *FrameError
	if !errors.As(err, &fault) || fault.Code != CodeUnknownEvent || env.Seq != 42 {
		t.Errorf("an event of a later version gives %+v, %v", env, err)
	}
}

func TestBinaryClientFrames(t *testing.T) {
	want := ClientCallChat{Call: 5, Text: strings.Repeat("hello ", 40)}
	text := AppendClient(nil, 9, want)
	for name, frame := range map[string][]byte{"plain": append([]byte{markJSON}, text...), "packed": Pack([]byte{markPacked}, text)} {
		ev, ref, err := DecodeBinaryClient(frame, MaxFrame)
		if err != nil || ref != 9 || ev != Client(want) {
			t.Errorf("%s gives %v, %d, %v", name, ev, ref, err)
		}
	}
	for name, x := range map[string]struct {
		frame []byte
		code  Code
	}{
		"over its limit": {Pack([]byte{markPacked}, text), CodeTooBig}, "not packed": {[]byte{markPacked, 'x'}, CodeBadFrame}, "empty": {nil, CodeBadFrame},
	} {
		_, _, err := DecodeBinaryClient(x.frame, 100)
		var fault *FrameError
		if !errors.As(err, &fault) || fault.Code != x.code {
			t.Errorf("%s gives %v", name, err)
		}
	}
}
