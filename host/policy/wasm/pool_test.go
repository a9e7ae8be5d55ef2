package wasm

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

// TestPoolStartsAnotherForSlowCallsOnly: calls that overlap for a moment share
// an instance, a call that lasts does not hold up the others.
func TestPoolStartsAnotherForSlowCallsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int32
		p := newPool(3, func() (*instance, error) { made.Add(1); return &instance{}, nil })
		var calls sync.WaitGroup
		call := func(length time.Duration) {
			calls.Go(func() {
				if err := p.use(t.Context(), func(*instance) error { time.Sleep(length); return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		for range 20 {
			call(overlap / 2)
			call(overlap / 2)
			calls.Wait()
		}
		if n := made.Load(); n != 1 {
			t.Errorf("%d instances for short calls", n)
		}

		call(time.Hour)
		synctest.Wait()
		hurried, cancel := context.WithTimeout(t.Context(), overlap/2)
		defer cancel()
		if err := p.use(hurried, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited longer than it might: %v", err)
		}
		began := time.Now()
		if err := p.use(t.Context(), func(*instance) error { return nil }); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited != overlap || made.Load() != 2 {
			t.Errorf("waited %v for a long call, of %d instances", waited, made.Load())
		}
		calls.Wait()
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
