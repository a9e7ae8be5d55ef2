package native_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/cooldown"
	"github.com/napalmsky/napalmsky/sdk/match"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

type person struct {
	Age uint8 `sky:"age"`
}

type params struct {
	Most int16 `sky:"most" default:"50" min:"0" max:"100"`
}

// fragile panics over people it thinks too old.
func fragile(_ match.Context, p *params, viewer, other *person) (int32, bool) {
	if int16(other.Age) > p.Most {
		panic("too old")
	}
	return int32(other.Age), other.Age > 0
}

func about(name string) abi.About { return abi.About{Name: name, Version: "1"} }

func TestMatch(t *testing.T) {
	ctx := context.Background()
	rule := match.Define(about("fragile"), fragile)
	if _, err := native.Match(rule, map[string]int64{"least": 1}, 1); !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), `"least"`) {
		t.Error(err)
	}
	m, err := native.Match(rule, map[string]int64{"most": 60}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if g := m.Generation(); g != (policy.Generation{Name: "fragile@1", Digest: "native:fragile@1", Params: 3}) {
		t.Error(g)
	}
	for row := range 1000 { // the table grows under way
		m.Set(row, &policy.Person{Age: uint8(row % 60)})
	}
	out := make([]int32, 1000)
	if err := m.Score(ctx, 0, 7, 0, out); err != nil {
		t.Fatal(err)
	}
	for row, got := range out {
		want := int32(row % 60)
		if want == 0 || row == 7 {
			want = policy.Ineligible
		}
		if got != want {
			t.Fatalf("row %d: %d, want %d", row, got, want)
		}
	}
	m.Set(500, &policy.Person{Age: 61})
	if err := m.Score(ctx, 0, 7, 0, out); !errors.Is(err, policy.ErrTrap) {
		t.Error(err)
	}
	if err := m.Score(ctx, 0, 7, 0, out[:400]); err != nil {
		t.Error("a trap outlived its call:", err)
	}
	if err := m.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := m.ScoreFor(ctx, 0, 7, 0, out); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
}

func TestCooldownIsChecked(t *testing.T) {
	type kase struct {
		Met int64 `sky:"met"`
	}
	c, err := native.Cooldown(cooldown.Define(about("odd"), func(_ *struct{}, c *kase) int64 { return 10 / c.Met }), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for met, want := range map[int64]error{0: policy.ErrTrap, -1: policy.ErrInvalid, 2: nil} {
		if _, err := c.Decide(context.Background(), lobby.Case{Met: met}); !errors.Is(err, want) {
			t.Errorf("met %d: %v", met, err)
		}
	}
}

func TestTrimIsChecked(t *testing.T) {
	rule := func(_ *struct{}, kind, audience string) trim.Plan {
		return trim.Plan{Text: map[string]int{kind: len(audience) - 2}}
	}
	tr, err := native.Trim(trim.Define(about("odd"), rule), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := tr.Plan(context.Background(), "card", "all"); err != nil || p.Text["card"] != 1 {
		t.Error(p, err)
	}
	if _, err := tr.Plan(context.Background(), "card", "x"); !errors.Is(err, policy.ErrInvalid) {
		t.Error(err)
	}
	if _, err := tr.Plan(context.Background(), "card\x00", "x"); err == nil {
		t.Error("a question with two answers was asked")
	}
}
