package meter_test

import (
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/meter"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

// BenchmarkMeter rewrites.
func BenchmarkMeter(b *testing.B) {
	for language, module := range guests(b) {
		b.Run(language, func(b *testing.B) {
			b.SetBytes(int64(len(module)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := meter.Meter(module, meter.DefaultOptions()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRank scores a thousand rows, with and without the meter in turns, so
// that a busy machine slows both: µs (best), the ratio, and units.
func BenchmarkRank(b *testing.B) {
	for language, module := range guests(b) {
		b.Run(language, func(b *testing.B) {
			rt := engine(b, policytest.CacheDir(b))
			plain, paid := newRanker(b, start(b, rt, module)), newRanker(b, start(b, rt, metered(b, module, meter.DefaultOptions())))
			best := func(r ranker) time.Duration {
				shortest := time.Hour
				f := r.m.ExportedFunction("sky_score")
				for range 200 {
					if r.fuel != nil {
						r.fuel.Set(0)
						r.reserve.Set(plenty)
					}
					stack := []uint64{evening, 0, 0, people, r.out}
					began := time.Now()
					if err := f.CallWithStack(b.Context(), stack); err != nil {
						b.Fatal(err)
					}
					shortest = min(shortest, time.Since(began))
				}
				return shortest
			}
			without, with := time.Hour, time.Hour
			for b.Loop() {
				without, with = min(without, best(plain)), min(with, best(paid))
			}
			_, cost := paid.scores(0, "sky_score")
			b.ReportMetric(float64(without.Nanoseconds())/1000, "µs-plain")
			b.ReportMetric(float64(with.Nanoseconds())/1000, "µs-metered")
			b.ReportMetric(float64(with)/float64(without), "ratio")
			b.ReportMetric(float64(cost), "units")
		})
	}
}
