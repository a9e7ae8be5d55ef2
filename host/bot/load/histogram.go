package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets of at most 3 % width, from one
// microsecond up, and knows the exact maximum. The zero value is empty. Not
// safe for concurrent use.
type Histogram struct {
	counts [buckets]uint32
	n      uint64
	max    time.Duration
}

const (
	subBits = 5 // 32 buckets to each power of two
	buckets = (65 - subBits) << subBits
)

// Add counts one duration; a negative one counts as zero.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(uint64(d/time.Microsecond))]++
	h.n++
	h.max = max(h.max, d)
}

// Count is how many were added.
func (h *Histogram) Count() uint64 { return h.n }

// Max is the exact longest, zero if there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is a duration that at least the share q (0–1) of all do not exceed,
// at most 3 % above the true one; zero if the histogram is empty.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(q * float64(h.n))
	if float64(rank) < q*float64(h.n) || rank == 0 {
		rank++
	}
	var seen uint64
	for i, c := range h.counts {
		if seen += uint64(c); seen >= rank {
			return min(time.Duration(upperOf(i))*time.Microsecond, h.max)
		}
	}
	return h.max
}

// bucketOf keeps the leading subBits+1 bits of v. Values under 2^(subBits+1)
// have a bucket each.
func bucketOf(v uint64) int {
	shift := max(0, bits.Len64(v)-subBits-1)
	return shift<<subBits + int(v>>shift)
}

// upperOf is the first value past bucket i.
func upperOf(i int) uint64 {
	shift := max(0, i>>subBits-1)
	return uint64(i-shift<<subBits+1) << shift
}
