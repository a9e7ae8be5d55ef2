package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
)

const (
	askStoreEvery = time.Second // however many ask us
	storePatience = time.Second
)

// readiness says whether newcomers should be sent here. Safe for concurrent use.
type readiness struct {
	ping    func(context.Context) error
	now     func() time.Time
	started <-chan struct{}
	leaving atomic.Bool  // the server shuts down
	shut    *atomic.Bool // no newcomers are let in

	mu   sync.Mutex // held while the store is asked: others wait for that answer
	at   time.Time
	err  error         // nil: the store answers
	took time.Duration // of the last answer
}

// reasons why not, for people; none: the server is ready.
func (r *readiness) reasons(ctx context.Context) (why []string) {
	select {
	case <-r.started:
	default:
		why = append(why, "the server is starting")
	}
	if r.leaving.Load() {
		why = append(why, "the server is shutting down")
	}
	if r.shut.Load() {
		why = append(why, "memory is short")
	}
	switch _, err := r.store(ctx); {
	case errors.Is(err, store.ErrSuperseded):
		why = append(why, "another server has taken the database over; stop this one")
	case err != nil:
		why = append(why, "the database does not answer")
	}
	return why
}

// store tells how long the store's last answer took, and why it is away (nil: it is not).
func (r *readiness) store(ctx context.Context) (took time.Duration, away error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.at.IsZero() || now.Sub(r.at) >= askStoreEvery || now.Before(r.at) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
		defer cancel()
		r.err = r.ping(ctx)
		r.at = r.now()
		r.took = r.at.Sub(now)
	}
	return r.took, r.err
}
