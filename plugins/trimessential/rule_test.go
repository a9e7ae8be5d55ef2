package trimessential

import (
	"testing"

	"github.com/napalmsky/napalmsky/sdk/plugintest"
)

func TestHoldsForEveryKind(t *testing.T) { plugintest.Trim[Params]{Plan: Plan}.Check(t) }
func TestIsPure(t *testing.T)            { plugintest.Pure(t, ".") }

func TestPlans(t *testing.T) {
	defaults := plugintest.Defaults[Params]()
	for _, c := range []struct {
		params     Params
		kind, want string
	}{
		{defaults, "card", `{"text":{"bio":140},"list":{"langs":4,"tags":6}}`},
		{Params{Tags: 3}, "card", `{"drop":["bio","langs"],"list":{"tags":3}}`},
		{defaults, "presence", `{"changed":true}`},
		{defaults, "something new", `{}`},
	} {
		plan := Plan(&c.params, c.kind, "public")
		if got := string(plan.JSON()); got != c.want {
			t.Errorf("%s under %+v: %s, want %s", c.kind, c.params, got, c.want)
		}
	}
}
