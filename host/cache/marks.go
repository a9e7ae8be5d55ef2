package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// marks say since when what was read before holds no more. One counter numbers
// all that happens; a read notes where the counter stood when it began, and
// holds while none of its marks is later. Keys share marks (stripes), so now and
// then one is forgotten for another's sake. Safe for concurrent use.
type marks struct {
	seed   maphash.Seed
	count  atomic.Uint64
	all    atomic.Uint64
	keys   [4096]atomic.Uint64
	owners [4096]atomic.Uint64
}

// now is where the counter stands.
func (m *marks) now() uint64 { return m.count.Load() }

// set lets nothing under mark hold that began before this call.
func (m *marks) set(mark *atomic.Uint64) {
	n := m.count.Add(1)
	for {
		was := mark.Load()
		if was >= n || mark.CompareAndSwap(was, n) {
			return // a later one may have come first; it stands for both
		}
	}
}

func stripe[K comparable](m *marks, of *[4096]atomic.Uint64, key K) *atomic.Uint64 {
	return &of[maphash.Comparable(m.seed, key)%uint64(len(of))]
}
