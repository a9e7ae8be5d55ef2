package meter_test

import (
	"context"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// budget is what one question may use.
const budget = 1_500_000

// hostiles never end by themselves, each in its own way. They are called "f",
// with an i32.
func hostiles() map[string]mod {
	const pages = 512
	forever := func(body string) string { return loop + body + br(0) + end }
	whole := func(body string) mod { // over the whole memory
		m := one("i", "", "ii", forever(body))
		m.pages = pages
		return m
	}
	scatter := get(0) + i32c(1664525) + mul + i32c(1013904223) + add + tee(0) + i32c(8) + "\x76" + i32c(pages<<16-64) + and
	recursive := func(locals, never string) mod {
		return mod{pages: 1, funcs: []fn{{"f", "i", "", locals, get(0) + eqz + ifThen + never + end + get(0) + call(0)}, {"", "", "", "", ""}}}
	}
	merges, fresh, operands := "", "", ""
	for i := range 100 {
		merges += get(0) + ifThen
		for j := range 60 {
			merges += get(j) + i32c(int32(i)) + add + set(j)
		}
		merges += end + call(1)
	}
	for i := range 40 {
		for j := range 50 {
			fresh += i32c(int32(4*(50*i+j))) + load32 + set(1+j)
		}
		fresh += call(1)
		for j := range 50 {
			fresh += i32c(0) + get(1+j) + store32
		}
	}
	for i := range 1000 {
		operands += i32c(int32(4*i)) + load32
	}
	operands += call(1) + strings.Repeat(set(0), 1000)
	nested := strings.Repeat(get(0)+ifThen, 100)
	for j := range 59 {
		nested += get(0) + i32c(int32(j)) + add + set(1+j)
	}
	nested += strings.Repeat(end+call(1), 100)
	for j := range 59 {
		nested += i32c(0) + get(1+j) + store32
	}
	table := func(body string) mod {
		m := one("i", "", "", forever(body))
		m.funcs = append(m.funcs, fn{})
		m.tables = []string{"\x70\x00" + u(16384)}
		m.elements = []string{"\x00" + i32c(0) + end + "\x01\x01"}
		return m
	}
	targets := make([]int, 8000)
	for i := range targets {
		targets[i] = i % 200
	}
	dispatch := scatter + i32c(8191) + and + brTable(targets...)
	for i := range 200 {
		dispatch += end + i32c(int32(64*i)) + get(0) + store32
	}
	return map[string]mod{
		"infinite loop":                one("i", "", "", forever("")),
		"exponential call tree":        {pages: 1, funcs: []fn{{"f", "i", "", "", get(0) + ifThen + get(0) + i32c(1) + sub + call(0) + get(0) + i32c(1) + sub + call(0) + end}}},
		"deep recursion":               recursive("", ""),
		"huge frame of locals":         recursive(strings.Repeat("I", 1000), ""),
		"huge frame of merged values":  recursive(strings.Repeat("i", 60), merges),
		"huge frame of fresh values":   recursive(strings.Repeat("i", 60), fresh),
		"huge frame of nested merges":  recursive(strings.Repeat("i", 60), nested),
		"huge frame of operands":       recursive("", operands),
		"pointer chase":                whole(scatter + tee(1) + load32 + get(0) + add + set(0)),
		"pointer chase in a row":       whole(get(0) + strings.Repeat(load32+get(1)+i32c(1048640)+add+tee(1)+add+i32c(pages<<16-64)+and, 20) + set(0)),
		"stores everywhere":            whole(scatter + get(0) + store32),
		"touches each page":            whole(get(1) + i32c(4096) + add + i32c(pages<<16-4) + and + tee(1) + i32c(1) + store32),
		"constant places":              whole(constants(pages)),
		"near places":                  whole(scatter + set(1) + strings.Repeat(get(1)+"\x28\x02\x40"+get(2)+add+set(2)+get(1)+"\x28\x02\x80\x02"+get(2)+add+set(2), 10)),
		"huge memory.fill":             whole(i32c(16<<20) + i32c(1) + i32c(8<<20) + fill),
		"middling memory.fill":         whole(scatter + i32c(1) + i32c(100_000) + fill),
		"huge memory.copy":             whole(i32c(0) + i32c(64) + i32c(8<<20) + copyM),
		"middling memory.copy":         whole(i32c(0) + i32c(16<<20) + i32c(1<<20) + copyM),
		"memory.grow by one":           one("i", "", "", forever(i32c(1)+grow+drop)),
		"memory.grow in vain":          one("i", "", "", forever(i32c(-1)+grow+drop)),
		"table.grow by one":            small(forever("\xd0\x70" + i32c(1) + "\xfc\x0f\x00" + drop)),
		"table.fill":                   table(i32c(0) + "\xd0\x70" + i32c(16384) + "\xfc\x11\x00"),
		"table.copy":                   table(i32c(0) + i32c(1) + i32c(16383) + "\xfc\x0e\x00\x00"),
		"call_indirect":                table(i32c(0) + "\x11\x01\x00"),
		"ref.func":                     table("\xd2\x01" + drop),
		"huge br_table":                whole(strings.Repeat(block, 200) + dispatch),
		"division":                     one("i", "", "I", forever(strings.Repeat(i64c(-1)+get(1)+i64c(7)+"\x84\x80"+set(1), 20))),
		"square roots":                 one("i", "", "F", forever(strings.Repeat(get(1)+"\x9f"+set(1), 20))),
		"rounding":                     one("i", "", "F", forever(strings.Repeat(get(1)+"\x9e"+set(1), 20))),
		"vectors":                      one("i", "", "v", forever(strings.Repeat(get(1)+get(1)+"\xfd\xf3\x01"+set(1), 20))),
		"unpredictable branches":       whole(scatter + i32c(1024) + and + ifThen + get(1) + i32c(3) + add + set(1) + end),
		"one block of a million bytes": whole(strings.Repeat(get(0)+i32c(3)+mul+set(0), 100_000)),
	}
}

// constants loads from a thousand places far apart.
func constants(pages int) (s string) {
	for i := range 1000 {
		s += i32c(int32(i*(pages<<16/1024)+64*(i%64))) + load32 + get(2) + add + set(2)
	}
	return s
}

// small has a table with room to grow.
func small(body string) mod {
	m := one("i", "", "", body)
	m.tables = []string{"\x70\x00\x01"}
	return m
}

// TestHostile: each is stopped, for want of fuel, after a stretch of work that
// is short; the bound on time is wide, for busy machines.
func TestHostile(t *testing.T) {
	rt := engine(t)
	for name, m := range hostiles() {
		t.Run(name, func(t *testing.T) {
			r := start(t, rt, metered(t, m.bytes(), meter.DefaultOptions()))
			began := time.Now()
			_, cost, err := r.call(budget, "f", 64)
			took := time.Since(began)
			if err == nil || cost <= budget {
				t.Fatalf("it used %d: %v", cost, err)
			}
			if cost > budget+100_000 && !strings.Contains(name, "huge") && !strings.Contains(name, "million") {
				t.Errorf("it was stopped %d units late", cost-budget)
			}
			if took > time.Second {
				t.Errorf("it ran for %v", took)
			}
		})
	}
}

// BenchmarkHostile tells how long each keeps going on the budget of one
// question (best of a few, in ms), and how long a collector waits for it at
// most, when it runs as long as an instance may take to start.
func BenchmarkHostile(b *testing.B) {
	for _, name := range names() {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			ctx := context.Background()
			rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(512))
			defer rt.Close(ctx)
			out := metered(b, hostiles()[name].bytes(), meter.DefaultOptions())
			shortest := time.Hour
			for range b.N {
				r := start(b, rt, out)
				began := time.Now()
				_, _, _ = r.call(budget, "f", 64)
				shortest = min(shortest, time.Since(began))
				_ = r.m.Close(ctx)
			}
			b.ReportMetric(float64(shortest.Microseconds())/1000, "ms/budget")
			b.ReportMetric(float64(stall(b, rt, out).Microseconds())/1000, "ms-stall")
		})
	}
}

func names() (all []string) {
	for n := range hostiles() {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// stall runs a guest with ten times a question's budget, what an instance
// may use to start, while collections follow each other, and gives the longest
// time for which one had stopped the world, or tried to.
func stall(b *testing.B, rt wazero.Runtime, module []byte) time.Duration {
	before := pauses()
	r := start(b, rt, module)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = r.call(16_000_000, "f", 64)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			runtime.GC()
		}
	}
	_ = r.m.Close(context.Background())
	after := pauses()
	for i := len(after.Counts) - 1; i >= 0; i-- {
		if after.Counts[i] > before.Counts[i] {
			return time.Duration(after.Buckets[i+1] * float64(time.Second))
		}
	}
	return 0
}

func pauses() *metrics.Float64Histogram {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(s)
	h := s[0].Value.Float64Histogram()
	return &metrics.Float64Histogram{Counts: slices.Clone(h.Counts), Buckets: h.Buckets}
}
