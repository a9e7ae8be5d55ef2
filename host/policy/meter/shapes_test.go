package meter_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// exact charges nothing for frames, which an interpreter has none of.
func exact() meter.Options {
	o := meter.DefaultOptions()
	o.Weights.Slot = 0
	return o
}

// others are the functions that shapes may call and, by their types, blocks may
// have: 1 (i)→i, 2 (i i)→(i i), 3 (i i)→().
func others() []fn {
	return []fn{
		{"", "i", "i", "", get(0) + ifI + get(0) + i32c(3) + add + otherwise + i32c(9) + end},
		{"", "ii", "ii", "", get(1) + get(0)},
		{"", "ii", "", "", get(0) + ifThen + get(1) + eqz + ifThen + ret + end + end},
	}
}

// agree runs a module unmetered, metered and in the interpreter.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, tb testing.TB, r wazero.Runtime, m mod, o meter.Options, inputs [][2]int32) {
	t.Helper()
	out, _, err := meter.Meter(m.bytes(), o)
	if err != nil {
		t.Fatalf("%v\n%x", err, m.funcs[0].body)
	}
	plain, paid := start(tb, r, m.bytes()), start(tb, r, out)
	defer plain.m.Close(context.Background())
	defer paid.m.Close(context.Background())
	for _, in := range inputs {
		x := &interp{m: m}
		want, ok := x.call(0, in[:])
		args := []uint64{uint64(uint32(in[0])), uint64(uint32(in[1]))}
		was, _, errWas := plain.call(0, "f", args...)
		got, cost, err := paid.call(plenty, "f", args...)
		if (err == nil) != ok || (errWas == nil) != ok {
			t.Fatalf("%v: %v and %v; the interpreter: %v\n%x", in, errWas, err, ok, m.funcs[0].body)
		}
		if !ok {
			continue
		}
		if fmt.Sprint(was) != fmt.Sprint(got) || len(got) != len(want) {
			t.Fatalf("%v: %v became %v\n%x", in, was, got, m.funcs[0].body)
		}
		for i := range want {
			if int32(got[i]) != want[i] {
				t.Fatalf("%v: %v; the interpreter: %v\n%x", in, got, want, m.funcs[0].body)
			}
		}
		if cost != x.spent {
			t.Fatalf("%v: it paid %d for %d\n%x", in, cost, x.spent, m.funcs[0].body)
		}
	}
}

