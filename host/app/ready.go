package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
)

const (
	askStoreEvery = time.Second // however many ask us
	storePatience = time.Second
	lookEvery     = 15 * time.Second // although nobody asks, so that the log says when the store went
)

// readiness says whether newcomers should be sent here. Safe for concurrent use.
type readiness struct {
	ping    func(context.Context) error
	now     func() time.Time
	log     *slog.Logger
	started <-chan struct{}
	leaving atomic.Bool  // the server shuts down
	shut    *atomic.Bool // no newcomers are let in

	mu   sync.Mutex // held while the store is asked: others wait for that answer
	at   time.Time
	err  error         // nil: the store answers
	gone time.Time     // when it was noticed that it does not
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
		err := r.ping(ctx)
		r.at = r.now()
		r.notice(err)
		r.took = r.at.Sub(now)
	}
	return r.took, r.err
}

// notice says once that the store went, and once that it is back.
func (r *readiness) notice(err error) {
	switch {
	case err != nil && r.err == nil:
		r.gone = r.at
		r.log.Warn("the database does not answer; newcomers are kept away, people go on", "err", err)
	case err == nil && r.err != nil:
		r.log.Info("the database answers again", "after", r.at.Sub(r.gone).Round(time.Millisecond))
	}
	r.err = err
}

// watch looks at the store until ctx ends.
func (r *readiness) watch(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.store(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
