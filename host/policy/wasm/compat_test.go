package wasm_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// TestCompat: plugins that were built once against version 1 work for ever.
func TestCompat(t *testing.T) {
	guests, err := filepath.Glob("../../../testdata/guests/compat/v1-*.wasm")
	if err != nil || len(guests) == 0 {
		t.Fatal(guests, err)
	}
	for _, file := range guests {
		module, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, hook := range []string{abi.HookMatch, abi.HookCooldown, abi.HookTrim} {
			ask, plain := asker(t, load(t, module, small()), hook)
			if got, err := ask(context.Background()); err != nil || got != plain {
				t.Errorf("%s, %s: %v, %v", file, hook, got, err)
			}
		}
	}
}
