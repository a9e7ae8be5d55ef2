package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func TestReadinessFollowsTheDatabase(t *testing.T) {
	now := time.UnixMilli(1_760_000_000_000)
	started := make(chan struct{})
	db := storetest.NewFaulty(storetest.NewMemory(), nil)
	var log strings.Builder
	r := &readiness{shut: new(atomic.Bool), ping: db.Ping, now: func() time.Time { return now }, started: started, log: slog.New(slog.NewTextHandler(&log, nil))}
	expect := func(what string, want ...string) {
		t.Helper()
		if got := r.reasons(t.Context()); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("before the lobby runs", "the server is starting")
	close(started)
	expect("in service")

	db.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.Ping }, storetest.Fault{Before: store.ErrUnavailable}))
	expect("the answer of a moment ago still counts")
	now = now.Add(askStoreEvery)
	expect("away", "the database does not answer")
	now = now.Add(askStoreEvery)
	expect("still away", "the database does not answer")
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("the log of an outage: %s", log.String())
	}
	db.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.Ping }, storetest.Fault{Before: store.ErrSuperseded}))
	now = now.Add(askStoreEvery)
	expect("another server has it", "another server has taken the database over; stop this one")
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("the log of a longer outage: %s", log.String())
	}
	log.Reset()
	db.Play(nil)
	now = now.Add(askStoreEvery)
	expect("back")
	now = now.Add(askStoreEvery)
	expect("still there")
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "after=3s") {
		t.Errorf("the log of its return: %s", log.String())
	}
	r.shut.Store(true)
	expect("no room", "memory is short")
	r.shut.Store(false)
	r.leaving.Store(true)
	expect("leaving", "the server is shutting down")
}

func TestAFrozenDatabaseIsAway(t *testing.T) {
	r := &readiness{now: time.Now, log: slog.New(slog.DiscardHandler), started: make(chan struct{}), ping: func(ctx context.Context) error {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > storePatience {
			return errors.New("nobody waits that long")
		}
		return ctx.Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // who asks may go; the answer is for the next one too
	if _, away := r.store(ctx); away != nil {
		t.Error("one asker's hurry was taken for the database's absence")
	}
}

// TestTheDatabasesAbsenceIsNoticedByItself: nobody asks whether the server is ready.
func TestTheDatabasesAbsenceIsNoticedByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		var log strings.Builder
		r := &readiness{now: time.Now, log: slog.New(slog.NewTextHandler(&log, nil)), ping: func(context.Context) error {
			if away.Load() {
				return store.ErrUnavailable
			}
			return nil
		}}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.watch(ctx) }()
		for _, is := range []bool{false, true, true, false, false} {
			away.Store(is)
			time.Sleep(2 * lookEvery) // of the bubble's clock
			synctest.Wait()
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if said := log.String(); strings.Count(said, "does not answer") != 1 || strings.Count(said, "answers again") != 1 {
			t.Errorf("said: %s", said)
		}
	})
}
