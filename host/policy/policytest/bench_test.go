package policytest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
)

// fill puts a lively evening of n people into a table.
func fill(m policy.Match, n int) {
	r := rand.New(rand.NewPCG(1, 2))
	for row := range n {
		m.Set(row, &policy.Person{Gender: uint8(r.IntN(2)), Seeking: uint8(1 + r.IntN(3)), Age: uint8(18 + r.IntN(30)), AgeMin: 18, AgeMax: 45,
			Tags: r.Uint64() & r.Uint64() & r.Uint64(), Langs: r.Uint64() & 7, Since: 1_790_000_000_000 - r.Int64N(1_000_000)})
	}
}

func benchmarkScore(b *testing.B, m policy.Match) {
	ctx, out := context.Background(), make([]int32, policy.MaxRowsPerCall)
	fill(m, policy.MaxRowsPerCall)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Score(ctx, 1_790_000_000_000, 0, 0, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/policy.MaxRowsPerCall, "ns/row")
}

func BenchmarkScoreNative(b *testing.B) {
	m, err := native.Match(matchmutual.Plugin, nil, 1)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkScore(b, m)
}

func openPlugin(b *testing.B, pkg string) *wasm.Plugin {
	p, err := wasm.Load(context.Background(), policytest.Build(b, pkg), wasm.Options{CacheDir: policytest.CacheDir(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.Close(context.Background()) })
	return p
}

func BenchmarkScoreWasm(b *testing.B) {
	m, err := openPlugin(b, "./plugins/matchmutual/wasm").Match(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	benchmarkScore(b, m)
	m.Close(context.Background())
}

func BenchmarkDecideWasm(b *testing.B) {
	c, err := openPlugin(b, "./plugins/cooldownstandard/wasm").Cooldown()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Decide(context.Background(), lobby.Case{What: "call", How: "hangup"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlanWasm(b *testing.B) {
	t, err := openPlugin(b, "./plugins/trimessential/wasm").Trim()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Plan(context.Background(), "card", "public"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInstance: what one more instance costs, in time and in memory.
func BenchmarkInstance(b *testing.B) {
	p := openPlugin(b, "./plugins/matchmutual/wasm")
	var open []policy.Match
	before := resident(b)
	for b.Loop() {
		m, err := p.Match(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if len(open) < 8 {
			open = append(open, m)
			continue
		}
		m.Close(context.Background())
	}
	b.ReportMetric((resident(b)-before)/float64(len(open))/(1<<20), "MB/instance")
	for _, m := range open {
		m.Close(context.Background())
	}
}

// resident is what the process has in memory, in bytes: guests' memories lie
// outside the heap.
func resident(b *testing.B) float64 {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	var total, pages float64
	if err == nil {
		_, err = fmt.Sscan(string(text), &total, &pages)
	}
	if err != nil {
		b.Fatal(err)
	}
	return pages * float64(os.Getpagesize())
}

// BenchmarkLoad: a Go plugin from bytes to its first answer, out of the compilation cache.
func BenchmarkLoad(b *testing.B) {
	module := policytest.Build(b, "./plugins/cooldownstandard/wasm")
	for b.Loop() {
		p, err := wasm.Load(context.Background(), module, wasm.Options{CacheDir: policytest.CacheDir(b)})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
