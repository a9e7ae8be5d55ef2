package plugintest

import (
	"os"
	"path/filepath"
	"testing"
)

// The checks themselves are proven by the reference plugins' tests, which pass
// them; here stands what they must refuse.

func TestImpure(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		faults int
	}{
		"pure":  {"package p\nimport \"math/bits\"\nfunc f(x uint) int { return bits.OnesCount(x) }", 0},
		"clock": {"package p\nimport (\"time\"; r \"math/rand/v2\"; \"crypto/rand\")", 3},
		"float": {"package p\nfunc f(x float64) float32 { return 0 }", 2},
		"go":    {"package p\nfunc f() { go f() }", 1},
		"text":  {"not go", 1},
	} {
		file := filepath.Join(t.TempDir(), name+".go")
		if err := os.WriteFile(file, []byte(c.source), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := impure(file); len(got) != c.faults {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestDrawStaysWithinBounds(t *testing.T) {
	type p struct {
		A int8  `sky:"a" default:"5" min:"3" max:"7"`
		B int64 `sky:"b"`
		_ uint8
	}
	if Defaults[p]() != (p{A: 5}) {
		t.Error(Defaults[p]())
	}
	d, seen := newDraw(), map[int8]bool{}
	for range 1000 {
		var got p
		params(d, &got)
		if got.A < 3 || got.A > 7 {
			t.Fatal(got)
		}
		seen[got.A] = true
	}
	if len(seen) != 5 {
		t.Error(seen)
	}
}
