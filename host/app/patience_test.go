package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, p := time.Now(), newPatience(time.Second)
		defer p.end()
		if until, ok := p.Deadline(); p.Err() != nil || !ok || until.Sub(began) != time.Second {
			t.Fatalf("it begins with %v, until %v", p.Err(), until)
		}
		<-p.Done()
		if time.Since(began) != time.Second || !errors.Is(p.Err(), context.DeadlineExceeded) {
			t.Errorf("after %s: %v", time.Since(began), p.Err())
		}
	})
}

func TestPatienceNobodyWaitedForIsOverToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, child := newPatience(time.Second), newPatience(time.Second)
		derived, cancel := context.WithCancel(child)
		defer cancel()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !errors.Is(p.Err(), context.DeadlineExceeded) || !errors.Is(derived.Err(), context.DeadlineExceeded) {
			t.Errorf("%v, and what derives from one %v", p.Err(), derived.Err())
		}
		p.end()
		child.end()
	})
}
