package admin

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/admin/admintest"
)

// folder is a watched one whose files change at moments the test says.
type folder struct {
	t *testing.T
	*Watch
	registry *admintest.Registry
	clock    time.Time
}

func newFolder(t *testing.T) *folder {
	r := admintest.New()
	return &folder{t, NewWatch(t.TempDir(), r, quiet(t)), r, time.Now()}
}

func (f *folder) write(name, module string) {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, []byte(module), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.clock = f.clock.Add(time.Second)
	if err := os.Chtimes(path, f.clock, f.clock); err != nil {
		f.t.Fatal(err)
	}
}

// loads looks n times and says how many modules were put in service meanwhile.
func (f *folder) loads(n int) (loaded int) {
	for range n {
		f.look(f.t.Context(), nil)
	}
	for {
		select {
		case <-f.registry.Loaded:
			loaded++
		default:
			return loaded
		}
	}
}

func TestAChangedModuleIsLoadedOnce(t *testing.T) {
	f := newFolder(t)
	f.write("rule.wasm", "rule 1 match")
	f.write("notes.txt", "rule 1 match")
	if n := f.loads(4); n != 1 {
		t.Errorf("a new file: %d loads", n)
	}
	if g := f.registry.Status().Serving[0]; g.Name != "rule@1" || g.By != "watch" {
		t.Errorf("match is served by %+v", g)
	}
	f.write("rule.wasm", "rule 2 match")
	if n := f.loads(3); n != 1 {
		t.Errorf("a changed file: %d loads", n)
	}
	f.write("rule.wasm", "rule 1 match")
	if n := f.loads(3); n != 1 {
		t.Errorf("back to the old build: %d loads", n)
	}
}

func TestAModuleBeingWrittenIsWaitedFor(t *testing.T) {
	f := newFolder(t)
	for _, part := range []string{"ru", "rule 1", "rule 1 match"} {
		f.write("rule.wasm", part)
		if n := f.loads(1); n != 0 {
			t.Errorf("%q was loaded", part)
		}
	}
	if n := f.loads(1); n != 1 {
		t.Errorf("once it is whole: %d loads", n)
	}
	if c, _ := f.registry.History(t.Context(), 0, 1); c[0].Result != "ok" {
		t.Errorf("a part was tried: %+v", c)
	}
}

func TestARefusedModuleWaitsForItsNextChange(t *testing.T) {
	f := newFolder(t)
	f.write("rule.wasm", "broken")
	f.loads(5)
	changes, _ := f.registry.History(t.Context(), 0, 100)
	tried := 0
	for _, c := range changes {
		if c.Who == "watch" {
			tried++
		}
	}
	if tried != 1 {
		t.Errorf("tried %d times", tried)
	}
	f.write("rule.wasm", "rule 1 match")
	if n := f.loads(2); n != 1 {
		t.Errorf("mended: %d loads", n)
	}
}

func TestTheSignatureLiesBeside(t *testing.T) {
	f := newFolder(t)
	f.registry.Signed = true
	f.write("rule.wasm", "rule 1 match")
	if n := f.loads(2); n != 0 {
		t.Errorf("unsigned: %d loads", n)
	}
	f.write("rule.wasm.sig", "c2lnbmVk\n")
	f.write("rule.wasm", "rule 1 match")
	if n := f.loads(2); n != 1 {
		t.Errorf("signed: %d loads", n)
	}
}

// What the registry has seen before is not loaded at the start, what was built
// while the server was off is; a folder may come later.
func TestWatchingBeginsWithWhatIsNew(t *testing.T) {
	r := admintest.New()
	dir := filepath.Join(t.TempDir(), "later")
	w := NewWatch(dir, r, quiet(t))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		put := func(name, module string) {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(module), 0o644); err != nil {
				t.Error(err)
			}
		}
		put("old.wasm", "match-mutual 1.0.0 match")
		put("new.wasm", "match-new 1 match")
		go func() { done <- w.Run(ctx) }()
		time.Sleep(3*watchEvery + time.Millisecond) // of the test's own clock
		if n := len(r.Loaded); n != 1 {
			t.Errorf("%d loads at the start", n)
		}
		put("other.wasm", "trim-new 1 trim")
		time.Sleep(3 * watchEvery)
		if n := len(r.Loaded); n != 2 {
			t.Errorf("%d loads after a new file", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAMissingFolderIsNoEnd(t *testing.T) {
	r := admintest.New()
	dir := filepath.Join(t.TempDir(), "later")
	f := &folder{t, NewWatch(dir, r, quiet(t)), r, time.Now()}
	if n := f.loads(2); n != 0 {
		t.Error("loaded from nowhere")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f.write("rule.wasm", "rule 1 match")
	if n := f.loads(2); n != 1 {
		t.Errorf("%d loads once it is there", n)
	}
}
