package meter_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// TestRefused: each hole that a module could crawl through, and what must be
// named when it is closed.
func TestRefused(t *testing.T) {
	refill := i64c(1<<40) + "\x24"
	body := func(b string) []byte { return one("i", "", "", b).bytes() }
	with := func(change func(*mod)) []byte {
		m := one("i", "", "", nop)
		change(&m)
		return m.bytes()
	}
	var numbers []string
	for range 300 {
		numbers = append(numbers, "\x7f\x01"+i32c(0)+end)
	}
	deep := strings.Repeat(block, 9000) + strings.Repeat(end, 9000)
	for name, c := range map[string]struct {
		module []byte
		why    string
	}{
		"refills its tank":                {body(refill + u(0)), "global.set names global 0 of 0"},
		"refills its reserve":             {body(refill + u(1)), "global.set names global 1 of 0"},
		"reads its tank":                  {body("\x23\x00" + drop), "global.get names global 0 of 0"},
		"exports the tank by number":      {with(func(m *mod) { m.exports = []string{text("x") + "\x03\x00"} }), `"x", number 0 of 0`},
		"exports a tank of its own":       {with(func(m *mod) { m.globals = numbers[:1]; m.exports = []string{text("sky:fuel") + "\x03\x00"} }), `"sky:fuel"`},
		"exports a reserve of its own":    {with(func(m *mod) { m.globals = numbers[:1]; m.exports = []string{text("sky:reserve") + "\x03\x00"} }), `"sky:reserve"`},
		"exports a start of its own":      {with(func(m *mod) { m.exports = []string{text("sky:start") + "\x00\x00"} }), `"sky:start"`},
		"imports the tank":                {with(func(m *mod) { m.imports = []imp{{"env", "sky:fuel", "", ""}} }), `"sky:fuel"`},
		"imports from the meter":          {with(func(m *mod) { m.imports = []imp{{"sky:", "x", "", ""}} }), `"sky:"`},
		"imports a global":                {raw(2, "\x01"+text("env")+text("g")+"\x03\x7e\x01"), "no function"},
		"imports a memory":                {raw(2, "\x01"+text("env")+text("m")+"\x02\x00\x01"), "no function"},
		"calls what the meter adds":       {body(get(0) + call(1) + drop), "call names function 1 of 1"},
		"starts with what the meter adds": {with(func(m *mod) { m.start = 2 }), "starts with function 1 of 1"},
		"lists what the meter adds": {with(func(m *mod) {
			m.tables = []string{"\x70\x00\x01"}
			m.elements = []string{"\x00" + i32c(0) + end + "\x01\x01"}
		}), "function 1 of 1"},
		"refers to what the meter adds":   {body("\xd2\x01" + drop), "ref.func names function 1"},
		"has the meter's types":           {body(i32c(0) + i32c(0) + "\x11\x01\x00" + drop), "call_indirect names type 1 of 1"},
		"has the meter's types in blocks": {body(i32c(0) + "\x02\x01" + end + drop), "type 1 of 1"},
		"names no local":                  {body(get(9) + drop), "local.get names local 9 of 1"},
		"names no label":                  {body(br(2)), "branches 2 blocks out of 1"},
		"names no table":                  {body(i32c(0) + "\x25\x00" + drop), "table.get names table 0 of 0"},
		"names no data":                   {body(strings.Repeat(i32c(0), 3) + "\xfc\x08\x00\x00"), "memory.init names data segment 0"},
		"names no elements":               {body("\xfc\x0d\x00"), "elem.drop names element segment 0"},
		"names a second memory":           {body(strings.Repeat(i32c(0), 3) + "\xfc\x0a\x00\x01"), "memory.copy names another memory"},
		"loads from a second memory":      {body(get(0) + "\x28\x42\x01\x00" + drop), "i32.load has alignment"},
		"has no memory":                   {with(func(m *mod) { m.pages, m.funcs[0].body = 0, get(0)+load32+drop }), "i32.load needs a memory"},
		"takes an operand too many":       {body(drop), "an operand is missing"},
		"confuses types":                  {body(i64c(1) + load32 + drop), "an operand is I; it must be i"},
		"leaves operands behind":          {body(get(0)), "leaves operands behind"},
		"has no end":                      {raw(10, "\x01\x02\x00\x01", 3, "\x01\x00", 1, "\x01\x60\x00\x00"), "ends in the middle"},
		"goes on after its end":           {body(end + nop), "follow its end"},
		"spells a number too long":        {body("\x41\x80\x80\x80\x80\x80\x00" + drop), "more than 32 bits"},
		"spells a number too large":       {body("\x41\xff\xff\xff\xff\x4f" + drop), "more than 32 bits"},
		"spells an opcode too long":       {body("\xfd\x8c\x00" + strings.Repeat("x", 16) + drop), "spelt too long"},
		"hides an opcode":                 {body(i32c(0) + "\xfc\x82\x00"), "spelt too long"},
		"huge table":                      {with(func(m *mod) { m.tables = []string{"\x70\x00" + u(1<<26)} }), "67108864 entries"},
		"many tables":                     {with(func(m *mod) { m.tables = strings.Split(strings.Repeat("\x70\x00\x01,", 9), ",")[:9] }), "9 tables"},
		"huge memory":                     {with(func(m *mod) { m.pages = 513 }), "513 pages"},
		"shared memory":                   {raw(5, "\x01\x03\x01\x02"), "threads"},
		"64-bit memory":                   {raw(5, "\x01\x04\x01"), "64-bit"},
		"two memories":                    {raw(5, "\x02\x00\x01\x00\x01"), "2 memories"},
		"many globals":                    {with(func(m *mod) { m.globals = numbers }), "300 globals"},
		"a sum as a constant":             {with(func(m *mod) { m.globals = []string{"\x7f\x00" + i32c(1) + i32c(2) + add + end} }), "more than a constant"},
		"a global as a constant":          {with(func(m *mod) { m.globals = []string{numbers[0], "\x7f\x00\x23\x00" + end} }), "0x23, which is no constant"},
		"many locals":                     {raw(10, "\x01\x08\x01\xff\xff\xff\xff\x0f\x7f\x0b", 3, "\x01\x00", 1, "\x01\x60\x00\x00"), "4294967295 locals"},
		"many operands":                   {body(strings.Repeat(i32c(0), 1025)), "more than 1024 operands"},
		"many targets":                    {body(get(0) + brTable(make([]int, 9000)...)), "8999 targets"},
		"deeply nested":                   {body(deep), "nested deeper than 8192"},
		"a huge function":                 {body(strings.Repeat(nop, 1<<20)), "bytes in one function"},
		"many parameters":                 {raw(1, "\x01\x60\xff\xff\xff\xff\x0f"), "4294967295 parameters"},
		"many types":                      {raw(1, "\xff\xff\xff\xff\x0f"), "4294967295 types"},
		"much data":                       {with(func(m *mod) { m.data = []string{"\x01" + u(9<<20)} }), "9437184 bytes of data"},
		"many segments":                   {raw(11, u(70_000)), "70000 data segments"},
		"many elements":                   {with(func(m *mod) { m.elements = []string{"\x01\x00" + u(1<<20)} }), "1048576 elements"},
		"lies about its data":             {append(raw(12, "\x05"), "\x0b\x01\x00"...), "announces 5 data segments"},
		"functions without bodies":        {raw(3, "\x01\x00", 1, "\x01\x60\x00\x00"), "declares 1 functions and defines 0"},
		"tags":                            {raw(13, "\x00"), "section 13 is unknown"},
		"sections in disorder":            {raw(1, "\x00", 3, "\x00"), "out of order"},
		"a section twice":                 {append(raw(1, "\x00"), "\x01\x01\x00"...), "out of order"},
		"a section too long":              {raw(1, "\x00\x00"), "1 bytes too many"},
		"a component":                     {[]byte("\x00asm\x0d\x00\x01\x00"), "no core WebAssembly"},
		"nothing":                         {nil, "no core WebAssembly"},
		"megabytes":                       {make([]byte, 17<<20), "17825792 bytes"},
		"metered before":                  {metered(t, body(nop), meter.DefaultOptions()), `"sky:fuel"`},
	} {
		_, _, err := meter.Meter(c.module, meter.DefaultOptions())
		if !errors.Is(err, meter.ErrRefused) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v; it should name %q", name, err, c.why)
		}
	}
}

