package steward

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house has memory as a number, and things that weigh something until shed.
type house struct {
	used   uint64
	weight map[string]uint64
	order  []string // what was done: "-caches", "+caches"
}

func (h *house) shed(name string, weight uint64) Shed {
	h.weight[name] = weight
	return Shed{Name: name,
		Shed: func() { h.used -= h.weight[name]; h.order = append(h.order, "-"+name) },
		Back: func() { h.used += h.weight[name]; h.order = append(h.order, "+"+name) }}
}

func newHouse() (*house, *Steward) {
	h := &house{weight: map[string]uint64{}}
	s := New(Config{}, Deps{
		Read:  func() Memory { return Memory{Used: h.used, Limit: 1000} },
		Sheds: []Shed{h.shed("instances", 20), h.shed("caches", 30), h.shed("buffers", 10), h.shed("newcomers", 0)},
		Free:  func() {}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	return h, s
}

func TestMemoryIsShedInOrderAndTakenBackInReverse(t *testing.T) {
	h, s := newHouse()
	step := func(what string, used uint64, want Level, order string) {
		t.Helper()
		h.used, h.order = used, nil
		s.look()
		if got := strings.Join(h.order, " "); s.Level() != want || got != order {
			t.Errorf("%s: %v, did %q; want %v, %q", what, s.Level(), got, want, order)
		}
	}
	step("room", 500, Calm, "")
	step("the warning mark", 760, Warning, "")
	step("a little less is no news", 720, Warning, "")
	step("room again", 690, Calm, "")
	step("critical, one thing helps", 910, Critical, "-instances")
	step("not yet room to take it back", 800, Critical, "")
	step("critical again", 950, Critical, "-caches -buffers -newcomers")
	if st := s.Stats(); !slices.Equal(st.Shed, []string{"instances", "caches", "buffers", "newcomers"}) || st.Sheds != 4 {
		t.Errorf("stats are %+v", st)
	}
	step("nothing is left to shed", 980, Critical, "")
	step("room", 700, Critical, "+newcomers")
	step("room", 700, Critical, "+buffers")
	step("room", 700, Critical, "+caches")
	step("all is back", 700, Warning, "+instances")
	step("calm", 600, Calm, "")
}

func TestGarbageIsNotShedFor(t *testing.T) {
	h, s := newHouse()
	h.used = 950
	s.deps.Free = func() { h.used = 600 }
	s.look()
	if len(h.order) > 0 || s.Level() != Calm {
		t.Errorf("did %q at %v though the collector could give it back", h.order, s.Level())
	}
}

// TestNothingToShedIsNoReasonToCollectAllTheTime: a collection is followed by a
// look, which must not collect again at once, whether memory is critical to the
// end or hangs between the marks.
func TestNothingToShedIsNoReasonToCollectAllTheTime(t *testing.T) {
	for name, used := range map[string]uint64{"critical": 950, "between": 800} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var look func()
				var now atomic.Uint64
				now.Store(950)
				frees := 0
				s := New(Config{LookEvery: time.Minute}, Deps{
					Read:        func() Memory { return Memory{Used: now.Load(), Limit: 1000} },
					Sheds:       []Shed{{Name: "all there is", Shed: func() { now.Store(used) }}},
					Collections: func(f func()) func() { look = f; return func() {} },
					Free: func() {
						if frees++; frees < 1000 {
							look()
						}
					},
					Now: time.Now, Log: slog.New(slog.DiscardHandler),
				})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- s.Run(ctx) }()
				time.Sleep(10*time.Minute + time.Second) // the bubble's clock
				synctest.Wait()
				if frees < 8 || frees > 15 {
					t.Errorf("%d forced collections in ten minutes, want about one a minute", frees)
				}
				cancel()
				<-done
			})
		})
	}
}

func TestWithoutALimitNothingIsShed(t *testing.T) {
	h, s := newHouse()
	s.deps.Read = func() Memory { return Memory{Used: 1 << 40} }
	s.look()
	if len(h.order) > 0 || s.Level() != Calm {
		t.Errorf("did %q", h.order)
	}
}

// TestShedsAreBalanced: however the memory moves, what is shed is always the
// first few of the list, each once.
func TestShedsAreBalanced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, s := newHouse()
		for _, used := range rapid.SliceOf(rapid.Uint64Range(100, 1100)).Draw(t, "used") {
			h.used = used
			s.look()
			if s.shed > 0 != (s.Level() == Critical) && h.used < 900 {
				t.Fatalf("%d things shed at %v", s.shed, s.Level())
			}
		}
		s.takeBack(0)
		var open []string
		for _, o := range h.order {
			if o[0] == '-' {
				open = append(open, o[1:])
			} else if len(open) == 0 || open[len(open)-1] != o[1:] {
				t.Fatalf("%s taken back out of order: %v", o, h.order)
			} else {
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Fatalf("still shed at the end: %v", open)
		}
	})
}

func TestChoresGoOnWhereOneFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var left, parts atomic.Int32
		left.Store(25)
		var settled atomic.Int32
		var broken atomic.Bool
		broken.Store(true)
		s := New(Config{CleanEvery: time.Minute}, Deps{
			Read: func() Memory { return Memory{} }, Free: func() {}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Collections: func(func()) func() { return func() {} }, Settled: func() { settled.Add(1) },
			Chores: []Chore{
				{"broken", func(context.Context, time.Time) (int, bool, error) {
					if broken.Load() {
						return 0, true, errors.New("the disk is full")
					}
					return 1, false, nil
				}},
				{"sessions", func(context.Context, time.Time) (int, bool, error) {
					parts.Add(1)
					n := min(left.Load(), 10)
					return int(n), left.Add(-n) > 0, nil
				}},
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if left.Load() != 25 {
			t.Error("cleaned too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if st := s.Stats(); left.Load() != 0 || parts.Load() != 3 || st.Gone["sessions"] != 25 || st.Failed["broken"] != 1 {
			t.Errorf("%d left after %d parts, %+v", left.Load(), parts.Load(), st)
		}
		broken.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := s.Stats(); st.Gone["broken"] != 1 || st.Rounds != 2 {
			t.Errorf("after the mend: %+v", st)
		}
		if settled.Load() != 1 {
			t.Errorf("what only the start needed was given back %d times", settled.Load())
		}
		s.Stirred()
		time.Sleep(time.Hour)
		synctest.Wait()
		if settled.Load() != 2 {
			t.Errorf("after a stir %d times", settled.Load())
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestAfterACollectionTheMemoryIsRead(t *testing.T) {
	var reads atomic.Int32
	read := make(chan struct{}, 1)
	s := New(Config{LookEvery: time.Hour}, Deps{
		Read: func() Memory {
			if reads.Add(1) > 1 {
				select {
				case read <- struct{}{}:
				default:
				}
			}
			return Memory{}
		},
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for again := true; again; { // the first reading is at the start
		runtime.GC()
		select {
		case <-read:
			again = false
		default:
			runtime.Gosched()
		}
	}
	cancel()
	<-done
}
