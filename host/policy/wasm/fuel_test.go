package wasm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

var spin = policytest.Ops(policytest.Loop, []byte{0x0c, 0}, policytest.End)

// TestFuel: a call that computes for too long ends as a trap of its own kind,
// is counted, and the plugin works on with another instance.
func TestFuel(t *testing.T) {
	ctx := context.Background()
	third := policytest.Plain()
	for _, f := range []string{abi.SkyScore, abi.SkyCooldown, abi.SkyTrimPlan} { // all spin on every third call
		body := policytest.Ops(policytest.GetGlobal(2), policytest.Const(1), policytest.Add, policytest.SetGlobal(2),
			policytest.GetGlobal(2), policytest.Const(3), policytest.Equal, policytest.IfThen, spin, policytest.End)
		third.Func(f).Body = policytest.Ops(body, third.Func(f).Body)
	}
	p := load(t, third.Bytes(), small())
	for _, hook := range []string{abi.HookMatch, abi.HookCooldown, abi.HookTrim} {
		ask, plain := asker(t, p, hook)
		for call := 1; call <= 6; call++ {
			before := p.Stats()
			got, err := ask(ctx)
			was := map[string][2]policy.HookStats{
				abi.HookMatch: {before.Match, p.Stats().Match}, abi.HookCooldown: {before.Cooldown, p.Stats().Cooldown}, abi.HookTrim: {before.Trim, p.Stats().Trim},
			}[hook]
			used, dry := was[1].Fuel-was[0].Fuel, was[1].OutOfFuel-was[0].OutOfFuel
			if call%3 != 0 {
				if err != nil || got != plain || dry != 0 || used == 0 || used > 20_000 {
					t.Fatalf("%s %d: %v, %v, %d units", hook, call, got, err, used)
				}
				continue
			}
			if !errors.Is(err, policy.ErrTrap) || !errors.Is(err, policy.ErrFuel) || dry != 1 || used < 250_000 || used > 1_510_000 {
				t.Fatalf("%s %d: %v, %d units", hook, call, err, used)
			}
		}
	}
}

// TestFuelByRow: a thousand rows may take what one row may not.
func TestFuelByRow(t *testing.T) {
	o := small()
	o.Fuel = wasm.Fuel{Match: 100, Row: 500}
	m := openMatch(t, load(t, policytest.Plain().Bytes(), o))
	if err := m.Score(context.Background(), 0, 0, 1, make([]int32, 1000)); err != nil {
		t.Error(err)
	}
	o.Fuel = wasm.Fuel{Match: 1, Row: 1}
	m = openMatch(t, load(t, policytest.Plain().Bytes(), o))
	if err := m.Score(context.Background(), 0, 0, 1, make([]int32, 1000)); !errors.Is(err, policy.ErrFuel) {
		t.Error(err)
	}
}

// TestFuelForTheHost: what the host does for a plugin is on the plugin's bill.
func TestFuelForTheHost(t *testing.T) {
	const wasi = "wasi_snapshot_preview1"
	zero := policytest.Const(0)
	for name, c := range map[string]struct {
		imports policytest.Import
		ask     []byte
		least   uint64 // for 60,000 bytes, or a thousand empty buffers
	}{
		"random bytes": {policytest.Import{Module: wasi, Name: "random_get", Params: "ii", Results: "i"},
			policytest.Ops(policytest.Const(8192), policytest.Const(60_000), policytest.Call(0), policytest.Drop), 120_000},
		"empty buffers": {policytest.Import{Module: wasi, Name: "fd_write", Params: "iiii", Results: "i"},
			policytest.Ops(policytest.Const(1), policytest.Const(8192), policytest.Const(1000), zero, policytest.Call(0), policytest.Drop), 16_000},
	} {
		m := policytest.Plain()
		m.Imports = []policytest.Import{c.imports}
		m.Func(abi.SkyCooldown).Body = policytest.Ops(c.ask, m.Func(abi.SkyCooldown).Body)
		o := small()
		p := load(t, m.Bytes(), o)
		cd, err := p.Cooldown()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cd.Decide(context.Background(), lobby.Case{}); err != nil {
			t.Fatal(name, err)
		}
		if used := p.Stats().Cooldown.Fuel; used < c.least || used > c.least+2000 {
			t.Errorf("%s: %d units", name, used)
		}
		o.Fuel.Cooldown = int64(c.least) - 1
		if cd, err = load(t, m.Bytes(), o).Cooldown(); err != nil {
			t.Fatal(err)
		}
		if _, err := cd.Decide(context.Background(), lobby.Case{}); !errors.Is(err, policy.ErrFuel) || !errors.Is(err, policy.ErrTrap) {
			t.Error(name, err)
		}
	}
}

// TestFuelToStart: neither a start section nor a runtime's initialisation runs
// for ever, and each is refused in one sentence.
func TestFuelToStart(t *testing.T) {
	start := policytest.Plain()
	start.Start = &policytest.Func{Body: spin}
	start.Funcs = append(start.Funcs, start.Start)
	initialize := policytest.Plain()
	initialize.Funcs = append(initialize.Funcs, &policytest.Func{Export: abi.Initialize, Body: spin})
	for name, m := range map[string]*policytest.Module{
		"does not start: plugin": start, "does not start": initialize,
		abi.SkyABI: policytest.Plain().Body(abi.SkyABI, spin, policytest.Const(1)), abi.SkyManifest: policytest.Plain().Body(abi.SkyManifest, spin, policytest.Const64(1)),
	} {
		_, err := wasm.Load(context.Background(), m.Bytes(), small())
		if !errors.Is(err, policy.ErrRefused) || !errors.Is(err, policy.ErrFuel) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnmeterable: a module that would not let itself be metered is not run.
func TestUnmeterable(t *testing.T) {
	for why, ops := range map[string][]byte{
		"atomic.fence": {0xfe, 0x03, 0x00}, "return_call": {0x12, 0x00}, "global.set names global 3": policytest.Ops(policytest.Const64(1<<40), policytest.SetGlobal(3)),
	} {
		_, err := wasm.Load(context.Background(), policytest.Plain().Body(abi.SkyCooldown, ops, policytest.Const64(1)).Bytes(), small())
		if !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), why) {
			t.Errorf("%v; it should name %s", err, why)
		}
	}
}
