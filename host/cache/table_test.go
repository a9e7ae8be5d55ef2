package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errNone = errors.New("none")

// shelf is what is behind the table under test.
type shelf struct {
	mu    sync.Mutex
	rows  map[int64]string
	reads atomic.Int64
	now   atomic.Int64  // ms
	hold  chan struct{} // not nil: a load waits for it after it has read
	held  chan struct{}
}

func (s *shelf) load(ctx context.Context, key int64) (string, error) {
	s.reads.Add(1)
	s.mu.Lock()
	v, ok := s.rows[key]
	s.mu.Unlock()
	if s.hold != nil {
		s.held <- struct{}{}
		select {
		case <-s.hold:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if !ok {
		return "", fmt.Errorf("row %d: %w", key, errNone)
	}
	return v, nil
}

func (s *shelf) write(t *Table[int64, string], key int64, value string) {
	s.mu.Lock()
	s.rows[key] = value
	s.mu.Unlock()
	t.Forget(key)
}

func newShelf(t interface {
	Fatal(...any)
	Cleanup(func())
}) (*shelf, *Table[int64, string]) {
	s := &shelf{rows: map[int64]string{}}
	table, err := NewTable(Rules[int64, string]{
		Name: "rows", Load: s.load, LoadWait: 10 * time.Second, Missing: func(err error) bool { return errors.Is(err, errNone) },
		Weigh: func(v string) int64 { return int64(len(v)) }, Bytes: 1 << 20, Keep: time.Minute, KeepMissing: 10 * time.Second,
		Now: func() time.Time { return time.UnixMilli(s.now.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(table.Close)
	return s, table
}

// settled has what was Set found by the next Get.
func settled(t *Table[int64, string]) { t.items.Wait() }

func TestReadOnceThenFromTheTable(t *testing.T) {
	s, table := newShelf(t)
	s.rows[7] = "ann"
	get := func(want string, reads int64) {
		t.Helper()
		v, err := table.Get(t.Context(), 7)
		settled(table)
		if v != want || err != nil || s.reads.Load() != reads {
			t.Errorf("got %q, %v after %d reads; want %q after %d", v, err, s.reads.Load(), want, reads)
		}
	}
	get("ann", 1)
	get("ann", 1)
	s.write(table, 7, "eve")
	get("eve", 2)
	get("eve", 2)
	s.now.Add(60_001) // its time is over
	get("eve", 3)
	if st := table.Stats(); st.Hits != 2 || st.Misses != 3 || st.Bytes < perEntry+3 {
		t.Errorf("stats %+v", st)
	}
}

func TestWhatIsNotThereIsNotAskedForAgainAtOnce(t *testing.T) {
	s, table := newShelf(t)
	for range 3 {
		if _, err := table.Get(t.Context(), 8); !errors.Is(err, errNone) {
			t.Fatal(err)
		}
		settled(table)
	}
	if s.reads.Load() != 1 {
		t.Errorf("%d reads", s.reads.Load())
	}
	s.write(table, 8, "new")
	if v, err := table.Get(t.Context(), 8); v != "new" || err != nil {
		t.Errorf("after the write: %q, %v", v, err)
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	s, table := newShelf(t)
	s.hold, s.held = make(chan struct{}), make(chan struct{}, 10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := table.Get(ctx, 9); done <- err }()
	<-s.held
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who went away heard %v", err)
	}
	close(s.hold) // the load goes on for others: there is no row, which is kept, not the hurry
	if _, err := table.Get(t.Context(), 9); !errors.Is(err, errNone) {
		t.Errorf("who stayed heard %v", err)
	}
}

func TestManyAskersAreOneRead(t *testing.T) {
	s, table := newShelf(t)
	s.rows[1] = "ann"
	s.hold, s.held = make(chan struct{}), make(chan struct{}, 100)
	var all sync.WaitGroup
	started := make(chan struct{}, 50)
	for range 50 {
		all.Go(func() {
			started <- struct{}{}
			if v, err := table.Get(t.Context(), 1); v != "ann" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		})
	}
	for range 50 {
		<-started
	}
	<-s.held
	close(s.hold)
	all.Wait()
	if n := s.reads.Load(); n > 3 { // a latecomer may find the load over and the Set not yet settled
		t.Errorf("%d reads for 50 who asked at once", n)
	}
}

// TestAnOvertakenLoadIsNotKept: a load reads, a write and its Forget pass it, and
// only then does it answer. What it read must not be what others find.
func TestAnOvertakenLoadIsNotKept(t *testing.T) {
	s, table := newShelf(t)
	s.rows[1] = "old"
	s.hold, s.held = make(chan struct{}), make(chan struct{}, 10)
	first := make(chan string, 1)
	go func() { v, _ := table.Get(t.Context(), 1); first <- v }()
	<-s.held
	s.write(table, 1, "new")
	second := make(chan string, 1)
	go func() { v, _ := table.Get(t.Context(), 1); second <- v }()
	<-s.held // it does not wait for the first one's load
	close(s.hold)
	if v := <-first; v != "old" {
		t.Errorf("who asked before the write may hear either, and heard %q", v)
	}
	if v := <-second; v != "new" {
		t.Errorf("who asked after the write heard %q", v)
	}
	settled(table)
	if v, _ := table.Get(t.Context(), 1); v != "new" {
		t.Errorf("what stays is %q", v)
	}
}

// TestNobodyReadsTheirOwnWriteLate: any mix of reads and writes over few keys,
// each write followed by a read of the same key.
func TestNobodyReadsTheirOwnWriteLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, table := newShelf(t)
		var all sync.WaitGroup
		for worker := range 4 {
			keys := rapid.SliceOfN(rapid.Int64Range(0, 3), 1, 40).Draw(t, "keys")
			all.Go(func() {
				for i, k := range keys {
					key := k*4 + int64(worker) // its own, so that it knows what is true; stripes are shared
					value := fmt.Sprint(worker, i)
					if _, err := table.Get(context.Background(), key); err != nil && !errors.Is(err, errNone) {
						t.Error(err)
					}
					s.write(table, key, value)
					for range 3 {
						if v, err := table.Get(context.Background(), key); v != value || err != nil {
							t.Errorf("wrote %q, read %q, %v", value, v, err)
						}
					}
				}
			})
		}
		all.Wait()
	})
}

func TestTheBoundHolds(t *testing.T) {
	s, table := newShelf(t)
	for k := range int64(10_000) {
		s.rows[k] = string(make([]byte, 1000))
		if _, err := table.Get(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	settled(table)
	if st := table.Stats(); st.Bytes > 1<<20 || st.Bytes < 1<<18 || st.Evictions+st.Dropped < 5000 {
		t.Errorf("stats %+v", st)
	}
	table.Shrink(true)
	for k := range int64(200) {
		_, _ = table.Get(t.Context(), 20_000+k%3) // no row: they only push
		settled(table)
	}
	s.rows[30_000] = "x"
	_, _ = table.Get(t.Context(), 30_000)
	settled(table)
	if st := table.Stats(); st.Bytes > 1<<17 {
		t.Errorf("after the resize: %+v", st)
	}
}

// TestWhatIsForgottenTakesNoRoom: however many come and go, nothing is kept of them.
func TestWhatIsForgottenTakesNoRoom(t *testing.T) {
	s, table := newShelf(t)
	live := func() int64 {
		settled(table)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	comeAndGo := func(from, to int64) {
		for k := from; k < to; k++ {
			s.rows[k] = "x"
			if _, err := table.Get(t.Context(), k); err != nil {
				t.Fatal(err)
			}
			delete(s.rows, k)
			settled(table)
			table.Forget(k)
		}
	}
	comeAndGo(0, 2_000)
	before := live()
	comeAndGo(2_000, 22_000)
	if grown := live() - before; grown > 512<<10 {
		t.Errorf("%d KB more after 20,000 that are gone", grown>>10)
	}
	if st := table.Stats(); st.Bytes != 0 || st.Dropped != 0 {
		t.Errorf("stats %+v", st)
	}
}
