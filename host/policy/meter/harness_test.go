package meter_test

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// plenty is more than any test here uses.
const plenty = 1 << 40

// run is an instance of a module, metered or not.
type run struct {
	t             testing.TB
	m             api.Module
	fuel, reserve api.MutableGlobal
}

// engine closes with the test. Standard Go's guests find their system in it,
// and want a directory for what was compiled, as they take seconds.
func engine(t testing.TB, cache ...string) wazero.Runtime {
	t.Helper()
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(512)
	for _, dir := range cache {
		c, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close(ctx) })
		config = config.WithCompilationCache(c)
	}
	r := wazero.NewRuntimeWithConfig(ctx, config)
	t.Cleanup(func() { _ = r.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	return r
}

// reserve is memory that growing does not move, as Weights.Page assumes.
func reserve(_, most uint64) experimental.LinearMemory { return reserved(make([]byte, most)) }

type reserved []byte

func (r reserved) Reallocate(size uint64) []byte { return r[:size:size] }
func (reserved) Free()                           {}

func start(t testing.TB, r wazero.Runtime, module []byte) run {
	t.Helper()
	ctx := experimental.WithMemoryAllocator(context.Background(), experimental.MemoryAllocatorFunc(reserve))
	in, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	fuel, _ := in.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal)
	reserve, _ := in.ExportedGlobal(meter.ReserveGlobal).(api.MutableGlobal)
	return run{t, in, fuel, reserve}
}

// call gives the results and what they cost. An unmetered call costs nothing.
func (r run) call(units int64, name string, args ...uint64) (results []uint64, cost int64, err error) {
	if r.fuel != nil {
		r.fuel.Set(0)
		r.reserve.Set(uint64(units))
	}
	results, err = r.m.ExportedFunction(name).Call(context.Background(), args...)
	if r.fuel != nil {
		cost = units - int64(r.fuel.Get()) - int64(r.reserve.Get())
	}
	return results, cost, err
}

func (r run) must(name string, args ...uint64) (result uint64) {
	r.t.Helper()
	results, _, err := r.call(plenty, name, args...)
	if err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
	if len(results) > 0 {
		result = results[0]
	}
	return result
}

func metered(t testing.TB, module []byte, o meter.Options) []byte {
	t.Helper()
	out, _, err := meter.Meter(module, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
