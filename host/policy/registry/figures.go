package registry

import (
	"errors"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
)

// counters are one hook's of a version; safe for concurrent use.
type counters struct {
	ok, trapped, exhausted, invalid, nanos atomic.Uint64
	fuel                                   atomic.Uint64 // of instances that are closed
	took                                   histogram
}

// add counts a call by its outcome, and says whether it was the plugin's failure.
func (c *counters) add(took time.Duration, err error) (failed bool) {
	switch {
	case err == nil:
		c.ok.Add(1)
	case errors.Is(err, policy.ErrTrap):
		c.trapped.Add(1)
		if errors.Is(err, policy.ErrFuel) {
			c.exhausted.Add(1)
		}
		failed = true
	case errors.Is(err, policy.ErrInvalid):
		c.invalid.Add(1)
		failed = true
	default:
		return false // the asker went away, or asked nonsense
	}
	took = max(took, 0)
	c.nanos.Add(uint64(took))
	c.took.add(took)
	return failed
}

// plus adds all that another counted but for how long each call took.
func (c *counters) plus(o *counters) {
	c.ok.Add(o.ok.Load())
	c.trapped.Add(o.trapped.Load())
	c.exhausted.Add(o.exhausted.Load())
	c.invalid.Add(o.invalid.Load())
	c.nanos.Add(o.nanos.Load())
	c.fuel.Add(o.fuel.Load())
}

func (c *counters) figure(h Hook) HookFigure {
	f := HookFigure{Hook: h, Trapped: c.trapped.Load(), Exhausted: c.exhausted.Load(), Invalid: c.invalid.Load(), Fuel: c.fuel.Load()}
	f.Calls = c.ok.Load() + f.Trapped + f.Invalid
	f.P50us, f.P99us = c.took.quantile(0.50), c.took.quantile(0.99)
	return f
}

// histogram counts durations in buckets a quarter of an octave wide, so that a
// quantile is at most 25 % too high. It starts at 64 ns and ends at 1 s.
type histogram struct{ buckets [4 * 25]atomic.Uint64 }

func (h *histogram) add(d time.Duration) { h.buckets[bucket(uint64(d))].Add(1) }

func bucket(ns uint64) int {
	if ns < 64 {
		return 0
	}
	octave := bits.Len64(ns) - 1 // 6 or more
	quarter := int(ns>>(octave-2)) & 3
	return min(4*(octave-6)+quarter, len(histogram{}.buckets)-1)
}

// top is where a bucket ends, in ns.
func top(bucket int) float64 {
	octave, quarter := bucket/4+6, bucket%4
	return float64(uint64(5+quarter) << (octave - 2))
}

// quantile answers in µs; 0 if nothing was counted.
func (h *histogram) quantile(q float64) float64 {
	var counts [len(histogram{}.buckets)]uint64
	var all uint64
	for i := range h.buckets {
		counts[i] = h.buckets[i].Load()
		all += counts[i]
	}
	if all == 0 {
		return 0
	}
	want, seen := uint64(q*float64(all)), uint64(0)
	for i, n := range counts {
		if seen += n; seen > want || seen == all {
			return top(i) / 1000
		}
	}
	return 0
}
