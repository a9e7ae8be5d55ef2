// Package native answers the policy hooks with plugins compiled into the host:
// the reference plugins' own packages, over the very layouts their wasm builds
// have and under the same validation, so that the two agree byte for byte.
package native

import (
	"fmt"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Match serves a matching rule. values are params by name (nil: the defaults),
// revision counts them from 1. Errors wrap policy.ErrRefused.
func Match(r abi.MatchRule, values map[string]int64, revision int) (policy.Match, error) {
	m := r.Manifest()
	params, err := open(m, values)
	if err != nil {
		return nil, err
	}
	return &match{generation: generation(m, revision), rows: policy.NewRows(m.Rows), table: r.Table(params)}, nil
}

// Cooldown serves a cooldown rule; see Match.
func Cooldown(r abi.CooldownRule, values map[string]int64, revision int) (policy.Cooldown, error) {
	m := r.Manifest()
	params, err := open(m, values)
	if err != nil {
		return nil, err
	}
	return &cooldown{generation(m, revision), r, m.Case, params}, nil
}

// Trim serves a trimming rule; see Match.
func Trim(r abi.TrimRule, values map[string]int64, revision int) (policy.Trim, error) {
	m := r.Manifest()
	params, err := open(m, values)
	if err != nil {
		return nil, err
	}
	return &trim{generation(m, revision), r, params}, nil
}

func open(m abi.Manifest, values map[string]int64) (params []byte, err error) {
	if err = policy.CheckManifest(m); err == nil {
		params, err = policy.EncodeParams(m.Params, values)
	}
	if err != nil {
		return nil, fmt.Errorf("native: %w", err)
	}
	return params, nil
}

func generation(m abi.Manifest, revision int) policy.Generation {
	title := m.Name + "@" + m.Version
	return policy.Generation{Name: title, Digest: "native:" + title, Params: revision}
}

// trapped turns a rule's panic into what the same panic is in wasm.
func trapped(hook string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("native: %s: %w: %v", hook, policy.ErrTrap, r)
	}
}
