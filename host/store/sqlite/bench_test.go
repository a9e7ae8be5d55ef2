package sqlite_test

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// One write of an evening, durable, with one caller and with sixty-four: what
// group commit is for.
func BenchmarkCommit(b *testing.B) {
	for _, bench := range []struct {
		name    string
		callers int
	}{{"callers=1", 1}, {"callers=64", 64}} {
		b.Run(bench.name, func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "napalmsky.db"))
			before := s.Stats()
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range bench.callers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						w := lobby.CallStart{
							Call: lobby.CallID(n), A: lobby.PersonID(n%997 + 1), B: lobby.PersonID(n%991 + 2000),
							Seconds: 300, StartedAt: n, Deadline: n + 300_000, CooldownUntil: n + 86_400_000,
						}
						if err := s.Commit(b.Context(), []lobby.Write{w})[0]; err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			after := s.Stats()
			b.ReportMetric(float64(after.Writes-before.Writes)/b.Elapsed().Seconds(), "writes/s")
			b.ReportMetric(float64(after.Commits-before.Commits)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// What entering the lobby costs: a person with thirty cooldowns.
func BenchmarkBars(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "napalmsky.db"))
	var writes []lobby.Write
	for n := range int64(30_000) {
		writes = append(writes, lobby.CooldownSet{
			Pair: lobby.PairOf(lobby.PersonID(n%1000+1), lobby.PersonID(n/1000+5000)), Call: lobby.CallID(n + 1),
			SetAt: 1, Until: 1000, Reason: "call",
		})
	}
	for _, err := range s.Commit(b.Context(), writes) {
		if err != nil {
			b.Fatal(err)
		}
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if bars, err := s.Bars(b.Context(), 7, 10); err != nil || len(bars) != 30 {
				b.Error(len(bars), err)
			}
		}
	})
}
