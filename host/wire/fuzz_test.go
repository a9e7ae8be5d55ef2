package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func seed(f *testing.F, side string) {
	files, err := filepath.Glob(goldenDir + side + ".*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden frames", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			f.Add(bytes.TrimRight(line, ",\n"))
		}
	}
	f.Add([]byte(`{"t":null}`))
}

// FuzzDecodeClient: whatever comes, a *FrameError or an event that survives a
// round trip; and what is accepted is JSON for everybody else too.
func FuzzDecodeClient(f *testing.F) {
	seed(f, "client")
	f.Fuzz(func(t *testing.T, frame []byte) {
		ev, ref, err := DecodeClient(frame)
		if err != nil {
			var fault *FrameError
			if !errors.As(err, &fault) || fault.Code == "" || fault.Message == "" || ev != nil {
				t.Fatalf("%v, %v", ev, err)
			}
			return
		}
		if !json.Valid(frame) {
			t.Fatalf("accepted what is no JSON: %q", frame)
		}
		again, ref2, err := DecodeClient(AppendClient(nil, ref, ev))
		if err != nil || ref2 != ref || again != ev {
			t.Fatalf("round trip: %#v, want %#v (%v)", again, ev, err)
		}
	})
}

// FuzzDecodeServer: the same for clients written in Go.
func FuzzDecodeServer(f *testing.F) {
	seed(f, "server")
	f.Fuzz(func(t *testing.T, frame []byte) {
		env, ev, err := DecodeServer(frame)
		if err != nil {
			return
		}
		if !json.Valid(frame) {
			t.Fatalf("accepted what is no JSON: %q", frame)
		}
		text := AppendServer(nil, env, ev)
		env2, ev2, err := DecodeServer(text)
		if err != nil || env2 != env || !bytes.Equal(AppendServer(nil, env2, ev2), text) {
			t.Fatalf("round trip: %s, want %s (%v)", AppendServer(nil, env2, ev2), text, err)
		}
	})
}

// TestStringsSurvive compares our quoting and unquoting with encoding/json's.
func TestStringsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		})).Draw(t, "text")
		quoted := putString(nil, text)
		var theirs string
		if err := json.Unmarshal(quoted, &theirs); err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		if want := strings.ToValidUTF8(text, "\ufffd"); len(want) == 0 && theirs != "" {
			t.Fatalf("%q, want %q", theirs, want)
		}
		if strings.ContainsRune(theirs, 0) {
			return // refused on purpose
		}
		marshalled, err := json.Marshal(theirs)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range [][]byte{quoted, marshalled} {
			s := scanner{buf: form}
			if ours := s.text("", "x", unlimited); s.err != nil || ours != theirs {
				t.Fatalf("%s is read as %q (%v), want %q", form, ours, s.err, theirs)
			}
		}
	})
}

// TestServerEventsSurvive: the encoder agrees with the decoder for any content.
func TestServerEventsSurvive(t *testing.T) {
	text := rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, 0) })
	num := rapid.Int64Range(0, maxSafe)
	id := rapid.Int64Min(1)
	card := rapid.Custom(func(t *rapid.T) RawCard {
		return AppendCard(nil, Card{
			ID: id.Draw(t, "id"), V: num.Draw(t, "v"), Name: text.Draw(t, "name"), Bio: text.Draw(t, "bio"),
			Tags: rapid.SliceOfN(text, 1, 3).Draw(t, "tags"),
		})
	})
	entry := rapid.Custom(func(t *rapid.T) Entry {
		return Entry{Card: card.Draw(t, "card"), Score: int64(rapid.Int32().Draw(t, "score")), Busy: rapid.Bool().Draw(t, "busy")}
	})
	rapid.Check(t, func(t *rapid.T) {
		env := Envelope{text.Draw(t, "lobby"), text.Draw(t, "epoch"), uint64(num.Draw(t, "seq"))}
		ev := ServerReelDelta{
			At: num.Draw(t, "at"), Gone: rapid.SliceOfN(id, 1, 4).Draw(t, "gone"), Put: rapid.SliceOfN(entry, 1, 4).Draw(t, "put"),
			Score: []ServerReelDeltaScore{{id.Draw(t, "id"), -5}},
		}
		env2, ev2, err := DecodeServer(AppendServer(nil, env, ev))
		if err != nil || env2 != env || !reflect.DeepEqual(ev2, ev) {
			t.Fatalf("%+v %+v %v", env2, ev2, err)
		}
	})
}
