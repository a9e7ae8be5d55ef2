package wasm_test

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case compilePlugin:
			os.Exit(wasm.RunCompiler(os.Args[2:], os.Stdin, os.Stdout))
		case compileEndless:
			os.Exit(wasm.RunCompiler(os.Args[2:], endless{}, os.Stdout))
		case compileBusily:
			os.Exit(wasm.RunCompiler(os.Args[2:], busy{}, os.Stdout))
		}
	}
	goleak.VerifyTestMain(m)
}

// small is for hand-written guests; policytest's lists assume its cap.
func small() wasm.Options { return wasm.Options{MemoryPages: 64, Instances: 1} }

func load(t testing.TB, module []byte, o wasm.Options) *wasm.Plugin {
	t.Helper()
	p, err := wasm.Load(context.Background(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func openMatch(t testing.TB, p *wasm.Plugin) policy.Match {
	t.Helper()
	m, err := p.Match(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

// asker asks one hook of a plugin, and says what a plain guest would answer.
func asker(t testing.TB, p *wasm.Plugin, hook string) (ask func(context.Context) (any, error), plain any) {
	t.Helper()
	switch hook {
	case abi.HookMatch:
		m := openMatch(t, p)
		m.Set(0, &policy.Person{Age: 1})
		m.Set(1, &policy.Person{Age: 41})
		return func(ctx context.Context) (any, error) {
			var out [1]int32
			err := m.Score(ctx, 0, 0, 1, out[:])
			return out[0], err
		}, int32(41)
	case abi.HookCooldown:
		c, err := p.Cooldown()
		if err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) (any, error) { return c.Decide(ctx, lobby.Case{What: "call"}) }, int64(3600)
	default:
		tr, err := p.Trim()
		if err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) (any, error) {
			plan, err := tr.Plan(ctx, "card", "public")
			return plan.Text["bio"], err
		}, 140
	}
}
