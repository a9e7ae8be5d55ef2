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

	spent := e.timed()
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
	each(int(spent.sum.Microseconds()), "cpu-µs/person/min")
	each(e.changes-changes, "changes/person/min")
	each(is.Cards-was.Cards, "cards/person/min")
	each(is.Updates-was.Updates, "updates/person/min")
	each(is.Rescored-was.Rescored, "rankings/person/min")
	each(2*(e.calls-calls), "calls/person/min")
	spent.report(b)
	b.ReportMetric(kept/float64(people), "B/person")
	e.r.Stop(context.Background())
}

// spent is what passes took.
type spent struct {
	sum    time.Duration
	passes []time.Duration
}

// timed takes the time of all passes from now on.
func (e *evening) timed() *spent {
	s := &spent{}
	e.passed = func(pass func() (time.Duration, bool)) (time.Duration, bool) {
		began := threadTime()
		wait, ok := pass()
		took := threadTime() - began
		s.sum, s.passes = s.sum+took, append(s.passes, took)
		return wait, ok
	}
	return s
}

func (s *spent) report(b *testing.B) {
	slices.Sort(s.passes)
	b.ReportMetric(float64(s.passes[len(s.passes)*999/1000].Microseconds()), "p99.9-pass-µs")
	b.ReportMetric(float64(s.passes[len(s.passes)-1].Microseconds()), "longest-pass-µs")
}

// BenchmarkSwap is the minute of an evening of ten thousand in which their rule changes.
func BenchmarkSwap(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const people = 10_000
	makes := rules()
	e := newEvening(people, makes["C"](b))
	next := makes["native"](b)
	e.gather(time.Minute)
	e.run(b.Context(), 3*time.Minute)
	s, swaps := e.timed(), 0
	for b.Loop() {
		taken := false
		e.r.deps.Stale = func() bool { return !taken }
		e.r.deps.Ranker = func(context.Context) (policy.Match, error) { taken = true; return next, nil }
		e.run(b.Context(), time.Minute)
		next, swaps = makes[[2]string{"C", "native"}[swaps%2]](b), swaps+1
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(s.sum.Microseconds())/float64(swaps)/people, "cpu-µs/person/min")
	s.report(b)
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
