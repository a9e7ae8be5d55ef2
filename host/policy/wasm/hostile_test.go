package wasm_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func TestRefused(t *testing.T) {
	for _, g := range policytest.RefusedGuests() {
		t.Run(g.Name, func(t *testing.T) {
			p, err := wasm.Load(context.Background(), g.Module, small())
			if err == nil {
				t.Fatal("loaded", p.Close(context.Background()))
			}
			if !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), g.Why) {
				t.Fatalf("refused with %q, which does not name %q", err, g.Why)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than a sentence: %q", err)
			}
		})
	}
}

// TestContained: a hostile guest's failures are told by their kind, and after
// each one the plugin works on, with a fresh instance that knows every row.
func TestContained(t *testing.T) {
	for _, g := range policytest.HostileGuests() {
		for _, hook := range []string{abi.HookMatch, abi.HookCooldown, abi.HookTrim} {
			t.Run(g.Name+"/"+hook, func(t *testing.T) {
				p := load(t, g.Module, small())
				ask, plain := asker(t, p, hook)
				misbehaves := slices.Contains(g.Hooks, hook)
				call := 0 // of the instance
				var want policy.HookStats
				for range 2 + 2*g.Nth {
					call++
					got, err := ask(context.Background())
					if !misbehaves || g.Nth > 0 && call != g.Nth {
						if err != nil || got != plain {
							t.Fatalf("call %d: %v, %v; want %v", call, got, err, plain)
						}
						want.OK++
						continue
					}
					switch {
					case g.Trap && errors.Is(err, policy.ErrTrap):
						want.Trapped++
					case !g.Trap && errors.Is(err, policy.ErrInvalid):
						want.Invalid++
					default:
						t.Fatalf("call %d: %v, %v", call, got, err)
					}
					call = 0
				}
				got := map[string]policy.HookStats{abi.HookMatch: p.Stats().Match, abi.HookCooldown: p.Stats().Cooldown, abi.HookTrim: p.Stats().Trim}[hook]
				got.Nanos, got.Fuel = 0, 0
				got.OutOfFuel = 0
				if got != want {
					t.Fatalf("counted %+v, want %+v", got, want)
				}
			})
		}
	}
}

// TestRefilledAfterTrap: rows set before, during and after the death of an
// instance are all in the next one.
func TestRefilledAfterTrap(t *testing.T) {
	var third []byte
	for _, g := range policytest.HostileGuests() {
		if g.Nth == 3 {
			third = g.Module
		}
	}
	m := openMatch(t, load(t, third, small()))
	ages := make([]int32, 240)
	set := func(row int, age uint8) {
		m.Set(row, &policy.Person{Age: age})
		ages[row] = int32(age)
	}
	trapped := 0
	for round := range 60 {
		for row := round; row < len(ages); row += 37 {
			set(row, uint8(row+round))
		}
		out := make([]int32, len(ages)-1)
		err := m.Score(context.Background(), 0, 0, 1, out)
		if errors.Is(err, policy.ErrTrap) {
			trapped++
			set(1+round, 99)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out, ages[1:]) {
			t.Fatalf("round %d: rows differ after %d traps", round, trapped)
		}
	}
	if trapped != 20 {
		t.Fatalf("trapped %d times", trapped)
	}
}
