package wasm

import (
	"context"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Signalling is the plugin's signalling rule; an error if it has none.
func (p *Plugin) Signalling() (policy.Signalling, error) {
	return signalling{p}, p.serves(abi.HookSignalling)
}

type signalling struct{ *Plugin }

func (s signalling) Trim(ctx context.Context, kind string, body []byte) (shorter []byte, err error) {
	question, err := policy.AppendSignal(nil, kind, body)
	if err != nil {
		return nil, err
	}
	err = s.ask(ctx, abi.HookSignalling, &s.counts.signalling, func(in *instance) error {
		if err := in.write(in.signal, question); err != nil {
			return err
		}
		packed, err := in.call(in.fuel.Signalling, in.trim, uint64(in.signal), uint64(len(question)))
		if err != nil {
			return err
		}
		if shorter, err = in.unpack(int64(packed), abi.MaxSignal); err != nil {
			return err
		}
		return policy.CheckSignal(kind, body, shorter)
	})
	if err != nil {
		return nil, err
	}
	return shorter, nil
}
