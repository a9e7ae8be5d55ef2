package meter_test

import (
	"context"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/meter"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

func TestProbe2(t *testing.T) {
	ctx := context.Background()
	const pages = 512
	n := pages * 65536 / 64 // lines
	xorshift := get(0) + get(0) + i32c(13) + "\x74" + "\x73" + tee(0) + get(0) + i32c(17) + "\x76" + "\x73" + tee(0) + get(0) + i32c(5) + "\x74" + "\x73" + set(0)
	locals := strings.Repeat("i", 200)
	spill := ""
	for i := range 2000 {
		spill += get(0) + i32c(int32(i)) + add + set(1+i%50)
		if i%50 == 49 {
			spill += call(1)
		}
	}
	manyPhi := ""
	for i := range 100 {
		manyPhi += get(0) + ifThen
		for j := range 60 {
			manyPhi += get(j) + i32c(int32(i)) + add + set(j)
		}
		manyPhi += end + call(1)
	}
	v128 := ""
	for i := range 1000 {
		v128 += "\xfd\x0c" + strings.Repeat(string(rune(65+i%20)), 16)
	}
	v128 += call(1) + strings.Repeat(drop, 1000)
	for _, c := range []struct {
		name string
		m    mod
		arg  uint64
	}{
		{"spin", one("i", "", "", loop+br(0)+end), 1},
		{"chase", func() mod {
			m := one("i", "", "", loop+get(0)+load32+tee(0)+eqz+ifThen+unreachable+end+br(0)+end)
			m.pages = pages
			return m
		}(), 0x40},
		{"chase unrolled", func() mod {
			m := one("i", "", "", loop+get(0)+strings.Repeat(load32, 50)+set(0)+br(0)+end)
			m.pages = pages
			return m
		}(), 0x40},
		{"random loads", func() mod {
			m := one("i", "", "i", loop+xorshift+get(0)+i32c(pages*65536-64)+and+load32+set(1)+br(0)+end)
			m.pages = pages
			return m
		}(), 0x40},
		{"random stores", func() mod {
			m := one("i", "", "i", loop+xorshift+get(0)+i32c(pages*65536-64)+and+get(0)+store32+br(0)+end)
			m.pages = pages
			return m
		}(), 0x40},
		{"page stores", func() mod {
			m := one("i", "", "", loop+get(0)+i32c(4096)+add+tee(0)+i32c(1)+store32+br(0)+end)
			m.pages = pages
			return m
		}(), 0},
		{"page loads", func() mod {
			m := one("i", "", "", loop+get(0)+i32c(4096)+add+tee(0)+load32+drop+br(0)+end)
			m.pages = pages
			return m
		}(), 0},
		{"div", one("i", "", "I", loop+strings.Repeat(get(1)+i64c(7)+"\x80"+set(1), 20)+br(0)+end), 1},
		{"sqrt", one("i", "", "F", loop+strings.Repeat(get(1)+"\x9f"+set(1), 20)+br(0)+end), 1},
		{"fdiv", one("i", "", "F", loop+strings.Repeat(get(1)+get(1)+"\xa3"+set(1), 20)+br(0)+end), 1},
		{"fmin", one("i", "", "F", loop+strings.Repeat(get(1)+get(1)+"\xa4"+set(1), 20)+br(0)+end), 1},
		{"trunc u", one("i", "", "F", loop+strings.Repeat(get(1)+"\xfc\x07"+"\xba"+set(1), 20)+br(0)+end), 1},
		{"mul", one("i", "", "I", loop+strings.Repeat(get(1)+get(1)+"\x7e"+set(1), 20)+br(0)+end), 1},
		{"popcnt", one("i", "", "I", loop+strings.Repeat(get(1)+"\x7b"+set(1), 20)+br(0)+end), 1},
		{"i8 shl", one("i", "", "v", loop+strings.Repeat(get(1)+i32c(3)+"\xfd\x6b"+set(1), 20)+br(0)+end), 1},
		{"i8 popcnt", one("i", "", "v", loop+strings.Repeat(get(1)+"\xfd\x62"+set(1), 20)+br(0)+end), 1},
		{"i64x2 mul", one("i", "", "v", loop+strings.Repeat(get(1)+get(1)+"\xfd\xd5\x01"+set(1), 20)+br(0)+end), 1},
		{"f64x2 div", one("i", "", "v", loop+strings.Repeat(get(1)+get(1)+"\xfd\xf3\x01"+set(1), 20)+br(0)+end), 1},
		{"shuffle", one("i", "", "v", loop+strings.Repeat(get(1)+get(1)+"\xfd\x0d\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"+set(1), 20)+br(0)+end), 1},
		{"f64 nearest", one("i", "", "F", loop+strings.Repeat(get(1)+"\x9e"+set(1), 20)+br(0)+end), 1},
		{"mispredict", one("i", "", "i", loop+xorshift+get(0)+i32c(1)+and+ifThen+get(1)+i32c(3)+add+set(1)+end+br(0)+end), 1},
		{"br_table random", one("i", "", "i", loop+xorshift+strings.Repeat(block, 8)+get(0)+i32c(7)+and+brTable(0, 1, 2, 3, 4, 5, 6, 7)+strings.Repeat(end+get(1)+i32c(1)+add+set(1), 8)+br(0)+end), 1},
		{"fib calls", mod{pages: 1, funcs: []fn{{"f", "i", "", "", get(0) + ifThen + get(0) + i32c(1) + sub + call(0) + get(0) + i32c(1) + sub + call(0) + end}}}, 100},
		{"recursion", mod{pages: 1, funcs: []fn{{"f", "i", "", "", get(0) + call(0)}}}, 100},
		{"recursion locals", mod{pages: 1, funcs: []fn{{"f", "i", "", locals, get(0) + call(0)}}}, 100},
		{"recursion spill", mod{pages: 1, funcs: []fn{{"f", "i", "", locals[:60], get(0) + eqz + ifThen + spill + end + get(0) + call(0)}, {"", "", "", "", ""}}}, 100},
		{"recursion phi", mod{pages: 1, funcs: []fn{{"f", "i", "", locals[:60], get(0) + eqz + ifThen + manyPhi + end + get(0) + call(0)}, {"", "", "", "", ""}}}, 100},
		{"recursion v128", mod{pages: 1, funcs: []fn{{"f", "i", "", "", get(0) + eqz + ifThen + v128 + end + get(0) + call(0)}, {"", "", "", "", ""}}}, 100},
		{"memory.size", one("i", "", "", loop+strings.Repeat("\x3f\x00"+drop, 20)+br(0)+end), 1},
		{"grow 0", one("i", "", "", loop+strings.Repeat(i32c(0)+grow+drop, 20)+br(0)+end), 1},
		{"grow 1", one("i", "", "", loop+strings.Repeat(i32c(1)+grow+drop, 20)+br(0)+end), 1},
		{"fill 32MB", func() mod {
			m := one("i", "", "", loop+i32c(0)+i32c(1)+i32c(pages*65536)+fill+br(0)+end)
			m.pages = pages
			return m
		}(), 1},
		{"fill 0", one("i", "", "", loop+i32c(0)+i32c(1)+i32c(0)+fill+br(0)+end), 1},
		{"copy 8", one("i", "", "", loop+i32c(0)+i32c(1)+i32c(8)+copyM+br(0)+end), 1},
		{"copy 32MB", func() mod {
			m := one("i", "", "", loop+i32c(0)+i32c(64)+i32c(pages*65536-64)+copyM+br(0)+end)
			m.pages = pages
			return m
		}(), 1},
		{"ref.func", mod{pages: 1, funcs: []fn{{"f", "i", "", "", loop + "\xd2\x00" + drop + br(0) + end}}}, 1},
		{"table.get", mod{pages: 1, tables: []string{"\x70\x00" + u(16384)}, funcs: []fn{{"f", "i", "", "", loop + i32c(5) + "\x25\x00" + drop + br(0) + end}}}, 1},
		{"table.grow", mod{pages: 1, tables: []string{"\x70\x00" + u(1)}, funcs: []fn{{"f", "i", "", "", loop + "\xd0\x70" + i32c(1) + "\xfc\x0f\x00" + drop + br(0) + end}}}, 1},
		{"table.fill", mod{pages: 1, tables: []string{"\x70\x00" + u(16384)}, funcs: []fn{{"f", "i", "", "", loop + i32c(0) + "\xd0\x70" + i32c(16384) + "\xfc\x11\x00" + br(0) + end}}}, 1},
		{"indirect", mod{pages: 1, tables: []string{"\x70\x00" + u(16)}, elements: []string{"\x00" + i32c(0) + end + "\x01\x01"}, funcs: []fn{{"f", "i", "", "", loop + i32c(0) + "\x11\x01\x00" + br(0) + end}, {"", "", "", "", ""}}}, 1},
	} {
		out, _, err := meter.Meter(c.m.bytes(), meter.DefaultOptions())
		if err != nil {
			t.Error(c.name, err)
			continue
		}
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(pages))
		t0 := time.Now()
		cm, err := rt.CompileModule(ctx, out)
		if err != nil {
			t.Error(c.name, err)
			continue
		}
		comp := time.Since(t0)
		best, first := time.Hour, time.Duration(0)
		const budget = 1_000_000
		for i := range 5 {
			in, err := rt.InstantiateModule(ctx, cm, wazero.NewModuleConfig().WithName(""))
			if err != nil {
				t.Error(c.name, err)
				break
			}
			if strings.HasPrefix(c.name, "chase") {
				perm := rand.New(rand.NewSource(1)).Perm(n)
				for k := range perm {
					in.Memory().WriteUint32Le(uint32(perm[k])*64, uint32(perm[(k+1)%n])*64)
				}
			}
			fuel := in.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal)
			fuel.Set(budget)
			f := in.ExportedFunction("f")
			t0 := time.Now()
			_, err = f.Call(ctx, c.arg)
			d := time.Since(t0)
			if err == nil || int64(fuel.Get()) >= 0 {
				t.Log(c.name, "err", err, int64(fuel.Get()))
			}
			if i == 0 {
				first = d
			}
			best = min(best, d)
			in.Close(ctx)
		}
		t.Logf("%-18s first %10v best %10v  = %.2f ns/unit (first %.2f) compile %v", c.name, first, best, float64(best.Nanoseconds())/budget, float64(first.Nanoseconds())/budget, comp)
		rt.Close(ctx)
	}
}