// TestShapes: every way the specification lets control flow. What is charged is
// what ran, to the unit.
func TestShapes(t *testing.T) {
	r := engine(t)
	down := get(0) + i32c(1) + sub + tee(0) // an input as a countdown
	for name, body := range map[string]string{
		"straight":                     get(0) + get(1) + add,
		"block":                        block + nop + end + get(0),
		"block with a result":          blockI + get(0) + i32c(1) + add + end,
		"br out of a block":            block + get(0) + set(2) + br(0) + end + get(2),
		"br with a result":             blockI + get(0) + br(0) + end,
		"dead code after br":           blockI + get(0) + br(0) + i32c(1) + add + drop + unreachable + end,
		"dead blocks":                  block + br(0) + block + loop + get(0) + ifThen + br(3) + otherwise + nop + end + end + end + end + get(1),
		"br_if":                        block + get(0) + brIf(0) + i32c(7) + set(2) + end + get(2),
		"br_if with a result":          blockI + get(1) + get(0) + brIf(0) + i32c(2) + add + end,
		"br_if out of two":             block + block + get(0) + brIf(1) + i32c(1) + set(2) + end + i32c(2) + get(2) + add + set(2) + end + get(2),
		"br_if twice":                  block + get(0) + brIf(0) + get(1) + brIf(0) + i32c(5) + set(2) + end + get(2),
		"if":                           get(0) + ifThen + i32c(5) + set(2) + end + get(2),
		"if else":                      get(0) + ifI + i32c(5) + otherwise + get(1) + i32c(1) + add + end,
		"if with br":                   get(0) + ifI + get(1) + br(0) + otherwise + i32c(1) + end,
		"if that returns":              get(0) + ifThen + get(1) + ret + end + i32c(4),
		"if that branches out":         block + get(0) + ifThen + br(1) + end + i32c(3) + set(2) + end + get(2),
		"else that branches out":       block + get(0) + ifThen + nop + otherwise + br(1) + end + i32c(3) + set(2) + end + get(2),
		"both halves leave":            block + get(0) + ifThen + br(1) + otherwise + br(1) + end + i32c(3) + set(2) + end + get(2),
		"empty if":                     get(0) + ifThen + end + get(1),
		"loop":                         loop + down + brIf(0) + end + get(0),
		"loop that ends":               loop + nop + end + get(0),
		"loop with a result":           loopI + down + ifThen + br(1) + end + get(1) + end,
		"loop left from inside":        block + loop + down + eqz + brIf(1) + br(0) + end + end + get(0),
		"loops in loops":               loop + i32c(3) + set(2) + loop + get(2) + i32c(1) + sub + tee(2) + brIf(0) + end + down + brIf(0) + end + get(2),
		"code after a loop":            loop + down + brIf(0) + end + get(1) + i32c(2) + add,
		"br to an outer loop":          loop + block + down + eqz + brIf(0) + br(1) + end + end + get(0),
		"br_table":                     block + block + block + get(0) + brTable(0, 1, 2) + end + i32c(1) + set(2) + end + get(2) + i32c(2) + add + set(2) + end + get(2),
		"br_table with results":        blockI + blockI + get(1) + get(0) + brTable(0, 1, 0) + end + i32c(5) + add + end,
		"br_table to nothing but one":  blockI + get(0) + get(1) + brTable(0) + end,
		"br_table to a loop":           block + loop + down + brTable(1, 0) + end + end + get(0),
		"br_table to the function":     block + get(0) + get(1) + brTable(1, 1, 1) + end + i32c(6),
		"return":                       get(0) + ret,
		"return out of three":          block + block + loop + get(1) + ret + end + end + end + i32c(0),
		"dead code after return":       get(0) + ret + i32c(1) + add,
		"unreachable":                  get(0) + ifThen + unreachable + end + get(1),
		"unreachable in the midst":     block + get(0) + brIf(0) + unreachable + end + get(1),
		"select":                       get(0) + get(1) + get(0) + sel,
		"call":                         get(0) + call(1) + call(1),
		"calls in an if":               get(0) + ifI + get(1) + call(1) + otherwise + i32c(1) + end + call(1),
		"two results":                  get(0) + get(1) + call(2) + sub,
		"call of nothing":              get(0) + get(1) + call(3) + i32c(1),
		"block with params":            get(0) + get(1) + "\x02\x02" + get(0) + brIf(0) + call(2) + end + sub,
		"if with params":               get(0) + get(1) + get(0) + "\x04\x02" + call(2) + end + sub,
		"if else with params":          get(0) + get(1) + get(0) + "\x04\x02" + call(2) + otherwise + drop + i32c(8) + end + sub,
		"loop with params":             get(1) + i32c(4) + "\x03\x02" + i32c(1) + sub + down + brIf(0) + end + add,
		"br drops operands":            blockI + i32c(1) + i32c(2) + get(0) + br(0) + end,
		"br_if keeps operands":         i32c(1) + blockI + i32c(2) + get(0) + brIf(0) + end + add,
		"end of the function by br":    get(0) + br(0),
		"end of the function by br_if": get(1) + get(0) + brIf(0),
	} {
		t.Run(name, func(t *testing.T) {
			f := fn{"f", "ii", "i", "iiii", body}
			m := mod{pages: 1, funcs: append([]fn{f}, others()...)}
			inputs := [][2]int32{{1, 0}, {2, 1}, {3, 7}, {40, 2}}
			if !strings.Contains(body, down) { // which would take four thousand million rounds
				inputs = append(inputs, [2]int32{0, 0}, [2]int32{0, 1}, [2]int32{-1, 5})
			}
			agree(t, t, r, m, exact(), inputs)
		})
	}
}

