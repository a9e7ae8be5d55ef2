package postgres_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
)

// durable opens a store on a server that syncs to disk, as a real one does.
func durable(b *testing.B) reopening {
	b.Helper()
	s := &pgtest.Server{Durable: true}
	b.Cleanup(s.Stop)
	return open(b, s.Database(b))
}

func callStart(n int64) lobby.CallStart {
	return lobby.CallStart{
		Call: lobby.CallID(n), A: lobby.PersonID(n%997 + 1), B: lobby.PersonID(n%991 + 2000),
		Seconds: 300, StartedAt: n, Deadline: n + 300_000, CooldownUntil: n + 86_400_000,
	}
}

// One call and its cooldown, durable, with one caller and with sixty-four: what
// group commit is for.
func BenchmarkCommit(b *testing.B) {
	s := durable(b)
	var next atomic.Int64
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			before := s.Stats()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range callers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := s.Commit(b.Context(), []lobby.Write{callStart(next.Add(1))})[0]; err != nil {
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

// Batches of a hundred calls, each with its cooldown.
func BenchmarkPairs(b *testing.B) {
	s := durable(b)
	n := int64(0)
	for b.Loop() {
		writes := make([]lobby.Write, 100)
		for i := range writes {
			n++
			writes[i] = callStart(n)
		}
		for _, err := range s.Commit(b.Context(), writes) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "pairs/s")
}

// One person by id, alone and from as many goroutines as there are cores.
func BenchmarkPerson(b *testing.B) {
	s := durable(b)
	p := store.Person{ID: 1, Version: 1, Profile: store.Profile{Name: "Ada", Bio: "hello", Tags: []string{"jazz"}}}
	if err := s.SignUp(b.Context(), p, store.Session{TokenHash: "x", Person: 1}); err != nil {
		b.Fatal(err)
	}
	read := func() {
		if _, err := s.Person(b.Context(), 1); err != nil {
			b.Error(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			read()
		}
	})
	b.Run("together", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				read()
			}
		})
	})
}
