package meter_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// FuzzMeter: no bytes make it panic, and whatever it lets pass the engine
// compiles, too.
func FuzzMeter(f *testing.F) {
	files, err := filepath.Glob("../../../testdata/guests/*/*.wasm")
	if err != nil || len(files) < 2 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for name, m := range hostiles() {
		if b := m.bytes(); len(b) < 2000 {
			f.Add(b)
		} else if testing.Verbose() {
			f.Logf("%s is too long a seed", name)
		}
	}
	f.Add(mod{pages: 1, count: true, data: []string{"\x01" + text("data"), "\x00" + i32c(4) + end + text("x")},
		imports: []imp{{"env", "abort", "iiii", ""}}, start: 3, tables: []string{"\x70\x01\x02\x05", "\x6f\x00\x01"},
		elements: []string{"\x00" + i32c(0) + end + "\x01\x00", "\x01\x00\x01\x01", "\x05\x70\x02\xd2\x00" + end + "\xd0\x70" + end, "\x06\x01" + i32c(0) + end + "\x6f\x01\xd0\x6f" + end},
		globals:  []string{"\x7b\x01\xfd\x0c1234567890123456" + end, "\x70\x00\xd2\x01" + end},
		funcs:    append([]fn{{"f", "ii", "i", "fFve", blockI + get(0) + get(1) + brTable(0, 1, 0) + end}}, others()...)}.bytes())
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(512))
	f.Cleanup(func() { _ = r.Close(ctx) })
	f.Fuzz(func(t *testing.T, module []byte) {
		before := bytes.Clone(module)
		out, _, err := meter.Meter(module, meter.DefaultOptions())
		if !bytes.Equal(module, before) {
			t.Fatal("it wrote into the module")
		}
		if err != nil {
			if !errors.Is(err, meter.ErrRefused) {
				t.Fatal(err)
			}
			return
		}
		again, _, err := meter.Meter(module, meter.DefaultOptions())
		if err != nil || !bytes.Equal(out, again) {
			t.Fatal("the second time is another", err)
		}
		c, err := r.CompileModule(ctx, out)
		if err != nil {
			t.Fatalf("%v\n%x", err, module)
		}
		_ = c.Close(ctx)
		if _, _, err := meter.Meter(out, meter.DefaultOptions()); !errors.Is(err, meter.ErrRefused) {
			t.Fatal("it meters what was metered:", err)
		}
	})
}

// FuzzBody tries function bodies in a module that has one of everything, which
// whole modules seldom come to.
func FuzzBody(f *testing.F) {
	for _, m := range hostiles() {
		if b := m.funcs[0].body; len(b) < 500 {
			f.Add([]byte(b))
		}
	}
	for _, in := range meter.Instructions() {
		body := ""
		for _, t := range in.Pops {
			body += map[rune]string{'i': get(0), 'I': get(1), 'f': get(2), 'F': get(3), 'v': get(4)}[t]
		}
		f.Add([]byte(block + body + in.Bytes + br(0) + end + get(0)))
	}
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(512))
	f.Cleanup(func() { _ = r.Close(ctx) })
	f.Fuzz(func(t *testing.T, body []byte) {
		m := mod{pages: 1, count: true, data: []string{"\x01" + text("data")}, imports: []imp{{"env", "abort", "iiii", ""}},
			tables: []string{"\x70\x00\x05", "\x6f\x00\x01"}, elements: []string{"\x00" + i32c(0) + end + "\x01\x01", "\x07\x6f\x01\xd0\x6f" + end},
			globals: []string{"\x7f\x01" + i32c(1) + end, "\x7e\x00" + i64c(1) + end, "\x70\x01\xd2\x01" + end},
			funcs:   append([]fn{{"f", "iIfFvre", "i", "ii", string(body)}}, others()...)}
		out, _, err := meter.Meter(m.bytes(), meter.DefaultOptions())
		if err != nil {
			return
		}
		c, err := r.CompileModule(ctx, out)
		if err != nil {
			t.Fatalf("%v\n%x", err, body)
		}
		_ = c.Close(ctx)
	})
}