// TestAnyShape does the same with programs nobody thought of, and with little
// and much slack.
func TestAnyShape(t *testing.T) {
	r := engine(t)
	rapid.Check(t, func(rt *rapid.T) {
		g := generator{rt, nil, 0}
		o := exact()
		o.Slack = rapid.SampledFrom([]int64{0, 10, 2000}).Draw(rt, "slack")
		body := g.statements(4) + get(rapid.IntRange(0, 3).Draw(rt, "result"))
		m := mod{pages: 1, funcs: append([]fn{{"f", "ii", "i", "iiiiiiii", body}}, others()...)}
		agree(rt, t, r, m, o, [][2]int32{{0, 0}, {1, 5}, {-7, 3}, {2, 1 << 30}})
	})
}

// generator writes programs that end: the locals from 4 on count loops down,
// and nothing branches back but the end of a loop.
type generator struct {
	t      *rapid.T
	loops  []bool // of the open labels, which are loops
	rounds int
}

func (g *generator) statements(depth int) (s string) {
	for range rapid.IntRange(0, 3).Draw(g.t, "statements") {
		s += g.statement(depth)
	}
	return s
}

func (g *generator) inside(isLoop bool, depth int) string {
	g.loops = append(g.loops, isLoop)
	s := g.statements(depth - 1)
	g.loops = g.loops[:len(g.loops)-1]
	return s
}

// target is a label that is not a loop, -1 if there is none.
func (g *generator) target() int {
	d := rapid.IntRange(0, max(0, len(g.loops)-1)).Draw(g.t, "target")
	for i := d; i < len(g.loops); i++ {
		if !g.loops[len(g.loops)-1-i] {
			return i
		}
	}
	return -1
}

func (g *generator) statement(depth int) string {
	kind := rapid.IntRange(0, 10).Draw(g.t, "kind")
	if depth == 0 && kind > 2 {
		kind = 0
	}
	to := -1
	if kind >= 5 && kind <= 7 {
		if to = g.target(); to < 0 {
			kind = 0
		}
	}
	switch kind {
	case 1:
		return g.expression(2) + g.expression(1) + call(3)
	case 2:
		return nop
	case 3:
		return block + g.inside(false, depth) + end
	case 4:
		s := g.expression(2) + ifThen + g.inside(false, depth)
		if rapid.Bool().Draw(g.t, "else") {
			s += otherwise + g.inside(false, depth)
		}
		return s + end
	case 5:
		return g.expression(1) + brIf(to)
	case 6:
		return br(to)
	case 7:
		second := g.target()
		if second < 0 {
			second = to
		}
		return g.expression(1) + brTable(to, second, to)
	case 8:
		return g.expression(1) + ifThen + g.expression(1) + ret + end
	case 9:
		return g.expression(1) + ifThen + get(0) + i32c(77) + ltu + ifThen + unreachable + end + end
	case 10:
		if g.rounds == 8 {
			return nop
		}
		counter := 4 + g.rounds%6
		g.rounds++
		n := int32(rapid.IntRange(1, 4).Draw(g.t, "rounds"))
		return i32c(n) + set(counter) + loop + g.inside(true, depth) + get(counter) + i32c(1) + sub + tee(counter) +
			i32c(0) + "\x4a" + brIf(0) + end
	}
	return g.expression(3) + set(rapid.IntRange(0, 3).Draw(g.t, "local"))
}

func (g *generator) expression(depth int) string {
	kind := rapid.IntRange(0, 8).Draw(g.t, "expression")
	if depth == 0 {
		kind %= 2
	}
	switch kind {
	case 0:
		return i32c(rapid.Int32Range(-2, 2).Draw(g.t, "constant"))
	case 1:
		return get(rapid.IntRange(0, 3).Draw(g.t, "local"))
	case 2:
		return g.expression(depth-1) + eqz
	case 3:
		return g.expression(depth-1) + g.expression(depth-1) + g.expression(depth-1) + sel
	case 4:
		return g.expression(depth-1) + ifI + g.expression(depth-1) + otherwise + g.expression(depth-1) + end
	case 5:
		return g.expression(depth-1) + call(1)
	case 6:
		return blockI + g.expression(depth-1) + g.expression(depth-1) + brIf(0) + end
	case 7:
		return g.expression(depth-1) + g.expression(depth-1) + call(2) + rapid.SampledFrom([]string{add, sub, and, ltu}).Draw(g.t, "operator")
	}
	return g.expression(depth-1) + tee(2)
}
