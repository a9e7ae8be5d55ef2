package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// still is an answerer that only can be closed.
type still struct {
	answerer
	closed func()
}

func (s still) Manifest() abi.Manifest {
	return abi.Manifest{Name: "still", Version: "1", Hooks: []string{"trim"}}
}
func (s still) Trim() (policy.Trim, error)  { return nil, nil }
func (s still) Close(context.Context) error { s.closed(); return nil }

// TestLeases: however holders come and go, a version is closed once, when the
// last lease is given back, and nobody gets one after that.
func TestLeases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		closed := 0
		run := newRunning(&version{digest: "d"}, still{}, nil, func(*running) { closed++ })
		held := 1
		t.Repeat(map[string]func(*rapid.T){
			"acquire": func(t *rapid.T) {
				if got := run.acquire(); got != (held > 0) {
					t.Fatalf("acquired: %v with %d held", got, held)
				} else if got {
					held++
				}
			},
			"release": func(t *rapid.T) {
				if held == 0 {
					t.Skip("none is held")
				}
				run.release()
				held--
			},
			"": func(t *rapid.T) {
				if want := 1 - min(held, 1); closed != want {
					t.Fatalf("closed %d times with %d held", closed, held)
				}
			},
		})
	})
}

// TestSlotDrains: through any sequence of swaps, with askers holding leases
// over them, exactly what serves and what is warm stays open.
func TestSlotDrains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		open := map[*running]bool{}
		begin := func(n int) *running {
			run := newRunning(&version{digest: fmt.Sprint(n)}, still{}, nil, func(r *running) {
				if !open[r] {
					t.Fatal("closed twice")
				}
				delete(open, r)
			})
			open[run] = true
			return run
		}
		s := &slot{hook: Trim}
		timers := map[*serving]bool{}
		put := func(rev, back int, run *running) {
			v, err := newServing(Generation{Hook: Trim, Rev: rev}, back, run, run)
			if err != nil {
				t.Fatal(err)
			}
			run.release()
			for _, gone := range s.put(v, time.Hour, func(*serving) {}) {
				gone.giveUp()
			}
			timers[v] = true
		}
		rev := 1
		put(rev, 0, begin(rev))
		var asking []*running
		t.Repeat(map[string]func(*rapid.T){
			"load": func(t *rapid.T) {
				rev++
				put(rev, s.now.Load().gen.Rev, begin(rev))
			},
			"roll back": func(t *rapid.T) {
				w := s.warm.Load()
				if w == nil || !w.own.acquire() {
					t.Skip("cold")
				}
				rev++
				put(rev, w.back, w.own)
			},
			"again": func(t *rapid.T) { // as pause and resume do
				now := s.now.Load()
				now.own.acquire()
				rev++
				put(rev, now.back, now.own)
			},
			"cool": func(t *rapid.T) {
				if w := s.warm.Load(); w != nil {
					s.keep(nil, 0, nil)
					w.giveUp()
				}
			},
			"ask": func(t *rapid.T) {
				v, err := s.lease()
				if err != nil {
					t.Fatal(err)
				}
				asking = append(asking, v.by)
			},
			"answered": func(t *rapid.T) {
				if len(asking) == 0 {
					t.Skip("nobody asks")
				}
				asking[0].release()
				asking = asking[1:]
			},
			"": func(t *rapid.T) {
				want := map[*running]bool{s.now.Load().own: true}
				if w := s.warm.Load(); w != nil {
					want[w.own] = true
					if w.gen.Rev != s.now.Load().back {
						t.Fatalf("revision %d is warm, %d is what a roll back returns to", w.gen.Rev, s.now.Load().back)
					}
				}
				for _, run := range asking {
					want[run] = true
				}
				for run := range want {
					if !open[run] {
						t.Fatalf("%s was closed under its users", run.version.digest)
					}
				}
				if len(open) != len(want) {
					t.Fatalf("%d are open, %d are in use", len(open), len(want))
				}
			},
		})
		for _, run := range asking {
			run.release()
		}
		for _, gone := range s.put(nil, 0, nil) {
			gone.giveUp()
		}
		if len(open) != 0 {
			t.Fatalf("%d stay open for ever", len(open))
		}
		if _, err := s.lease(); !errors.Is(err, policy.ErrClosed) {
			t.Fatal(err)
		}
	})
}

// TestLeaseOfTheDrained: whoever read who serves just before it was replaced
// and drained gets the next one.
func TestLeaseOfTheDrained(t *testing.T) {
	s := &slot{hook: Trim}
	old := newRunning(&version{}, still{}, nil, func(*running) {})
	s.now.Store(&serving{by: old})
	old.release()
	got := make(chan *serving)
	go func() {
		v, err := s.lease()
		if err != nil {
			t.Error(err)
		}
		got <- v
	}()
	next := &serving{by: newRunning(&version{}, still{}, nil, func(*running) {})}
	select {
	case <-got:
		t.Fatal("the drained one was leased")
	case <-time.After(time.Millisecond):
		s.now.Store(next)
	}
	if v := <-got; v != next {
		t.Error("another one was leased")
	}
}

