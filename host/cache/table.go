package cache

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"golang.org/x/sync/singleflight"
)

// Key is what entries are known by.
type Key interface{ uint64 | int64 | string }

// Rules say what a Table holds. All are needed but Missing and KeepMissing.
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
	Now         func() time.Time
}

// Table is one read-through cache: what is not in it is loaded once, however
// many ask at the same time. Safe for concurrent use.
//
// A Get never answers what was true only before a Forget of its key that had
// returned when the Get began. Beyond that the table may forget anything at any
// time: ristretto keeps what its sketch expects to be asked for again, and takes
// a Set as a hint.
type Table[K Key, V any] struct {
	rules  Rules[K, V]
	items  *ristretto.Cache[K, entry[V]]
	flight singleflight.Group

	// Each stripe counts the Forgets of its keys. An entry holds only while its
	// stripe stands where it stood before its load: so a load that a Forget overtook
	// is not believed, nor what ristretto, whose Sets and Dels take effect some time
	// later, shows for a moment although it was deleted.
	seed    maphash.Seed
	stripes [4096]atomic.Uint64

	hits, misses, failures atomic.Uint64
}

type entry[V any] struct {
	value   V
	missing error // what Load said
	until   time.Time
	stripe  uint64 // where its stripe stood
}

// perEntry is what ristretto needs for one entry beside the value; measured, 150
// to 500 bytes.
const perEntry = 300

// NewTable makes an empty table; the caller closes it.
func NewTable[K Key, V any](r Rules[K, V]) (*Table[K, V], error) {
	if r.Missing == nil {
		r.Missing = func(error) bool { return false }
	}
	items, err := ristretto.NewCache(&ristretto.Config[K, entry[V]]{
		// Three counters for each entry that fits: better than the ten it asks for, measured.
		NumCounters: max(3*r.Bytes/(2*perEntry), 1000), MaxCost: r.Bytes, BufferItems: 64,
		IgnoreInternalCost: true, // it is in our weights
		Metrics:            true,
	})
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", r.Name, err)
	}
	return &Table[K, V]{rules: r, items: items, seed: maphash.MakeSeed()}, nil
}

// Get answers from the table or, if it is not there, from Load.
func (t *Table[K, V]) Get(ctx context.Context, key K) (V, error) {
	if e, ok := t.items.Get(key); ok && e.stripe == t.stripe(key).Load() && t.rules.Now().Before(e.until) {
		t.hits.Add(1)
		return e.value, e.missing
	}
	t.misses.Add(1)
	answer := t.flight.DoChan(fmt.Sprint(key), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.rules.LoadWait)
		defer cancel()
		v, err := t.load(ctx, key)
		return v, err
	})
	var none V
	select {
	case a := <-answer:
		if v, ok := a.Val.(V); ok {
			return v, a.Err
		}
		return none, a.Err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (t *Table[K, V]) load(ctx context.Context, key K) (V, error) {
	stands := t.stripe(key).Load()
	value, err := t.rules.Load(ctx, key)
	e, keep, weight := entry[V]{value: value, stripe: stands}, t.rules.Keep, int64(perEntry)
	switch {
	case err == nil:
		weight += t.rules.Weigh(value)
	case t.rules.Missing(err) && t.rules.KeepMissing > 0:
		e.missing, keep = err, t.rules.KeepMissing
	default:
		t.failures.Add(1)
		return value, err
	}
	// Not all of what came at once may go at once.
	keep -= rand.N(max(keep/10, 1))
	e.until = t.rules.Now().Add(keep)
	t.items.SetWithTTL(key, e, weight, keep)
	return value, err
}

// Forget makes the next Get load anew. Call it after a write, whatever its
// outcome, and before anyone hears of it.
func (t *Table[K, V]) Forget(key K) {
	t.stripe(key).Add(1)
	t.items.Del(key)
	t.flight.Forget(fmt.Sprint(key)) // nobody new waits for a load that began before
}

func (t *Table[K, V]) stripe(key K) *atomic.Uint64 {
	return &t.stripes[maphash.Comparable(t.seed, key)%uint64(len(t.stripes))]
}

// Resize changes the most all entries may weigh; what is too much goes as new ones come.
func (t *Table[K, V]) Resize(bytes int64) { t.items.UpdateMaxCost(max(bytes, 1)) }

// Close frees the table; nothing may be asked of it any more.
func (t *Table[K, V]) Close() { t.items.Close() }

// Stats is how one table does; all but Bytes counted since the start.
type Stats struct {
	Name      string
	Hits      uint64
	Misses    uint64
	Failures  uint64 // loads that failed
	Evictions uint64
	Dropped   uint64 // values ristretto did not take
	Bytes     int64  // what the entries weigh
}

// Stats is a snapshot.
func (t *Table[K, V]) Stats() Stats {
	m := t.items.Metrics
	return Stats{
		Name: t.rules.Name, Hits: t.hits.Load(), Misses: t.misses.Load(), Failures: t.failures.Load(),
		Evictions: m.KeysEvicted(), Dropped: m.SetsDropped() + m.SetsRejected(), Bytes: t.items.MaxCost() - t.items.RemainingCost(),
	}
}