// raw is a module of sections given as numbers and bytes; the later ones come first.
func raw(sections ...any) []byte {
	out := ""
	for i := 0; i < len(sections); i += 2 {
		body := sections[i+1].(string)
		out = string([]byte{byte(sections[i].(int))}) + u(len(body)) + body + out
	}
	return []byte("\x00asm\x01\x00\x00\x00" + out)
}

// TestTables: a table may not outgrow what it may start with.
func TestTables(t *testing.T) {
	m := one("i", "i", "", "\xd0\x70"+get(0)+"\xfc\x0f\x00")
	m.tables = []string{"\x70\x00\x05"}
	r := start(t, engine(t), metered(t, m.bytes(), meter.DefaultOptions()))
	for _, c := range [][2]int32{{1 << 14, -1}, {1<<14 - 5, 5}, {1, -1}} {
		if got := r.must("f", uint64(c[0])); int32(got) != c[1] {
			t.Errorf("table.grow by %d gave %d", c[0], int32(got))
		}
	}
}

// TestBulk: what nothing can interrupt may only be so long.
func TestBulk(t *testing.T) {
	m := one("i", "", "", i32c(0)+i32c(1)+get(0)+fill+i32c(64)+i32c(0)+get(0)+copyM)
	m.pages = 200
	r := start(t, engine(t), metered(t, m.bytes(), meter.DefaultOptions()))
	r.must("f", 8<<20)
	for _, n := range []uint64{8<<20 + 1, 1<<31 + 1, 1<<32 - 1} {
		if _, cost, err := r.call(plenty, "f", n); err == nil || cost > 1000 {
			t.Errorf("%d bytes at once cost %d: %v", n, cost, err)
		}
	}
}

// TestStart: the start function waits until the host has filled the tank.
func TestStart(t *testing.T) {
	m := mod{pages: 1, globals: []string{"\x7f\x01" + i32c(1) + end}, start: 2,
		funcs: []fn{{"f", "", "i", "", gget(0)}, {"", "", "", "", i32c(2) + gset(0)}}}
	out, report, err := meter.Meter(m.bytes(), meter.DefaultOptions())
	if err != nil || !report.Start {
		t.Fatal(report, err)
	}
	r := start(t, engine(t), out)
	if _, _, err := r.call(0, "f"); err == nil {
		t.Error("it runs on an empty tank")
	}
	if got := r.must("f"); got != 1 {
		t.Error("it started by itself:", got)
	}
	r.must(meter.StartFunction)
	if got := r.must("f"); got != 2 {
		t.Error("it did not start:", got)
	}
}

// TestDeterministic: the same bytes give the same module.
func TestDeterministic(t *testing.T) {
	m := one("i", "", "", get(0)+grow+drop+i32c(0)+i32c(1)+get(0)+fill).bytes()
	a, b := metered(t, m, meter.DefaultOptions()), metered(t, bytes.Clone(m), meter.DefaultOptions())
	if !bytes.Equal(a, b) {
		t.Error("two outcomes")
	}
	if _, err := engine(t).CompileModule(context.Background(), a); err != nil {
		t.Error(err)
	}
}
