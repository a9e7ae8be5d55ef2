package wire

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/testdata/sdp"
)

const vectorsPath = schemaDir + "vectors.json"

// vectors are binary frames beside what they say, for clients in any language.
type vectors struct {
	About    string     `json:"about"`
	Sessions []session  `json:"sessions"`
	Refused  []badFrame `json:"refused"`
	Unknown  []badFrame `json:"unknown_markers"`
	Inflate  []inflate  `json:"inflate"`
}

// session is what one socket receives, in order.
type session struct {
	Name   string  `json:"name"`
	Frames []frame `json:"frames"`
}

type frame struct {
	Hex  string `json:"hex"`
	JSON string `json:"json"` // the same frame in sky.v1.json
}

type badFrame struct {
	Name string `json:"name"`
	Hex  string `json:"hex"`
}

// inflate is deflate of several makers, for those who write their own inflate.
type inflate struct {
	Maker string `json:"maker"`
	Hex   string `json:"hex"`
	Text  string `json:"text"`
}

func (s *session) add(binary, text []byte) {
	s.Frames = append(s.Frames, frame{hex.EncodeToString(binary), string(text)})
}

// everyEvent is a session of the golden frames of every event.
func everyEvent(t *testing.T, all bool) session {
	t.Helper()
	s := readSpec(t)
	out := session{Name: "every event with its required members, of the socket itself"}
	if all {
		out.Name = "every event with all its members"
	}
	names := sorted(s.Server)
	names = slices.Insert(slices.DeleteFunc(names, func(n string) bool { return n == "welcome" }), 0, "welcome")
	for _, name := range names {
		f := object{"t": name, "d": s.sample(s.Server[name], all), "lobby": "", "epoch": ""}
		if all {
			maps.Copy(f, object{"lobby": "main", "epoch": "e1", "seq": 42})
		}
		text := encode(t, f)
		env, ev, err := DecodeServer(text)
		if err != nil {
			t.Fatal(err)
		}
		out.add(AppendBinary(nil, env, ev), AppendServer(nil, env, ev))
	}
	return out
}

