package wasm

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/napalmsky/napalmsky/host/policy"
)

// TestPoolWaits: who finds no instance waits as long as their context allows,
// and close waits for who has one. No guest is involved.
func TestPoolWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		p := newPool(1, func() (*instance, error) { made++; return &instance{}, nil })
		leave := make(chan struct{})
		go p.use(context.Background(), func(*instance) error { <-leave; return nil })
		synctest.Wait()

		hurried, cancel := context.WithCancel(context.Background())
		var second error
		go func() { second = p.use(hurried, func(*instance) error { panic("two at once") }) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(second, context.Canceled) {
			t.Error(second)
		}
		if err := p.close(hurried); !errors.Is(err, context.Canceled) {
			t.Error("closed under a running call:", err)
		}
		if err := p.use(context.Background(), nil); !errors.Is(err, policy.ErrClosed) {
			t.Error("let in after close began:", err)
		}
		close(leave)
		if err := p.close(context.Background()); err != nil {
			t.Error(err)
		}
		if made != 1 || len(p.idle) != 1 {
			t.Errorf("%d instances were made, %d are left", made, len(p.idle))
		}
	})
}

// TestPoolSurvivesFailedStart: an instance that cannot start gives its place back.
func TestPoolSurvivesFailedStart(t *testing.T) {
	p := newPool(1, func() (*instance, error) { return nil, policy.ErrTrap })
	for range 3 {
		if err := p.use(context.Background(), nil); !errors.Is(err, policy.ErrTrap) {
			t.Fatal(err)
		}
	}
}
