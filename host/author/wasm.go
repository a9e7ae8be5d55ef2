package author

import (
	"context"

	"github.com/napalmsky/napalmsky/host/author/golden"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
)

// load runs a module as a server does by default.
func load(ctx context.Context, module []byte, params map[string]int64, cache string) (*wasm.Plugin, error) {
	return wasm.Load(ctx, module, wasm.Options{Params: params, CacheDir: cache, Instances: 1})
}

// openWasm plays golden cases to a module. Those with several sets of params
// load it several times: the cache keeps that short.
func openWasm(module []byte, cache string) golden.Open {
	return func(ctx context.Context, params map[string]int64) (golden.Rules, error) {
		p, err := load(ctx, module, params, cache)
		if err != nil {
			return nil, err
		}
		return p, nil
	}
}
