package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestHistogramQuantilesAreWithinThreePercentAndMaxIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h Histogram
		us := rapid.SliceOfN(rapid.Int64Range(0, 120_000_000), 1, 300).Draw(t, "microseconds")
		for _, v := range us {
			h.Add(time.Duration(v) * time.Microsecond)
		}
		slices.Sort(us)
		if h.Max() != time.Duration(us[len(us)-1])*time.Microsecond || h.Count() != uint64(len(us)) {
			t.Fatalf("max %s of %d", h.Max(), h.Count())
		}
		q := rapid.Float64Range(0.01, 1).Draw(t, "q")
		rank := int(math.Ceil(q*float64(len(us)))) - 1
		want, got := us[rank], h.Quantile(q).Microseconds()
		if got < want || float64(got) > float64(want)*1.0313+1 {
			t.Fatalf("quantile %v: %d µs, want %d", q, got, want)
		}
	})
}

func TestHistogramTakesAnything(t *testing.T) {
	var h Histogram
	if h.Quantile(0.99) != 0 {
		t.Error("an empty histogram has a quantile")
	}
	for _, d := range []time.Duration{-1, 0, math.MaxInt64} {
		h.Add(d)
	}
	if h.Count() != 3 || h.Quantile(0) != time.Microsecond || h.Quantile(1) > h.Max() {
		t.Errorf("count %d, quantiles %s to %s", h.Count(), h.Quantile(0), h.Quantile(1))
	}
}
