package reel

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/testdata/guests"
)

// rules are one rule in three makes: compiled in, a C plugin, a Go plugin.
func rules() map[string]func(testing.TB) policy.Match {
	plugin := func(b testing.TB, module []byte) policy.Match {
		p, err := wasm.Load(b.Context(), module, wasm.Options{CacheDir: policytest.CacheDir(b)})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { p.Close(context.Background()) })
		m, err := p.Match(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		return m
	}
	return map[string]func(testing.TB) policy.Match{
		"native": func(b testing.TB) policy.Match {
			m, err := native.Match(matchmutual.Plugin, nil, 1)
			if err != nil {
				b.Fatal(err)
			}
			return m
		},
		"C":  func(b testing.TB) policy.Match { return plugin(b, guests.MatchMutual()[0].Module) },
		"Go": func(b testing.TB) policy.Match { return plugin(b, policytest.Build(b, "./plugins/matchmutual/wasm")) },
	}
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc)
}

// BenchmarkEveningFeed is a minute of an evening; one op is one minute. Each
// figure should be the same for however many people, but for the longest pass.
// CPU is this thread's alone, where the system can tell.
func BenchmarkEveningFeed(b *testing.B) {
	makes := rules()
	for _, make := range []string{"native", "C", "Go"} {
		for _, people := range []int{100, 1000, 5000, 10_000} {
			b.Run(fmt.Sprintf("rule=%s/people=%d", make, people), func(b *testing.B) {
				benchmarkEvening(b, people, makes[make](b))
			})
		}
	}
}

func benchmarkEvening(b *testing.B, people int, match policy.Match) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	e := newEvening(people, match)
	before := heap()
	e.gather(time.Minute)
	e.run(b.Context(), 3*time.Minute)
	kept := heap() - before

	var all time.Duration
	var passes []time.Duration
	e.passed = func(pass func() (time.Duration, bool)) (time.Duration, bool) {
		began := threadTime()
		wait, ok := pass()
		took := threadTime() - began
		all, passes = all+took, append(passes, took)
		return wait, ok
	}
	was, changes, calls := e.r.Stats(), e.changes, e.calls
	minutes := 0
	for b.Loop() {
		e.run(b.Context(), time.Minute)
		minutes++
	}
	is := e.r.Stats()
	each := func(n int, unit string) {
		b.ReportMetric(float64(n)/float64(minutes)/float64(people), unit)
	}
	b.ReportMetric(0, "ns/op")
	each(int(all.Nanoseconds()/1000), "cpu-µs/person/min")
	each(e.changes-changes, "changes/person/min")
	each(is.Cards-was.Cards, "cards/person/min")
	each(is.Updates-was.Updates, "updates/person/min")
	each(is.Rescored-was.Rescored, "rankings/person/min")
	each(2*(e.calls-calls), "calls/person/min")
	slices.Sort(passes)
	b.ReportMetric(float64(passes[len(passes)*999/1000].Microseconds()), "p99.9-pass-µs")
	b.ReportMetric(float64(passes[len(passes)-1].Microseconds()), "longest-pass-µs")
	b.ReportMetric(kept/float64(people), "B/person")
	e.r.Stop(context.Background())
}

// BenchmarkNewcomer: one person comes and goes among ten thousand who watch.
func BenchmarkNewcomer(b *testing.B) {
	makes := rules()
	for _, make := range []string{"native", "C", "Go"} {
		b.Run("rule="+make, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			const people = 10_000
			e := newEvening(people, makes[make](b))
			e.gather(time.Minute)
			e.run(b.Context(), 3*time.Minute)
			e.r.chores, e.r.ranks = alarms{}, alarms{} // nothing else is done
			b.ReportAllocs()
			n := 0
			began := threadTime()
			for b.Loop() {
				id := lobby.PersonID(2*people + n)
				e.feed(lobby.Entered{Person: id, Since: e.now()}, e.guests[n%people].face)
				e.feed(lobby.Left{Person: id}, nil)
				e.r.pass(b.Context())
				e.r.chores, e.r.ranks = alarms{}, alarms{}
				n++
			}
			b.ReportMetric(float64((threadTime()-began).Nanoseconds())/float64(n)/people, "ns/person")
			e.r.Stop(context.Background())
		})
	}
}
