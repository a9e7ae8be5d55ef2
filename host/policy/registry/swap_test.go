package registry_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store"
)

const (
	swaps    = 1000
	rotation = 8 // different modules
)

// TestThousandSwaps: while everyone asks without a pause, a thousand swaps
// bring no failed call, no answer of one version under another's name, and no
// memory that stays.
func TestThousandSwaps(t *testing.T) {
	h := newHouse(t)
	h.cfg.CacheDir = t.TempDir()
	log := &forgetful{}
	r, err := registry.Open(t.Context(), h.cfg, registry.Deps{Store: log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close(r) })
	modules, value := [rotation][]byte{}, map[string]int64{}
	for n := range rotation {
		modules[n] = guest(n + 1).Bytes()
		v, _ := h.load(r, modules[n])
		value[v.Digest] = int64(n + 1)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var calls atomic.Int64
	ask := func(question func() error) {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := question(); err != nil {
					t.Error(err)
					return
				}
				calls.Add(1)
				runtime.Gosched() // or two processors would do nothing but ask
			}
		})
	}
	off := context.WithoutCancel(t.Context())
	for range 2 {
		ask(func() error {
			seconds, digest, err := r.Decide(off, lobby.Case{What: "call"})
			if by, _, _ := strings.Cut(digest, "/"); err == nil && value[by] != seconds {
				t.Errorf("%d seconds from %s", seconds, digest)
			}
			return err
		})
	}
	ask(func() error { _, err := r.Plan(off, "card", "public"); return err })
	// The reel's way: one table, changed for another when it is stale.
	var table policy.Match
	ask(func() error {
		if table == nil || r.MatchStale(table.Generation()) {
			next, err := r.Match(off)
			if err != nil {
				return err
			}
			if table != nil {
				if err := table.Close(off); err != nil {
					return err
				}
			}
			table = next
		}
		var out [20]int32
		err := table.Score(off, 0, 30, 0, out[:])
		if want := value[table.Generation().Digest]; err == nil && (int64(out[0]) != want || int64(out[19]) != want) {
			t.Errorf("scores %v of %v", out, table.Generation())
		}
		return err
	})

	var heapBefore, residentBefore int64
	began := time.Now()
	for i := range swaps {
		if i == swaps/10 { // pools and maps have their size by now
			heapBefore, residentBefore = memory(t)
		}
		h.load(r, modules[i%rotation])
	}
	heap, resident := memory(t)
	t.Logf("%d calls in %s; %+d bytes of heap, %+d in all", calls.Load(), time.Since(began).Round(time.Millisecond), heap-heapBefore, resident-residentBefore)
	stop()
	wg.Wait()
	if err := table.Close(off); err != nil {
		t.Error(err)
	}
	// Whole pages that the system takes back late are no leak; compiled code that stays would be more.
	if heap-heapBefore > 5<<20 || resident-residentBefore > 32<<20 {
		t.Errorf("%d swaps left %d bytes of heap and %d in all behind", swaps, heap-heapBefore, resident-residentBefore)
	}
	if n := calls.Load(); n < swaps {
		t.Errorf("only %d calls", n)
	}
	if want := 4 + 3*(swaps+rotation); log.changes != want || log.generations != want {
		t.Errorf("%d lines of audit log and %d generations, want %d", log.changes, log.generations, want)
	}
	last := map[registry.Hook]int{}
	for _, v := range r.Status().Versions {
		for _, u := range v.Use {
			last[u.Hook] += int(u.Trapped + u.Invalid)
		}
	}
	for hook, n := range last {
		if n != 0 {
			t.Errorf("%d calls of %s failed", n, hook)
		}
	}
}

// memory is what the process holds after the collector ran, compiled code included.
func memory(t *testing.T) (heap, resident int64) {
	t.Helper()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc), residentBytes(t)
}

// residentBytes is 0 where the system does not tell.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// forgetful counts what it is to store: in this test nothing may grow.
type forgetful struct{ generations, changes int }

func (f *forgetful) SavePlugins(_ context.Context, s store.PluginSave) error {
	f.generations, f.changes = f.generations+len(s.Generations), f.changes+len(s.Changes)
	return s.Check()
}

func (f *forgetful) PluginVersions(context.Context) ([]store.PluginVersion, error) { return nil, nil }

func (f *forgetful) PluginGeneration(context.Context, string, int) (store.PluginGeneration, error) {
	return store.PluginGeneration{}, store.ErrNotFound
}

func (f *forgetful) PluginsServedSince(context.Context, int64) ([]string, error) { return nil, nil }

func (f *forgetful) PluginChanges(context.Context, int64, int) ([]store.PluginChange, error) {
	return nil, nil
}
