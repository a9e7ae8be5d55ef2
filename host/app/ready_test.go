package app

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func TestReadinessFollowsTheDatabase(t *testing.T) {
	now := time.UnixMilli(1_760_000_000_000)
	started := make(chan struct{})
	db := storetest.NewFaulty(storetest.NewMemory(), nil)
	r := &readiness{shut: new(atomic.Bool), ping: db.Ping, now: func() time.Time { return now }, started: started}
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
	db.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.Ping }, storetest.Fault{Before: store.ErrSuperseded}))
	now = now.Add(askStoreEvery)
	expect("another server has it", "another server has taken the database over; stop this one")
	db.Play(nil)
	now = now.Add(askStoreEvery)
	expect("back")
	r.shut.Store(true)
	expect("no room", "memory is short")
	r.shut.Store(false)
	r.leaving.Store(true)
	expect("leaving", "the server is shutting down")
}

func TestAFrozenDatabaseIsAway(t *testing.T) {
	r := &readiness{now: time.Now, started: make(chan struct{}), ping: func(ctx context.Context) error {
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
