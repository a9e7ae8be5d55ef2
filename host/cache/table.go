package cache

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"golang.org/x/sync/singleflight"
)

// Key is what entries are known by.
type Key interface{ uint64 | int64 | string }

// Rules say what a Table holds. All are needed but Load (for a table that is
// only asked Through), Missing, KeepMissing and Owner.
type Rules[K Key, V any] struct {
	Name string // in metrics
	// Load reads a value. Its context is bounded by LoadWait and outlives whoever
	// asked first, since others may wait for the same answer.
	Load     func(ctx context.Context, key K) (V, error)
	LoadWait time.Duration
	// Missing says that an error means "there is none", which is kept for a while
	// too. Nil: no error does.
	Missing     func(error) bool
	Weigh       func(V) int64 // bytes of a value, with what it points to
	Bytes       int64         // the most all entries may weigh together
	Keep        time.Duration // how long a value is believed, each up to a tenth less
	KeepMissing time.Duration // the same for what there is none of
	// Owner says whose a value is, for ForgetOwner. Nil: nobody's.
	Owner func(V) int64
	Now   func() time.Time
}

// Table is one read-through cache: what is not in it is loaded once, however
// many ask at the same time. Safe for concurrent use. What Get answers is
// shared: read only.
//
// A Get never answers what was true only before a Forget, ForgetOwner or
// ForgetAll of it that had returned when the Get began. Beyond that the table may
// forget anything at any time: ristretto keeps what its sketch expects to be asked
// for again, takes a Set as a hint, and shows what was deleted for a moment more.
type Table[K Key, V any] struct {
	rules  Rules[K, V]
	flight singleflight.Group
	marks  marks
	doubt  atomic.Int64 // Unix ns; see Doubt

	mu     sync.RWMutex // held for reading while items is used
	items  *ristretto.Cache[K, entry[V]]
	closed bool
	bytes  int64 // the most now

	hits, misses, failures, evicted, dropped atomic.Uint64
}

type entry[V any] struct {
	value   V
	missing error // what Load said
	until   time.Time
	begun   uint64 // where the marks stood before its load
}

// perEntry is what ristretto needs for one entry beside the value; measured, 150
// to 500 bytes.
const perEntry = 300

