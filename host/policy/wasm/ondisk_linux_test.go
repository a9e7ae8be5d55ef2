package wasm_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// TestLongCodeIsOnDisk while its plugin is loaded, which answers as ever, and in
// nobody's memory afterwards; also when others come and go at the same time.
func TestLongCodeIsOnDisk(t *testing.T) {
	o := apart(t)
	module := long(100).Bytes()
	p, err := wasm.Load(context.Background(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := wasm.CodeOnDisk(t, o.CacheDir); n == 0 {
		t.Fatal("the code is not on disk")
	}
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for range 3 {
				other, err := wasm.Load(context.Background(), module, o)
				if err != nil {
					t.Error(err)
					return
				}
				c, err := other.Cooldown()
				if err == nil {
					_, err = c.Decide(context.Background(), lobby.Case{What: "call"})
				}
				if err != nil {
					t.Error(err)
				}
				if err := other.Close(context.Background()); err != nil {
					t.Error(err)
				}
				runtime.GC() // the engine unmaps code when it is collected
			}
		})
	}
	ask, plain := asker(t, p, abi.HookCooldown)
	for range 200 {
		if got, err := ask(context.Background()); got != plain || err != nil {
			t.Fatal(got, err)
		}
	}
	others.Wait()
	if got, err := ask(context.Background()); got != plain || err != nil {
		t.Fatal(got, err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); wasm.CodeOnDisk(t, o.CacheDir) > 0; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("closed, and the code is still mapped")
		}
	}
}
