package native

import (
	"context"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Signalling serves a signalling rule; see Match.
func Signalling(r abi.SignallingRule, values map[string]int64, revision int) (policy.Signalling, error) {
	m := r.Manifest()
	params, err := open(m, values)
	if err != nil {
		return nil, err
	}
	return &signalling{generation(m, revision), r, params}, nil
}

type signalling struct {
	generation policy.Generation
	rule       abi.SignallingRule
	params     []byte
}

func (s *signalling) Generation() policy.Generation { return s.generation }

func (s *signalling) Trim(ctx context.Context, kind string, body []byte) (shorter []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := policy.AppendSignal(nil, kind, body); err != nil {
		return nil, err
	}
	defer trapped(abi.HookSignalling, &err)
	shorter = s.rule.Trim(s.params, kind, body)
	if err := policy.CheckSignal(kind, body, shorter); err != nil {
		return nil, err
	}
	return shorter, nil
}