// NewTable makes an empty table; the caller closes it.
func NewTable[K Key, V any](r Rules[K, V]) (*Table[K, V], error) {
	if r.Missing == nil {
		r.Missing = func(error) bool { return false }
	}
	t := &Table[K, V]{rules: r, bytes: r.Bytes}
	t.marks.seed = maphash.MakeSeed()
	var err error
	if t.items, err = t.empty(r.Bytes); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Table[K, V]) empty(bytes int64) (*ristretto.Cache[K, entry[V]], error) {
	items, err := ristretto.NewCache(&ristretto.Config[K, entry[V]]{
		// Three counters for each entry that fits: better than the ten it asks for, measured.
		NumCounters: max(3*t.rules.Bytes/(2*perEntry), 1000), MaxCost: max(bytes, 1), BufferItems: 64,
		IgnoreInternalCost: true, // it is in our weights
		// Its own metrics are off: for one of them it remembers 100,000 keys that are gone.
		OnReject: func(*ristretto.Item[entry[V]]) { t.dropped.Add(1) },
		OnEvict: func(i *ristretto.Item[entry[V]]) { // its cleaning up calls this, too
			if i.Expiration.IsZero() {
				t.evicted.Add(1)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", t.rules.Name, err)
	}
	return items, nil
}

// Get answers from the table or, if it is not there, from Load.
func (t *Table[K, V]) Get(ctx context.Context, key K) (V, error) {
	return t.Through(ctx, key, func(ctx context.Context) (V, error) { return t.rules.Load(ctx, key) })
}

// Through is Get with a load of the caller's own, which must answer what any
// other load of this key would.
func (t *Table[K, V]) Through(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	var none V
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if e, ok := t.look(key); ok {
		t.hits.Add(1)
		return e.value, e.missing
	}
	t.misses.Add(1)
	mine := false // this call's own load answers, which began after the call
	answer := t.flight.DoChan(fmt.Sprint(key), func() (any, error) {
		mine = true
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.rules.LoadWait)
		defer cancel()
		return t.load(ctx, key, load), nil
	})
	select {
	case a := <-answer:
		got := a.Val.(loaded[V])
		if !mine && !t.holds(key, got.entry) {
			return load(ctx) // a Forget came between that load and this call, or meanwhile
		}
		return got.value, got.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// loaded is what a load came to; err may be what entry.missing is.
type loaded[V any] struct {
	entry[V]
	err error
}

// look finds what may still be believed.
func (t *Table[K, V]) look(key K) (entry[V], bool) {
	t.mu.RLock()
	e, ok := t.items.Get(key)
	t.mu.RUnlock()
	return e, ok && t.holds(key, e) && t.rules.Now().Before(e.until)
}

// holds says that nothing was forgotten since the load began that e came of.
func (t *Table[K, V]) holds(key K, e entry[V]) bool {
	m := &t.marks
	if m.all.Load() > e.begun || stripe(m, &m.keys, key).Load() > e.begun {
		return false
	}
	return t.rules.Owner == nil || e.missing != nil || stripe(m, &m.owners, t.rules.Owner(e.value)).Load() <= e.begun
}

func (t *Table[K, V]) load(ctx context.Context, key K, load func(context.Context) (V, error)) loaded[V] {
	began, begun := t.rules.Now(), t.marks.now()
	value, err := load(ctx)
	got := loaded[V]{entry[V]{value: value, begun: begun}, err}
	keep, weight := t.rules.Keep, int64(perEntry)
	switch {
	case err == nil:
		weight += t.rules.Weigh(value)
	case t.rules.Missing(err) && t.rules.KeepMissing > 0:
		got.missing, keep = err, t.rules.KeepMissing
	default:
		t.failures.Add(1)
		if until := t.doubt.Load(); began.UnixNano() < until {
			t.doubtUntil(t.rules.Now().Add(doubtFor))
		}
		return got
	}
	if began.UnixNano() < t.doubt.Load() {
		return got
	}
	// Not all of what came at once may go at once.
	keep -= rand.N(max(keep/10, 1))
	got.until = t.rules.Now().Add(keep)
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !t.closed && !t.items.SetWithTTL(key, got.entry, weight, keep) {
		t.dropped.Add(1)
	}
	return got
}

// Forget makes the next Get of key load anew. Call it after a write, whatever
// its outcome, and before anyone hears of it.
func (t *Table[K, V]) Forget(key K) {
	t.marks.set(stripe(&t.marks, &t.marks.keys, key))
	t.mu.RLock()
	if !t.closed {
		t.items.Del(key)
	}
	t.mu.RUnlock()
	t.flight.Forget(fmt.Sprint(key)) // nobody new waits for a load that began before
}

// ForgetOwner forgets every value of this owner.
func (t *Table[K, V]) ForgetOwner(owner int64) {
	t.marks.set(stripe(&t.marks, &t.marks.owners, owner))
}

// ForgetAll forgets everything.
func (t *Table[K, V]) ForgetAll() { t.marks.set(&t.marks.all) }

// doubtFor is longer than a write can be under way whose caller was told that
// its outcome is unknown.
const doubtFor = time.Minute

// Doubt says that the store may still change without another Forget: a write of
// unknown outcome may be under way. What is loaded in the next minute is not
// kept; a load that fails meanwhile makes it a minute from then.
func (t *Table[K, V]) Doubt() { t.doubtUntil(t.rules.Now().Add(doubtFor)) }

func (t *Table[K, V]) doubtUntil(at time.Time) {
	for {
		was := t.doubt.Load()
		if was >= at.UnixNano() || t.doubt.CompareAndSwap(was, at.UnixNano()) {
			return
		}
	}
}

// Shrink empties the table and lets it have an eighth of its bytes, or (on is
// false) all of them again.
func (t *Table[K, V]) Shrink(on bool) {
	bytes := t.rules.Bytes
	if on {
		bytes /= 8
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed || bytes == t.bytes:
		return
	case bytes > t.bytes:
		t.items.UpdateMaxCost(bytes)
	default:
		// A smaller limit alone would free nothing before the next entry comes.
		items, err := t.empty(bytes)
		if err != nil {
			return // the same settings were good before
		}
		t.items.Close()
		t.items = items
	}
	t.bytes = bytes
}

// Close frees the table; nothing may be asked of it any more. A load that is
// still under way ends by itself.
func (t *Table[K, V]) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		t.items.Close()
	}
}

// Stats is how one table does; all but Bytes counted since the start.
type Stats struct {
	Name      string
	Hits      uint64
	Misses    uint64
	Failures  uint64 // loads that failed
	Evictions uint64 // entries that had to make room, in a Shrink too
	Dropped   uint64 // values ristretto did not take
	Bytes     int64  // what the entries weigh
	Max       int64  // and the most they may now
}

// Stats is a snapshot.
func (t *Table[K, V]) Stats() Stats {
	t.mu.RLock()
	defer t.mu.RUnlock()
	s := Stats{
		Name: t.rules.Name, Hits: t.hits.Load(), Misses: t.misses.Load(), Failures: t.failures.Load(),
		Evictions: t.evicted.Load(), Dropped: t.dropped.Load(), Max: t.bytes,
	}
	if !t.closed {
		s.Bytes = t.items.MaxCost() - t.items.RemainingCost()
	}
	return s
}
