package native

import (
	"context"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

type cooldown struct {
	generation policy.Generation
	rule       abi.CooldownRule
	layout     *abi.Layout
	params     []byte
}

func (c *cooldown) Generation() policy.Generation { return c.generation }

func (c *cooldown) Decide(ctx context.Context, kase lobby.Case) (seconds int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	defer trapped(abi.HookCooldown, &err)
	block := abi.Block(c.layout.Size)
	policy.PutCase(block, c.layout, &kase)
	seconds = c.rule.Decide(c.params, block)
	if err := policy.CheckSeconds(seconds); err != nil {
		return 0, err
	}
	return seconds, nil
}

type trim struct {
	generation policy.Generation
	rule       abi.TrimRule
	params     []byte
}

func (t *trim) Generation() policy.Generation { return t.generation }

func (t *trim) Plan(ctx context.Context, kind, audience string) (plan policy.Plan, err error) {
	if err := ctx.Err(); err != nil {
		return policy.Plan{}, err
	}
	if _, err := policy.Question(kind, audience); err != nil {
		return policy.Plan{}, err
	}
	defer trapped(abi.HookTrim, &err)
	return policy.DecodePlan(t.rule.Plan(t.params, kind, audience))
}