// TestLeaseRaces: many askers over many swaps; nobody is ever given a closed one.
func TestLeaseRaces(t *testing.T) {
	s := &slot{hook: Trim}
	var closed sync.Map
	put := func(rev int) {
		run := newRunning(&version{digest: fmt.Sprint(rev)}, still{}, nil, func(r *running) { closed.Store(r, true) })
		v, err := newServing(Generation{Hook: Trim, Rev: rev}, rev-1, run, run)
		if err != nil {
			t.Fatal(err)
		}
		run.release()
		for _, gone := range s.put(v, time.Hour, func(*serving) {}) {
			gone.giveUp()
		}
	}
	put(1)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				v, err := s.lease()
				if err != nil {
					t.Error(err)
					return
				}
				if _, gone := closed.Load(v.by); gone {
					t.Error("a closed one was handed out")
				}
				v.by.release()
			}
		})
	}
	for rev := range 3000 {
		put(rev + 2)
	}
	close(done)
	wg.Wait()
	for _, gone := range s.put(nil, 0, nil) {
		gone.giveUp()
	}
	n := 0
	closed.Range(func(any, any) bool { n++; return true })
	if n != 3001 {
		t.Errorf("%d of 3001 closed", n)
	}
}

func TestFuse(t *testing.T) {
	q := Quarantine{Failures: 3, Window: time.Minute}
	rapid.Check(t, func(t *rapid.T) {
		var f fuse
		var times []time.Time
		now := time.UnixMilli(1_790_000_000_000)
		blown := false
		for range rapid.IntRange(1, 30).Draw(t, "failures") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			times = append(times, now)
			want := !blown && len(times) >= 3 && now.Sub(times[len(times)-3]) < time.Minute
			if got := f.failed(now, q); got != want {
				t.Fatalf("at %v: blew %v, want %v", times, got, want)
			}
			blown = blown || want
			if blown && rapid.Bool().Draw(t, "mend") {
				f.mend()
				blown, times = false, nil
			}
		}
	})
}

func TestHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h histogram
		if h.quantile(0.5) != 0 {
			t.Fatal("a quantile of nothing")
		}
		one := rapid.Int64Range(0, int64(time.Second)).Draw(t, "ns")
		h.add(time.Duration(one))
		got := h.quantile(0.99) * 1000
		if float64(one) > got || got > max(80, float64(one)*1.26) {
			t.Fatalf("%d ns are shown as %v", one, got)
		}
	})
	var h histogram
	for range 990 {
		h.add(10 * time.Microsecond)
	}
	for range 10 {
		h.add(50 * time.Millisecond)
	}
	h.add(time.Hour)
	if p50, p99 := h.quantile(0.5), h.quantile(0.99); p50 < 10 || p50 > 12.5 || p99 < 50_000 || p99 > 62_500 {
		t.Error(p50, p99)
	}
}

func TestCacheIsBounded(t *testing.T) {
	dir := t.TempDir()
	begin := time.UnixMilli(1_790_000_000_000)
	for i := range 10 {
		path := filepath.Join(dir, "engine-1", fmt.Sprint(i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, make([]byte, 1000), 0o600),
			os.Chtimes(path, begin, begin.Add(time.Duration(i)*time.Hour))); err != nil {
			t.Fatal(err)
		}
	}
	if err := trimCache(dir, 3500); err != nil {
		t.Fatal(err)
	}
	var left []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			left = append(left, d.Name())
		}
		return err
	}); err != nil || strings.Join(left, "") != "789" {
		t.Error(left, err)
	}
	if err := trimCache(filepath.Join(dir, "missing"), 1); err != nil {
		t.Error(err)
	}
}

// TestSlowToCompile: an operator is told in time, whoever comes next waits for
// the processors, and what is opened after all is closed.
func TestSlowToCompile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, closed := make(chan struct{}), 0
		var tasks sync.WaitGroup
		l := newLoader(Config{Limits: Limits{CompileTimeout: 30 * time.Second}}.withDefaults(), Deps{}.withDefaults(), func(f func()) { tasks.Go(f) })
		l.open = func(context.Context, []byte, wasm.Options) (answerer, error) {
			<-release
			return still{closed: func() { closed++ }}, nil
		}
		began := time.Now()
		for range 2 {
			if _, err := l.build(t.Context(), nil, nil, nil, nil); !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), "within 30s") {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != time.Minute {
			t.Error(took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.build(ctx, nil, nil, nil, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(release)
		tasks.Wait()
		if closed != 1 {
			t.Errorf("%d closed", closed)
		}
	})
}

// TestCloseWaits: a table that is open holds the registry up, as long as the
// closer is willing; nothing is freed under it.
func TestCloseWaits(t *testing.T) {
	run := newRunning(&version{digest: "d"}, still{closed: func() {}}, nil, nil)
	r := &Registry{slots: map[Hook]*slot{}, runs: map[*running]bool{run: true}, acting: newLock(), moved: make(chan struct{}, 1)}
	run.drained = r.drained
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	go run.release()
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
