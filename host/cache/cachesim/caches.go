package cachesim

import (
	"container/heap"
	"container/list"
	"fmt"

	"github.com/dgraph-io/ristretto/v2"
)

// Result is how one cache did.
type Result struct {
	Lookups, Hits int
	Dropped       uint64 // values it did not take
	Evicted       uint64
}

// Rate is the share of hits, 0 to 1.
func (r Result) Rate() float64 { return float64(r.Hits) / float64(max(r.Lookups, 1)) }

// Optimum is the best that a cache of so many entries, into which every missed
// value goes, can do: it evicts what is needed again last (Belady, "A study of
// replacement algorithms for a virtual-storage computer", IBM Systems Journal
// 5(2), 1966). It knows the future, so no real cache can be it.
func Optimum(keys []uint64, entries int) Result {
	next := make([]int, len(keys)) // when the same key is asked for next
	seen := map[uint64]int{}
	for i := len(keys) - 1; i >= 0; i-- {
		next[i] = len(keys)
		if later, ok := seen[keys[i]]; ok {
			next[i] = later
		}
		seen[keys[i]] = i
	}
	r := Result{Lookups: len(keys)}
	held := map[uint64]int{} // key -> when it is needed next
	var queue farthest       // may hold what is true no more; held knows
	for i, k := range keys {
		if _, ok := held[k]; ok {
			r.Hits++
		} else if len(held) >= entries {
			for {
				x := heap.Pop(&queue).(need)
				if at, ok := held[x.key]; ok && at == x.at {
					delete(held, x.key)
					r.Evicted++
					break
				}
			}
		}
		held[k] = next[i]
		heap.Push(&queue, need{k, next[i]})
	}
	return r
}

type need struct {
	key uint64
	at  int
}

type farthest []need

func (f farthest) Len() int           { return len(f) }
func (f farthest) Less(i, j int) bool { return f[i].at > f[j].at }
func (f farthest) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *farthest) Push(x any)        { *f = append(*f, x.(need)) }
func (f *farthest) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

// LRU evicts what was asked for longest ago.
func LRU(keys []uint64, entries int) Result {
	r := Result{Lookups: len(keys)}
	held, order := map[uint64]*list.Element{}, list.New()
	for _, k := range keys {
		if e, ok := held[k]; ok {
			r.Hits++
			order.MoveToFront(e)
			continue
		}
		if len(held) >= entries {
			delete(held, order.Remove(order.Back()).(uint64))
			r.Evicted++
		}
		held[k] = order.PushFront(k)
	}
	return r
}

// Ristretto is the library this server uses, set as this server sets it, with
// one unit of cost for each entry. Each Set has taken effect before the next look-up.
func Ristretto(keys []uint64, entries int) (Result, error) {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, struct{}]{
		NumCounters: int64(3 * entries), MaxCost: int64(entries), BufferItems: 64, IgnoreInternalCost: true, Metrics: true,
	})
	if err != nil {
		return Result{}, fmt.Errorf("cachesim: %w", err)
	}
	defer c.Close()
	r := Result{Lookups: len(keys)}
	for _, k := range keys {
		if _, ok := c.Get(k); ok {
			r.Hits++
			continue
		}
		c.Set(k, struct{}{}, 1)
		c.Wait()
	}
	r.Dropped, r.Evicted = c.Metrics.SetsDropped()+c.Metrics.SetsRejected(), c.Metrics.KeysEvicted()
	return r, nil
}
