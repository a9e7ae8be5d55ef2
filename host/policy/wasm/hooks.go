package wasm

import (
	"context"
	"fmt"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func (p *Plugin) serves(hook string) error {
	if !slices.Contains(p.manifest.Hooks, hook) {
		return fmt.Errorf("wasm: %s serves no %s hook", p.generation.Name, hook)
	}
	return nil
}

// ask runs f with an instance from the pool and counts the outcome.
func (p *Plugin) ask(ctx context.Context, hook string, c *counter, f func(*instance) error) error {
	began, used := p.options.Now(), int64(0)
	err := p.pool.use(ctx, func(in *instance) error {
		before := in.used
		err := f(in)
		used = in.used - before
		if err != nil {
			return err
		}
		return in.relax()
	})
	c.add(p.options.Now().Sub(began), used, err)
	if err != nil {
		return fmt.Errorf("wasm: %s: %w", hook, err)
	}
	return nil
}

// Cooldown is the plugin's cooldown rule; an error if it has none.
func (p *Plugin) Cooldown() (policy.Cooldown, error) {
	return cooldown{p}, p.serves(abi.HookCooldown)
}

type cooldown struct{ *Plugin }

func (c cooldown) Decide(ctx context.Context, kase lobby.Case) (seconds int64, err error) {
	block := abi.Block(c.manifest.Case.Size)
	policy.PutCase(block, c.manifest.Case, &kase)
	err = c.ask(ctx, abi.HookCooldown, &c.counts.cooldown, func(in *instance) error {
		if err := in.write(in.kase, block); err != nil {
			return err
		}
		answer, err := in.call(in.fuel.Cooldown, in.cooldown, uint64(in.kase))
		if err != nil {
			return err
		}
		seconds = int64(answer)
		return policy.CheckSeconds(seconds)
	})
	if err != nil {
		return 0, err
	}
	return seconds, nil
}

// Trim is the plugin's trimming rule; an error if it has none.
func (p *Plugin) Trim() (policy.Trim, error) {
	return trim{p}, p.serves(abi.HookTrim)
}

type trim struct{ *Plugin }

func (t trim) Plan(ctx context.Context, kind, audience string) (plan policy.Plan, err error) {
	question, err := policy.Question(kind, audience)
	if err != nil {
		return policy.Plan{}, err
	}
	err = t.ask(ctx, abi.HookTrim, &t.counts.trim, func(in *instance) error {
		if err := in.write(in.question, question); err != nil {
			return err
		}
		packed, err := in.call(in.fuel.Trim, in.trimPlan, uint64(in.question), uint64(len(question)))
		if err != nil {
			return err
		}
		text, err := in.unpack(int64(packed), abi.MaxPlan)
		if err != nil {
			return err
		}
		plan, err = policy.DecodePlan(text)
		return err
	})
	if err != nil {
		return policy.Plan{}, err
	}
	return plan, nil
}
