package wasm

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestWhatIsNewInMemory(t *testing.T) {
	old := []span{{10, 20}, {30, 40}, {50, 60}}
	for name, c := range map[string]struct{ all, want []span }{
		"nothing":                  {old, nil},
		"one more":                 {[]span{{10, 20}, {22, 25}, {30, 40}}, []span{{22, 25}}},
		"shown as one with one":    {[]span{{10, 25}, {30, 40}}, []span{{20, 25}}},
		"shown as one with two":    {[]span{{10, 40}}, []span{{20, 30}}},
		"around all":               {[]span{{5, 70}}, []span{{5, 10}, {20, 30}, {40, 50}, {60, 70}}},
		"an old one half given up": {[]span{{30, 35}}, nil},
		"before and after":         {[]span{{1, 2}, {90, 91}}, []span{{1, 2}, {90, 91}}},
	} {
		if got := without(c.all, old); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestCodeThatCannotBeKept stays where it is, and the load is what it was.
func TestCodeThatCannotBeKept(t *testing.T) {
	broken := errors.New("the plugin is broken")
	if kept, err := onDisk(t.TempDir(), func() error { return broken }); kept != nil || err != broken {
		t.Error(kept, err)
	}
	if kept, err := (span{0x1000, 0x1000 + codeLeast}).moveTo(filepath.Join(t.TempDir(), "nowhere")); kept == nil || err != nil {
		t.Error("a folder that is not there:", kept, err)
	}
	dir := t.TempDir()
	if kept, err := (span{0x1000, 0x1000 + codeLeast}).moveTo(dir); kept == nil || err != nil {
		t.Error("memory that cannot be read:", kept, err)
	}
	if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// codeOnDisk counts the plugins whose code is mapped from files of dir.
func codeOnDisk(t *testing.T, dir string) (n int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if f := strings.Fields(line); len(f) > 5 && IsCode(f[5]) && strings.HasPrefix(f[5], dir) {
			n++
		}
	}
	return n
}

var CodeOnDisk = codeOnDisk // for the tests of package wasm_test
