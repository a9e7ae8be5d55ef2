package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "write the golden frames anew")

const goldenDir = "../../testdata/golden/wire/"

// TestGoldenFrames builds two frames of every event from the schema, one with
// every member and one with the required ones, reads them, writes them, and
// compares the bytes with the shared vectors, which other clients read too.
func TestGoldenFrames(t *testing.T) {
	s := readSpec(t)
	wanted := map[string]bool{}
	for name, n := range s.Client {
		file := "client." + name + ".json"
		wanted[file] = true
		t.Run(file, func(t *testing.T) {
			full := object{"t": name, "ref": 4294967295, "d": s.sample(n, true)}
			bare := object{"t": name, "d": s.sample(n, false)}
			golden(t, file, rewriteClient(t, full), rewriteClient(t, bare))
		})
	}
	for name, n := range s.Server {
		file := "server." + name + ".json"
		wanted[file] = true
		t.Run(file, func(t *testing.T) {
			full := object{"t": name, "lobby": "main", "epoch": "e1", "seq": 42, "d": s.sample(n, true)}
			bare := object{"t": name, "lobby": "", "epoch": "", "d": s.sample(n, false)}
			golden(t, file, rewriteServer(t, full, n.Reliable), rewriteServer(t, bare, n.Reliable))
		})
	}
	files, err := filepath.Glob(goldenDir + "*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !wanted[filepath.Base(f)] {
			t.Errorf("%s is of no event", f)
		}
	}
}

func rewriteClient(t *testing.T, frame object) []byte {
	t.Helper()
	text := encode(t, frame)
	ev, ref, err := DecodeClient(text)
	if err != nil {
		t.Fatal(err)
	}
	if ev.Name() != frame["t"] {
		t.Errorf("decoded as %s", ev.Name())
	}
	again := AppendClient([]byte("before"), ref, ev)[len("before"):]
	same(t, text, again)
	return again
}

func rewriteServer(t *testing.T, frame object, reliable bool) []byte {
	t.Helper()
	text := encode(t, frame)
	env, ev, err := DecodeServer(text)
	if err != nil {
		t.Fatal(err)
	}
	if ev.Name() != frame["t"] || ev.Reliable() != reliable {
		t.Errorf("decoded as %s, reliable %t", ev.Name(), ev.Reliable())
	}
	again := AppendServer([]byte("before"), env, ev)[len("before"):]
	same(t, text, again)
	return again
}

// same compares two JSON texts by meaning, as encoding/json sees it.
func same(t *testing.T, a, b []byte) {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if !reflect.DeepEqual(x, y) {
		t.Errorf("have %s\nwant %s", b, a)
	}
}

func golden(t *testing.T, file string, full, bare []byte) {
	t.Helper()
	text := bytes.Join([][]byte{[]byte("["), append(full, ','), bare, []byte("]"), nil}, []byte("\n"))
	if *update {
		if err := os.MkdirAll(goldenDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenDir+file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(goldenDir + file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, want) {
		t.Errorf("the encoding changed (-update if it was meant to):\n%s\nwant\n%s", text, want)
	}
}

func TestParseCard(t *testing.T) {
	s := readSpec(t)
	raw := encode(t, with(s.sample(s.Defs["card"], true).(object), "a_later_field", object{"x": []any{}}))
	card, err := ParseCard(raw)
	if err != nil {
		t.Fatal(err)
	}
	if card.ID != 1<<63-1 || card.Age != 77 || len(card.Tags) != 2 || card.Name == "" {
		t.Errorf("card %+v", card)
	}
	back, err := ParseCard(AppendCard(nil, card))
	if err != nil || !reflect.DeepEqual(card, back) {
		t.Errorf("round trip gives %+v, %v", back, err)
	}
	for _, bad := range []string{`null`, `{}`, `{"id":"1","v":1,"name":null}`, `{"id":1,"v":1,"name":"x"}`, `{"id":"1","v":1,"name":"x"} ` + "x", "\xff"} {
		if _, err := ParseCard(RawCard(bad)); err == nil {
			t.Errorf("%s is taken for a card", bad)
		}
	}
}
