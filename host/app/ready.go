package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
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
	away bool
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
	if away, _ := r.store(ctx); away {
		why = append(why, "the database does not answer")
	}
	return why
}

// store tells whether the store is away, and how long its last answer took.
func (r *readiness) store(ctx context.Context) (away bool, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.at.IsZero() || now.Sub(r.at) >= askStoreEvery || now.Before(r.at) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
		defer cancel()
		r.away = r.ping(ctx) != nil
		r.at = r.now()
		r.took = r.at.Sub(now)
	}
	return r.away, r.took
}
