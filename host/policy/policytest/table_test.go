package policytest_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/plugins/trimessential"
	"github.com/napalmsky/napalmsky/plugins/trimsignalling"
	"github.com/napalmsky/napalmsky/testdata/guests"
)

// BenchmarkPluginTable prints what a plugin costs, by the language it was
// written in, as Markdown. All are the rule match-mutual; every figure is a
// median, and a ratio is one of runs taken in turn.
func BenchmarkPluginTable(b *testing.B) {
	var table strings.Builder
	table.WriteString("| match-mutual in | module | one row | 1,000 rows | unmetered | ratio | units/µs | an instance | load | new knobs | roll back |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	built := append([]guests.Guest{}, guests.MatchMutual()...)
	built = append(built, guests.Guest{Language: "Go", Module: policytest.Build(b, "./plugins/matchmutual/wasm")})
	for b.Loop() {
		m, err := native.Match(matchmutual.Plugin, nil, 1)
		if err != nil {
			b.Fatal(err)
		}
		fill(m, policy.MaxRowsPerCall)
		fmt.Fprintf(&table, "| native Go | – | %s | – | %s | – | – | – | – | – | – |\n", show(scores(b, 1, m)[0]), show(scores(b, policy.MaxRowsPerCall, m)[0]))
		for _, g := range built {
			row(b, &table, g)
		}
	}
	fmt.Fprintf(os.Stdout, "\n%s\n", table.String())
}

func row(b *testing.B, table *strings.Builder, g guests.Guest) {
	ctx := context.Background()
	open := func(o wasm.Options) (*wasm.Plugin, policy.Match) {
		o.CacheDir = policytest.CacheDir(b)
		p, err := wasm.Load(ctx, g.Module, o)
		if err != nil {
			b.Fatal(err)
		}
		m, err := p.Match(ctx)
		if err != nil {
			b.Fatal(err)
		}
		fill(m, policy.MaxRowsPerCall)
		return p, m
	}
	metered, m := open(wasm.Options{})
	plain, u := open(wasm.Options{Meter: func(module []byte) ([]byte, error) { return module, nil }})
	one := scores(b, 1, m)[0]
	before := metered.Stats().Match.Fuel
	many := scores(b, policy.MaxRowsPerCall, m, u)
	units := float64(metered.Stats().Match.Fuel-before) / rounds / float64(many[0].Microseconds())
	memory := perInstance(b, metered)
	for _, c := range []func(context.Context) error{m.Close, u.Close, metered.Close, plain.Close} {
		if err := c(ctx); err != nil {
			b.Fatal(err)
		}
	}
	load, knobs, back := swaps(b, g.Module)
	fmt.Fprintf(table, "| %s | %.1f KB | %s | %s | %s | %.2f | %.0f | %.2f MB | %s | %s | %s |\n", g.Language, float64(len(g.Module))/1000,
		show(one), show(many[0]), show(many[1]), float64(many[0])/float64(many[1]), units, memory, show(load), show(knobs), show(back))
}

// rounds is how often each is timed.
const rounds = 400

// scores times calls over so many rows, of each in turn; the medians.
func scores(b *testing.B, rows int, all ...policy.Match) []time.Duration {
	times, out := make([][]time.Duration, len(all)), make([]int32, rows)
	repeat := max(1, 100/rows) // the clock is too coarse for one short call
	for round := range rounds {
		for i, m := range all {
			began := time.Now()
			for range repeat {
				if err := m.Score(context.Background(), 1_790_000_000_000, round%policy.MaxRowsPerCall, 0, out); err != nil {
					b.Fatal(err)
				}
			}
			times[i] = append(times[i], time.Since(began)/time.Duration(repeat))
		}
	}
	var medians []time.Duration
	for _, t := range times {
		medians = append(medians, median(t))
	}
	return medians
}

func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

// perInstance is the memory of one more table of 1,000 people, in MB.
func perInstance(b *testing.B, p *wasm.Plugin) float64 {
	const n = 8
	var open []policy.Match
	before := resident(b)
	for range n {
		m, err := p.Match(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		fill(m, policy.MaxRowsPerCall)
		if err := m.Score(context.Background(), 0, 0, 0, make([]int32, 1)); err != nil {
			b.Fatal(err)
		}
		open = append(open, m)
	}
	used := (resident(b) - before) / n / (1 << 20)
	for _, m := range open {
		if err := m.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	return used
}

// swaps times a registry: until a module never seen before serves, until one
// serves with other knobs (its compiled code is kept), and a roll back.
func swaps(b *testing.B, module []byte) (load, knobs, back time.Duration) {
	ctx := context.Background()
	var loads, turns, backs []time.Duration
	for range 3 {
		r, err := registry.Open(ctx, registry.Config{
			Dir: b.TempDir(), CacheDir: b.TempDir(),
			Seeds:     map[registry.Hook]string{registry.Match: registry.Native, registry.Cooldown: registry.Native, registry.Trim: registry.Native, registry.Signalling: registry.Native},
			Baselines: registry.Baselines{Match: matchmutual.Plugin, Cooldown: cooldownstandard.Plugin, Trim: trimessential.Plugin, Signalling: trimsignalling.Plugin},
		}, registry.Deps{Store: storetest.NewMemory()})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if _, _, err := r.Load(ctx, "bench", module, nil); err != nil {
			b.Fatal(err)
		}
		loads = append(loads, time.Since(began))
		for n := range int64(5) {
			began := time.Now()
			if _, err := r.Set(ctx, "bench", "match-mutual", map[string]int64{"age_window": n + 1}); err != nil {
				b.Fatal(err)
			}
			turns = append(turns, time.Since(began))
			began = time.Now()
			if _, err := r.Rollback(ctx, "bench", registry.Match); err != nil {
				b.Fatal(err)
			}
			backs = append(backs, time.Since(began))
		}
		if err := r.Close(ctx); err != nil {
			b.Fatal(err)
		}
	}
	return median(loads), median(turns), median(backs)
}

// show is a duration with three digits.
func show(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return d.Round(10 * time.Nanosecond).String()
	case d < 10*time.Millisecond:
		return d.Round(100 * time.Nanosecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