// aReel is a session in which the hand of cards is used in every way.
func aReel(t *testing.T) session {
	t.Helper()
	out := session{Name: "a reel: cards once, then slots"}
	env := Envelope{Lobby: "main", Epoch: "k3v9"}
	say := func(ev Server) { out.add(AppendBinary(nil, env, ev), AppendServer(nil, env, ev)) }
	say(ServerWelcome{You: 17, Stream: 901, Now: 1_766_000_000_000, Activity: "outside"})
	h := &Hand{}
	deal := func(u Reel, ev Server) {
		b, ok := h.Append(nil, u)
		if !ok {
			t.Fatalf("%+v was not written", u)
		}
		out.add(b, AppendServer(nil, env, ev))
	}
	entry := func(id int64, v int, score int64, busy bool) Entry {
		return Entry{Card: testCard(id, v), Score: score, Busy: busy}
	}
	big := int64(1<<62 + 3)
	deal(Reel{At: 7, Full: true, Gen: "9f2c/1", Put: []Place{
		{Person: big, Number: 1, Card: PutCard(testCard(big, 3)), Score: 910},
		{Person: 21, Number: 2, Card: PutCard(testCard(21, 1)), Score: 905, Busy: true},
		{Person: 22, Number: 3, Card: PutCard(testCard(22, 2)), Score: -4},
	}}, ServerReelFull{At: 7, Gen: "9f2c/1", Entries: []Entry{entry(big, 3, 910, false), entry(21, 1, 905, true), entry(22, 2, -4, false)}})
	deal(Reel{At: 8, Busy: []int64{big}, Free: []int64{21}}, ServerReelDelta{At: 8, Busy: []int64{big}, Free: []int64{21}})
	deal(Reel{At: 300, Gone: []int64{21}, Put: []Place{{Person: 23, Number: 4, Card: PutCard(testCard(23, 1)), Score: 1 << 33}},
		Score: []ServerReelDeltaScore{{big, 800}, {22, 790}}},
		ServerReelDelta{At: 300, Gone: []int64{21}, Put: []Entry{entry(23, 1, 1<<33, false)}, Score: []ServerReelDeltaScore{{big, 800}, {22, 790}}})
	deal(Reel{At: 301, Put: []Place{{Person: 21, Number: 2, Score: 12, Busy: true}}}, ServerReelDelta{At: 301, Put: []Entry{entry(21, 1, 12, true)}})
	deal(Reel{At: 302, Put: []Place{{Person: 22, Number: 5, Card: PutCard(testCard(22, 4)), Score: 9}}}, ServerReelDelta{At: 302, Put: []Entry{entry(22, 4, 9, false)}})
	deal(Reel{At: 303, Gone: []int64{22}}, ServerReelDelta{At: 303, Gone: []int64{22}})
	h = &Hand{} // as after a resume: the reel is known, the hand empty
	deal(Reel{At: 303, Busy: []int64{23}, Card: func(int64) ([]byte, uint32) { return PutCard(testCard(23, 1)), 4 }}, ServerReelDelta{At: 303, Busy: []int64{23}})
	deal(Reel{At: 303, Free: []int64{23}, Put: []Place{{Person: big, Number: 1, Card: PutCard(testCard(big, 3)), Score: 1}}},
		ServerReelDelta{At: 303, Put: []Entry{entry(big, 3, 1, false)}, Free: []int64{23}})
	stranger := ServerReelDelta{At: 304, Put: []Entry{entry(24, 1, 3, false)}}
	say(stranger) // not of the hand: packed JSON
	say(ServerReelDelta{At: 305, Gone: []int64{24}})
	deal(Reel{At: 306, Gone: []int64{big}}, ServerReelDelta{At: 306, Gone: []int64{big}})
	text := AppendServer(nil, env, ServerReelDelta{At: 307})
	out.add(append([]byte{markJSON}, text...), text)
	env.Seq = 1
	say(ServerCallSignal{Call: 81, Kind: "offer", Data: sdp.Offer})
	env.Seq = 2
	say(ServerCallSignal{Call: 81, Kind: "candidate", Data: candidateText})
	env.Seq = 3
	say(ServerSelf{Activity: "a later word"})
	return out
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	v := vectors{
		About:    "Binary frames and the same in JSON; written by go test ./host/wire -update. The frames of a session come over one socket.",
		Sessions: []session{everyEvent(t, true), everyEvent(t, false), aReel(t)},
		Unknown:  []badFrame{{"of another dictionary", "0200"}, {"reserved", "0f"}, {"reserved, of the socket itself", "8200"}},
	}
	for name, b := range map[string][]byte{
		"empty": {}, "a slot that was never sent": {0x15, 0, 2, deltaBusy, 1, 5}, "cut short": {0x1c, 1, 81, 10, 'h'},
		"more than it holds": {0x15, 0, 2, deltaGone, 0x7f}, "neither true nor false": {0x1a, 1, 9, 2}, "an id of 0": {0x1a, 1, 0, 1},
		"a text that is not UTF-8": {0x1c, 1, 81, 2, 0xff, 2}, "damaged deflate": {markPacked, 0xff, 0xff},
		"a bomb": Pack([]byte{markPacked}, strings.Repeat("a", textMost+1)),
	} {
		v.Refused = append(v.Refused, badFrame{name, hex.EncodeToString(b)})
	}
	slices.SortFunc(v.Refused, func(a, b badFrame) int { return strings.Compare(a.Name, b.Name) })
	for maker, level := range map[string]int{"codes of its own": flate.BestCompression, "no matches": flate.HuffmanOnly, "stored": flate.NoCompression} {
		var b bytes.Buffer
		w, err := flate.NewWriterDict(&b, level, dictionaryBytes)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{sdp.Answer, "ä🙂", sdp.Answer[:900]} { // and several blocks
			if _, err := w.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		v.Inflate = append(v.Inflate, inflate{maker, hex.EncodeToString(b.Bytes()), sdp.Answer + "ä🙂" + sdp.Answer[:900]})
	}
	slices.SortFunc(v.Inflate, func(a, b inflate) int { return strings.Compare(a.Maker, b.Maker) })
	return v
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectorsAreCurrent: the encoder writes what the shared vectors hold. The
// foreign deflate is another library's to write, and only read here.
func TestVectorsAreCurrent(t *testing.T) {
	want := makeVectors(t)
	if *update {
		text, err := json.MarshalIndent(want, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorsPath, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have := readVectors(t)
	for i, s := range want.Sessions {
		if i >= len(have.Sessions) || len(s.Frames) != len(have.Sessions[i].Frames) {
			t.Fatalf("%s: lacks frames (-update if the encoding was meant to change)", s.Name)
		}
		for j, f := range s.Frames {
			if f.Hex != have.Sessions[i].Frames[j].Hex {
				t.Errorf("%s: the encoding of %.60s changed:\n%s\nwant\n%s", s.Name, f.JSON, f.Hex, have.Sessions[i].Frames[j].Hex)
			}
		}
	}
}

// TestTheReadmesExamples are what the encoder writes.
func TestTheReadmesExamples(t *testing.T) {
	text, err := os.ReadFile(schemaDir + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(text), " ", "")
	for _, i := range []int{0, 2} {
		f := readVectors(t).Sessions[2].Frames[i]
		if !strings.Contains(page, "\n"+f.Hex+"\n") {
			t.Errorf("README lacks the example %s", f.Hex)
		}
	}
}

// TestVectors reads them as a client does.
func TestVectors(t *testing.T) {
	v := readVectors(t)
	for _, s := range v.Sessions {
		r := &Reader{}
		for _, f := range s.Frames {
			env, ev, err := r.Read(unhex(t, f.Hex))
			if err != nil {
				t.Fatalf("%s: %s: %v", s.Name, f.JSON, err)
			}
			same(t, []byte(f.JSON), AppendServer(nil, env, ev))
		}
	}
	for _, x := range v.Refused {
		var fault *FrameError
		if _, ev, err := (&Reader{}).Read(unhex(t, x.Hex)); !errors.As(err, &fault) || fault.Code != CodeBadFrame {
			t.Errorf("%s gives %v, %v", x.Name, ev, err)
		}
	}
	for _, x := range v.Unknown {
		if _, ev, err := (&Reader{}).Read(unhex(t, x.Hex)); !errors.Is(err, ErrMarker) {
			t.Errorf("%s gives %v, %v", x.Name, ev, err)
		}
	}
	for _, x := range v.Inflate {
		if text, err := Unpack(nil, unhex(t, x.Hex), 1<<16); err != nil || string(text) != x.Text {
			t.Errorf("%s gives %d bytes, %v", x.Maker, len(text), err)
		}
	}
}

// TestRecode: a kept frame says the same on a socket of the other kind, and back.
func TestRecode(t *testing.T) {
	for _, f := range readVectors(t).Sessions[0].Frames {
		env, ev, err := DecodeServer([]byte(f.JSON))
		if err != nil {
			t.Fatal(err)
		}
		if !ev.Reliable() {
			continue
		}
		text := AppendServer(nil, env, ev)
		binary, err := Recode(text, "main", "e1", JSON, Binary)
		if err != nil || !bytes.Equal(binary, unhex(t, f.Hex)) {
			t.Errorf("%s becomes %x, %v", ev.Name(), binary, err)
		}
		back, err := Recode(binary, "main", "e1", Binary, JSON)
		if err != nil {
			t.Fatal(err)
		}
		same(t, text, back)
		if stay, err := Recode(binary, "x", "y", Binary, Binary); err != nil || !bytes.Equal(stay, binary) {
			t.Errorf("the same encoding gives %x, %v", stay, err)
		}
	}
}

// FuzzReader: whatever comes, an error or an event that is JSON for everybody.
// The frames come after a welcome and a whole reel, so that slots mean something.
func FuzzReader(f *testing.F) {
	v := readVectors(f)
	for _, s := range v.Sessions {
		for _, x := range s.Frames {
			f.Add(unhex(f, x.Hex))
		}
	}
	for _, x := range slices.Concat(v.Refused, v.Unknown) {
		f.Add(unhex(f, x.Hex))
	}
	before := v.Sessions[2].Frames[:2]
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &Reader{}
		for _, x := range before {
			if _, _, err := r.Read(unhex(t, x.Hex)); err != nil {
				t.Fatal(err)
			}
		}
		env, ev, err := r.Read(b)
		if err != nil {
			var fault *FrameError
			if ev != nil || !errors.As(err, &fault) && !errors.Is(err, ErrMarker) {
				t.Fatalf("%v, %v", ev, err)
			}
			return
		}
		text := AppendServer(nil, env, ev)
		env2, ev2, err := DecodeServer(text)
		if err != nil || env2 != env || !bytes.Equal(AppendServer(nil, env2, ev2), text) {
			t.Fatalf("%x says %s, which is read as %+v %+v (%v)", b, text, env2, ev2, err)
		}
	})
}

// FuzzDecodeBinaryClient: what is accepted is what DecodeClient accepts.
func FuzzDecodeBinaryClient(f *testing.F) {
	text := AppendClient(nil, 9, ClientCallChat{Call: 5, Text: "hello"})
	f.Add(append([]byte{markJSON}, text...))
	f.Add(Pack([]byte{markPacked}, text))
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		ev, ref, err := DecodeBinaryClient(b, MaxFrame)
		if err != nil {
			var fault *FrameError
			if ev != nil || !errors.As(err, &fault) && !errors.Is(err, ErrMarker) {
				t.Fatalf("%v, %v", ev, err)
			}
			return
		}
		again, ref2, err := DecodeClient(AppendClient(nil, ref, ev))
		if err != nil || again != ev || ref2 != ref {
			t.Fatalf("%v, %v", again, err)
		}
	})
}
