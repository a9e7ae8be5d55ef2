package groupcommit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/groupcommit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errOdd = errors.New("odd")

// ledger is a database that refuses odd numbers, and holds a batch that begins
// with hold until it is freed.
type ledger struct {
	batches [][]int
	begun   chan struct{}
	free    chan struct{}
}

const hold = 0

func newLedger() *ledger { return &ledger{begun: make(chan struct{}), free: make(chan struct{})} }

func (l *ledger) commit(writes []int) []error {
	l.batches = append(l.batches, slices.Clone(writes))
	if writes[0] == hold {
		l.begun <- struct{}{}
		<-l.free
	}
	errs := make([]error, len(writes))
	for i, n := range writes {
		if n%2 == 1 {
			errs[i] = errOdd
		}
	}
	return errs
}

// busy returns a writer that is in the middle of a commit.
func busy(t *testing.T, limits groupcommit.Limits) (*ledger, *groupcommit.Writer[int]) {
	t.Helper()
	l := newLedger()
	w := groupcommit.New(limits, l.commit)
	submit(t, w, hold)
	<-l.begun
	return l, w
}

func submit(t *testing.T, w *groupcommit.Writer[int], writes ...int) *groupcommit.Job[int] {
	t.Helper()
	j, err := w.Submit(writes...)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestWhatQueuedIsOneBatchAndEachIsAnsweredItsOwn(t *testing.T) {
	l, w := busy(t, groupcommit.Limits{Jobs: 8, Batch: 8})
	jobs := []*groupcommit.Job[int]{submit(t, w, 2, 3), submit(t, w), submit(t, w, 4), submit(t, w, 5)}
	if w.Queued() != 4 {
		t.Errorf("%d jobs queued", w.Queued())
	}
	close(l.free)
	for i, want := range [][]error{{nil, errOdd}, {}, {nil}, {errOdd}} {
		if got := jobs[i].Wait(t.Context()); !slices.Equal(got, want) {
			t.Errorf("job %d: %v", i, got)
		}
	}
	w.Close()
	if len(l.batches) != 2 || !slices.Equal(l.batches[1], []int{2, 3, 4, 5}) {
		t.Errorf("batches %v", l.batches)
	}
}

func TestALargeJobEndsItsBatch(t *testing.T) {
	l, w := busy(t, groupcommit.Limits{Jobs: 8, Batch: 2})
	submit(t, w, 2, 4, 6)
	submit(t, w, 8)
	close(l.free)
	w.Close()
	if len(l.batches) != 3 || len(l.batches[1]) != 3 || len(l.batches[2]) != 1 {
		t.Errorf("batches %v", l.batches)
	}
}

func TestWhoLeavesTheQueueIsNotWritten(t *testing.T) {
	l, w := busy(t, groupcommit.Limits{Jobs: 8, Batch: 8})
	ctx, cancel := context.WithCancel(t.Context())
	leaver := submit(t, w, 2, 4)
	cancel()
	for _, err := range leaver.Wait(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	stays := submit(t, w, 6)
	close(l.free)
	if err := stays.Wait(t.Context())[0]; err != nil {
		t.Error(err)
	}
	w.Close()
	if got := l.batches[1:]; len(got) != 1 || !slices.Equal(got[0], []int{6}) {
		t.Errorf("written %v", got)
	}
}

func TestAFullQueueAndAClosedOneAreUnavailable(t *testing.T) {
	l, w := busy(t, groupcommit.Limits{Jobs: 1, Batch: 8})
	waits := submit(t, w, 2)
	if err := w.Do(t.Context(), 4)[0]; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a full queue answered %v", err)
	}
	close(l.free)
	w.Close()
	w.Close()
	if err := waits.Wait(t.Context())[0]; err != nil {
		t.Errorf("who waited at the close: %v", err)
	}
	if err := w.Do(t.Context(), 4)[0]; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a closed writer answered %v", err)
	}
}

// Whoever is answered was committed exactly once, in the order they asked,
// whatever the batches.
func TestEveryoneIsCommittedOnceInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limits := groupcommit.Limits{Jobs: 64, Batch: rapid.IntRange(1, 20).Draw(rt, "batch")}
		callers := rapid.IntRange(1, 16).Draw(rt, "callers")
		var committed []int
		w := groupcommit.New(limits, func(writes []int) []error {
			committed = append(committed, writes...)
			return make([]error, len(writes))
		})
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for n := range 10 {
					if errs := w.Do(context.Background(), c*1000+2*n, c*1000+2*n+1); errs[0] != nil || errs[1] != nil {
						panic("refused")
					}
				}
			})
		}
		wg.Wait()
		w.Close()
		next := map[int]int{}
		for _, n := range committed {
			if n%1000 != next[n/1000] {
				rt.Fatalf("caller %d: %d came where %d was due", n/1000, n%1000, next[n/1000])
			}
			next[n/1000]++
		}
		if len(committed) != callers*20 {
			rt.Fatalf("%d committed", len(committed))
		}
	})
}
