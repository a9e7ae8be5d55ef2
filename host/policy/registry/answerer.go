package registry

import (
	"context"
	"fmt"
	"slices"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// answerer is an opened version with its params: a wasm.Plugin, or a rule
// compiled in. Safe for concurrent use; the Matches it gives are not.
type answerer interface {
	Manifest() abi.Manifest
	Match(ctx context.Context) (policy.Match, error)
	Cooldown() (policy.Cooldown, error)
	Trim() (policy.Trim, error)
	Signalling() (policy.Signalling, error)
	Close(ctx context.Context) error
}

const nativePrefix = "native:"

// compiledIn is the baseline of one hook.
type compiledIn struct {
	hook   Hook
	rules  Baselines
	params map[string]int64
}

// newCompiledIn refuses params that the rule does not have.
func newCompiledIn(h Hook, rules Baselines, params map[string]int64) (answerer, error) {
	c := compiledIn{h, rules, params}
	m := c.Manifest()
	if err := policy.CheckManifest(m); err != nil {
		return nil, err
	}
	if _, err := policy.EncodeParams(m.Params, params); err != nil {
		return nil, err
	}
	return c, nil
}

func (c compiledIn) Manifest() abi.Manifest {
	switch c.hook {
	case Match:
		return c.rules.Match.Manifest()
	case Cooldown:
		return c.rules.Cooldown.Manifest()
	case Signalling:
		return c.rules.Signalling.Manifest()
	default:
		return c.rules.Trim.Manifest()
	}
}

func (c compiledIn) digest() string {
	m := c.Manifest()
	return nativePrefix + m.Name + "@" + m.Version
}

func (c compiledIn) Match(context.Context) (policy.Match, error) {
	if c.hook != Match {
		return nil, c.not(Match)
	}
	return native.Match(c.rules.Match, c.params, 1)
}

func (c compiledIn) Cooldown() (policy.Cooldown, error) {
	if c.hook != Cooldown {
		return nil, c.not(Cooldown)
	}
	return native.Cooldown(c.rules.Cooldown, c.params, 1)
}

func (c compiledIn) Trim() (policy.Trim, error) {
	if c.hook != Trim {
		return nil, c.not(Trim)
	}
	return native.Trim(c.rules.Trim, c.params, 1)
}

func (c compiledIn) Signalling() (policy.Signalling, error) {
	if c.hook != Signalling {
		return nil, c.not(Signalling)
	}
	return native.Signalling(c.rules.Signalling, c.params, 1)
}

func (c compiledIn) not(h Hook) error {
	return fmt.Errorf("the rule compiled in for %s serves no %s hook: %w", c.hook, h, policy.ErrRefused)
}

func (compiledIn) Close(context.Context) error { return nil }

// hooksOf are the hooks a manifest names, in our order.
func hooksOf(m abi.Manifest) []Hook {
	var hooks []Hook
	for _, h := range Hooks {
		if slices.Contains(m.Hooks, string(h)) {
			hooks = append(hooks, h)
		}
	}
	return hooks
}

func paramsOf(m abi.Manifest) []abi.Param {
	if m.Params == nil {
		return nil
	}
	return m.Params.Fields
}
