package meter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// TestEveryInstruction: what the specification has up to version 2 passes, the
// engine compiles what comes out, and numbers come out the same.
func TestEveryInstruction(t *testing.T) {
	all := meter.Instructions()
	m := mod{pages: 1, count: true, data: []string{"\x01" + text("data")}, elements: []string{"\x01\x00\x00"}}
	for i, in := range all {
		body := ""
		for p := range in.Pops {
			body += get(p)
		}
		m.funcs = append(m.funcs, fn{fmt.Sprint("f", i), in.Pops, in.Pushes, "", body + in.Bytes})
	}
	special := []fn{ // those whose types depend on the module
		{"", "r", "i", "", get(0) + "\xd1"}, {"", "", "r", "", "\xd0\x70"}, {"", "", "e", "", "\xd0\x6f"}, {"", "", "r", "", "\xd2\x00"},
		{"", "vvi", "v", "", get(0) + get(1) + get(2) + "\x1b"}, {"", "rri", "r", "", get(0) + get(1) + get(2) + "\x1c\x01\x70"},
		{"", "i", "r", "", get(0) + "\x25\x00"}, {"", "ir", "", "", get(0) + get(1) + "\x26\x00"},
		{"", "iii", "", "", get(0) + get(1) + get(2) + "\xfc\x0c\x00\x00"}, {"", "iii", "", "", get(0) + get(1) + get(2) + "\xfc\x0e\x00\x00"},
		{"", "ri", "i", "", get(0) + get(1) + "\xfc\x0f\x00"}, {"", "", "i", "", "\xfc\x10\x00"}, {"", "iri", "", "", get(0) + get(1) + get(2) + "\xfc\x11\x00"},
		{"", "i", "", "", get(0) + "\x11" + u(len(all)+15) + "\x00"}, {"", "F", "F", "", get(0) + gset(0) + gget(0)}, {"", "", "", "", ""},
	}
	m.funcs = append(m.funcs, special...)
	m.tables = []string{"\x70\x00\x08"}
	m.globals = []string{"\x7c\x01\x44" + "12345678" + end}
	if n := len(all) + len(special); n < 236+128+18 {
		t.Fatalf("only %d instructions", n)
	}
	o := meter.DefaultOptions()
	o.MaxTypes, o.MaxExports = 1000, 1000
	r := engine(t)
	plain, paid := start(t, r, m.bytes()), start(t, r, metered(t, m.bytes(), o))
	for i, in := range all {
		if strings.ContainsAny(in.Pops+in.Pushes, "vre") || in.Name == "memory.grow" {
			continue
		}
		for _, a := range []uint64{0, 1, 0x40490fdb, 0x4005bf0a8b145769, 1 << 63, 7} {
			args := []uint64{a, a ^ 3, a}[:len(in.Pops)]
			want, _, errWas := plain.call(0, fmt.Sprint("f", i), args...)
			got, _, err := paid.call(1<<40, fmt.Sprint("f", i), args...)
			if (err == nil) != (errWas == nil) || err == nil && fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s of %v: %v (%v) became %v (%v)", in.Name, args, want, errWas, got, err)
			}
		}
	}
}

// TestUnknownInstructions: every other opcode is refused by a name, and the
// engine, by default, knows none of them either.
func TestUnknownInstructions(t *testing.T) {
	for code, name := range map[string]string{
		"\x06\x40": "try (exceptions)", "\x08\x00": "throw (exceptions)", "\x0a": "throw_ref (exceptions)", "\x1f\x40\x00": "try_table (exceptions)",
		"\x12\x00": "return_call (tail calls)", "\x13\x00\x00": "return_call_indirect (tail calls)", "\x14\x00": "call_ref (typed references)",
		"\xd4": "ref.as_non_null", "\xd5\x00": "br_on_null", "\xfb\x00\x00": "garbage collection", "\x27": "0x27 (unknown)", "\xff": "0xff (unknown)",
		"\xfe\x00\x02\x00": "memory.atomic.notify (threads)", "\xfe\x03\x00": "atomic.fence (threads)", "\xfe\x10\x02\x00": "i32.atomic.load (threads)",
		"\xfe\x1e\x02\x00": "i32.atomic.rmw.add (threads)", "\xfe\x4e\x02\x00": "i64.atomic.rmw32.cmpxchg_u (threads)",
		"\xfc\x12": "0xfc 0x12 (unknown)", "\xfd\x9a\x01": "0xfd 0x9a (unknown)", "\xfd\x80\x02": "relaxed vectors",
	} {
		m := one("", "", "", unreachable+code)
		_, _, err := meter.Meter(m.bytes(), meter.DefaultOptions())
		if !errors.Is(err, meter.ErrRefused) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "function 0") {
			t.Errorf("%x: %v; it should name %q", code, err, name)
		}
	}
	r := engine(t)
	for code := range 256 {
		for sub := range 256 {
			bytes := string([]byte{byte(code)})
			if code >= 0xfc && code <= 0xfe {
				bytes += u(sub)
			} else if sub > 0 {
				break
			}
			if _, _, err := meter.Meter(one("", "", "", unreachable+bytes).bytes(), meter.DefaultOptions()); err == nil || !strings.Contains(err.Error(), "is not allowed") {
				continue
			}
			for _, operands := range []string{"", "\x00", "\x00\x00"} {
				if _, err := r.CompileModule(context.Background(), one("", "", "", unreachable+bytes+operands).bytes()); err == nil {
					t.Errorf("%x is refused, and the engine knows it", bytes)
				}
			}
		}
	}
}
