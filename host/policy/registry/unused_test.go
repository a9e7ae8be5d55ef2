package registry_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

const month = 30 * 24 * time.Hour

func (h *house) dropUnused(r *registry.Registry) int {
	h.t.Helper()
	n, err := r.DropUnused(h.t.Context(), h.clock.Now().Add(-month))
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// onDisk lists the folder's files.
func (h *house) onDisk() (names []string) {
	h.t.Helper()
	entries, err := os.ReadDir(h.cfg.Dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (h *house) has(digest string) bool { return slices.Contains(h.onDisk(), digest+".wasm") }

// TestUnusedPluginsGo: a month after it last served a plugin goes, unless a roll
// back would return to it; what it did stays told.
func TestUnusedPluginsGo(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	var d [5]string
	for n := range d {
		v, _ := h.load(r, guest(n+1).Bytes())
		d[n] = v.Digest
		decided(t, r)
		h.clock.pass(24 * time.Hour)
	}
	if err := os.WriteFile(filepath.Join(h.cfg.Dir, d[1]+".wasm.sig"), []byte("c2ln\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := h.dropUnused(r); n != 0 {
		t.Errorf("%d went that served this month", n)
	}
	h.clock.pass(month - 4*24*time.Hour + time.Minute) // the first was replaced a month and a minute ago
	h.close(r)                                         // what is warm is so no more
	r = h.open()
	asked := r.Totals().OK
	if n := h.dropUnused(r); n != 1 || h.has(d[0]) || !h.has(d[1]) {
		t.Errorf("%d went; left: %q", n, h.onDisk())
	}
	h.clock.pass(month)
	if n := h.dropUnused(r); n != 2 || h.has(d[1]) || h.has(d[2]) || !h.has(d[3]) || !h.has(d[4]) {
		t.Errorf("%d went; left: %q", n, h.onDisk())
	}
	if left := h.onDisk(); len(left) != 2 {
		t.Errorf("left in the folder: %q", left)
	}
	if h.dropUnused(r) != 0 || state(r, d[1]).Digest != "" || state(r, d[3]).State != registry.Stored || r.Totals().OK != asked {
		t.Errorf("%+v", r.Status())
	}
	log, err := r.History(t.Context(), 0, 100)
	var deleted, loaded int
	for _, c := range log {
		if c.Action == "delete" && c.Who == "napalmsky" && slices.Contains(d[:3], c.Digest) && strings.HasPrefix(c.Before, "plain@") {
			deleted++
		}
		if c.Action == "load" && slices.Contains(d[:3], c.Digest) {
			loaded++
		}
	}
	if err != nil || deleted != 3 || loaded != 9 {
		t.Errorf("the audit log has %d deletions and %d loads: %v", deleted, loaded, err)
	}
	if _, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || decided(t, r) != 4 {
		t.Errorf("what a roll back returns to: %v", err)
	}
	// Behind it the deleted ones are passed over, to the rule that was there first.
	if g, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || !strings.HasPrefix(g.Digest, "native:") {
		t.Errorf("%+v %v", g, err)
	}
	if v, _ := h.load(r, guest(1).Bytes()); v.Digest != d[0] || !h.has(d[0]) || decided(t, r) != 1 {
		t.Errorf("a deleted plugin cannot be loaded again: %+v", v)
	}
}

// TestWhatIsNeededStays, however old it is.
func TestWhatIsNeededStays(t *testing.T) {
	h := newHouse(t)
	h.cfg.KeepWarm = 100 * month
	r := h.open()
	old, _ := h.load(r, touchy(1, nil, trap, nil).Bytes()) // will be in quarantine
	before, _ := h.load(r, guest(2).Bytes())
	bad, _ := h.load(r, touchy(3, nil, trap, nil).Bytes())
	now, _ := h.load(r, guest(4).Bytes())
	if _, err := r.Pause(t.Context(), "ada", registry.Trim); err != nil {
		t.Fatal(err)
	}
	h.clock.pass(3 * month)
	for state(r, old.Digest).State == registry.Draining || state(r, before.Digest).State == registry.Draining {
		runtime.Gosched() // it is being closed
	}
	if n := h.dropUnused(r); n != 2 || !h.has(now.Digest) || !h.has(bad.Digest) || h.has(old.Digest) || h.has(before.Digest) {
		t.Errorf("%d went; left: %q", n, h.onDisk()) // bad is warm, and a roll back's
	}
	if _, err := r.Resume(t.Context(), "ada", registry.Trim); err != nil {
		t.Errorf("what was paused: %v", err)
	}
}

// TestBehindAQuarantineStaysWhatARollBackReturnsTo: a roll back passes over
// what is in quarantine, and so does the protection.
func TestBehindAQuarantineStaysWhatARollBackReturnsTo(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	changes, cancel := r.Subscribe()
	defer cancel()
	good, _ := h.load(r, guest(1).Bytes())
	bad, _ := h.load(r, touchy(2, nil, trap, nil).Bytes())
	for range 5 {
		_, _, _ = r.Decide(t.Context(), lobby.Case{What: "call", Talked: badTalked})
	}
	await(t, changes, "quarantine")
	last, _ := h.load(r, guest(3).Bytes())
	h.close(r)
	h.clock.pass(3 * month)
	r = h.open()
	if n := h.dropUnused(r); n != 1 || h.has(bad.Digest) || !h.has(good.Digest) || !h.has(last.Digest) {
		t.Errorf("%d went; left: %q", n, h.onDisk())
	}
	if _, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || decided(t, r) != 1 {
		t.Errorf("%v", err)
	}
}

// TestDeletionAndDeath: wherever the process dies, what is listed can be loaded.
func TestDeletionAndDeath(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	first, _ := h.load(r, guest(1).Bytes())
	h.load(r, guest(2).Bytes())
	h.load(r, guest(3).Bytes())
	h.close(r)
	h.clock.pass(3 * month)
	r = h.open()

	h.store.Play(storetest.FailNext(storetest.SavePlugins, 1, store.ErrUnavailable))
	if n, err := r.DropUnused(t.Context(), h.clock.Now()); n != 0 || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%d %v", n, err)
	}
	if !h.has(first.Digest) || state(r, first.Digest).State != registry.Stored {
		t.Errorf("a row that stayed lost its file: %q", h.onDisk())
	}
	h.close(r)

	// Dead before the row went: the file comes back.
	aside, at := filepath.Join(h.cfg.Dir, ".gone-"+first.Digest), filepath.Join(h.cfg.Dir, first.Digest+".wasm")
	if err := os.Rename(at, aside); err != nil {
		t.Fatal(err)
	}
	r = h.open()
	if left := h.onDisk(); len(left) != 3 || !h.has(first.Digest) {
		t.Errorf("after a death in between: %q", left)
	}
	h.close(r)

	// Dead after it: the rest goes.
	if err := errors.Join(os.Rename(at, aside), os.WriteFile(at+".sig", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := h.store.SavePlugins(t.Context(), store.PluginSave{Gone: []string{first.Digest}}); err != nil {
		t.Fatal(err)
	}
	r = h.open()
	if left := h.onDisk(); len(left) != 2 || state(r, first.Digest).Digest != "" {
		t.Errorf("after a death before the end: %q", left)
	}
}

// TestWhatIsListedCanBeLoaded: through any sequence of operators' actions,
// pauses of any length, deletions and restarts, every file that is listed is
// there, and a roll back that is possible works.
func TestWhatIsListedCanBeLoaded(t *testing.T) {
	cache := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHouse(t)
		h.cfg.Dir, h.cfg.CacheDir = filepath.Join(t.TempDir(), "plugins"), cache
		r, err := registry.Open(t.Context(), h.cfg, h.deps())
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { h.close(r) }()
		// So many steps and no more: each load compiles.
		for range rapid.IntRange(6, 16).Draw(rt, "steps") {
			on := rapid.SampledFrom(plainHooks).Draw(rt, "hook")
			switch rapid.SampledFrom([]string{"load", "load", "roll back", "pause", "resume", "time", "time", "delete", "restart"}).Draw(rt, "step") {
			case "load":
				n := rapid.IntRange(1, 6).Draw(rt, "n")
				if _, _, err := r.LoadFor(t.Context(), "ada", guest(n).Bytes(), nil, registry.LoadOptions{Hooks: []registry.Hook{on}}); err != nil {
					rt.Fatal(err)
				}
			case "roll back":
				if _, err := r.Rollback(t.Context(), "ada", on); err != nil && !errors.Is(err, registry.ErrNothingBefore) {
					rt.Fatal(err)
				}
			case "pause":
				_, _ = r.Pause(t.Context(), "ada", on)
			case "resume":
				_, _ = r.Resume(t.Context(), "ada", on)
			case "time":
				h.clock.pass(time.Duration(rapid.IntRange(1, 40).Draw(rt, "days")) * 24 * time.Hour)
			case "delete":
				h.dropUnused(r)
			case "restart":
				had := fmt.Sprint(r.Status().Serving)
				h.close(r)
				if r, err = registry.Open(t.Context(), h.cfg, h.deps()); err != nil {
					rt.Fatal(err)
				}
				if has := fmt.Sprint(r.Status().Serving); has != had {
					rt.Fatalf("serves %s, served %s", has, had)
				}
			}
			for _, v := range r.Status().Versions {
				if !strings.HasPrefix(v.Digest, "native:") && !h.has(v.Digest) {
					rt.Fatalf("%s is listed, and not on disk", v.Digest)
				}
			}
		}
	})
}
