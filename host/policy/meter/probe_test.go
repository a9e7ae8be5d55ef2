package meter_test

import (
	"context"
	"encoding/binary"
	"math/rand"
	"os"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/meter"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

func TestProbe(t *testing.T) {
	ctx := context.Background()
	for _, g := range []string{"/work/main/testdata/guests/c/matchmutual.wasm", "/work/main/testdata/guests/assemblyscript/matchmutual.wasm", "/tmp/meterwork/gobuild/matchmutual.wasm"} {
		b, _ := os.ReadFile(g)
		t0 := time.Now()
		out, r, err := meter.Meter(b, meter.DefaultOptions())
		t.Log(g, time.Since(t0), err, r)
		if err != nil {
			t.Fatal(err)
		}
		var base time.Duration
		for i, m := range [][]byte{b, out} {
			rt := wazero.NewRuntime(ctx)
			wasi_snapshot_preview1.MustInstantiate(ctx, rt)
			c, err := rt.CompileModule(ctx, m)
			if err != nil {
				t.Fatal(err)
			}
			t0 := time.Now()
			in, err := rt.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithStartFunctions())
			if err != nil {
				t.Fatal(err)
			}
			var fuel api.MutableGlobal
			if i == 1 {
				fuel = in.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal)
			}
			call := func(name string, args ...uint64) uint64 {
				f := in.ExportedFunction(name)
				if f == nil {
					return 0
				}
				if fuel != nil {
					fuel.Set(1 << 40)
				}
				res, err := f.Call(ctx, args...)
				if err != nil {
					t.Fatal(name, err)
				}
				if fuel != nil {
					t.Log("   ", name, "used", 1<<40-int64(fuel.Get()))
				}
				if len(res) > 0 {
					return res[0]
				}
				return 0
			}
			call(meter.StartFunction)
			call("_initialize")
			t.Log("   init", time.Since(t0))
			call("sky_manifest")
			p := call("sky_params")
			for i, v := range []int32{10, 15, 4, 10, 0, 6, 15} {
				in.Memory().WriteUint32Le(uint32(p)+4*uint32(i), uint32(v))
			}
			o := call("sky_alloc", 4000)
			rows := uint32(call("sky_rows", 10000))
			rng := rand.New(rand.NewSource(1))
			for i := range uint32(1000) {
				var row [32]byte
				binary.LittleEndian.PutUint64(row[0:], rng.Uint64()&rng.Uint64())
				binary.LittleEndian.PutUint64(row[8:], rng.Uint64()&rng.Uint64()&rng.Uint64())
				binary.LittleEndian.PutUint64(row[16:], uint64(1790000000000-rng.Int63n(1000000)))
				row[24] = byte(rng.Intn(2))
				row[25] = byte(1 + rng.Intn(3))
				row[26] = byte(18 + rng.Intn(30))
				row[27] = 18
				row[28] = byte(40 + rng.Intn(30))
				in.Memory().Write(rows+32*i, row[:])
			}
			call("sky_score", 1790000000000, 0, 0, 1000, o)
			f := in.ExportedFunction("sky_score")
			best := time.Hour
			var most, least int64 = 0, 1 << 60
			worst := time.Duration(0)
			for range 20000 {
				if fuel != nil {
					fuel.Set(1 << 40)
				}
				stack := []uint64{1790000000000, 0, 0, 1000, o}
				t0 := time.Now()
				if err := f.CallWithStack(ctx, stack); err != nil {
					t.Fatal(err)
				}
				d := time.Since(t0)
				best = min(best, d)
				worst = max(worst, d)
				if fuel != nil {
					u := 1<<40 - int64(fuel.Get())
					most, least = max(most, u), min(least, u)
				}
			}
			for _, n := range []uint64{1, 128, 256} {
				bb := time.Hour
				var us int64
				for range 3000 {
					if fuel != nil {
						fuel.Set(1 << 40)
					}
					stack := []uint64{1790000000000, 0, 0, n, o}
					t0 := time.Now()
					f.CallWithStack(ctx, stack)
					bb = min(bb, time.Since(t0))
					if fuel != nil {
						us = 1<<40 - int64(fuel.Get())
					}
				}
				t.Log("   rows", n, bb, us)
			}
			if i == 0 {
				base = best
			}
			t.Logf("   score best %v worst %v ratio %.2f units %d..%d per us %.0f", best, worst, float64(best)/float64(base), least, most, float64(least)/float64(best.Microseconds()))
			rt.Close(ctx)
		}
	}
}
