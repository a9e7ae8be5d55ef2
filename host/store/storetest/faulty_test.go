package storetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func block(of lobby.PersonID) lobby.Write { return lobby.BlockSet{By: 1, Of: of, At: 1} }

func barred(t *testing.T, s store.Store) (others []lobby.PersonID) {
	t.Helper()
	bars, err := s.Bars(t.Context(), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bars {
		others = append(others, b.Other)
	}
	return others
}

func want(t *testing.T, errs []error, wanted ...error) {
	t.Helper()
	if len(errs) != len(wanted) {
		t.Fatalf("%d answers, want %d", len(errs), len(wanted))
	}
	for i := range errs {
		if !errors.Is(errs[i], wanted[i]) || (errs[i] == nil) != (wanted[i] == nil) {
			t.Fatalf("answer %d is %v, want %v", i, errs[i], wanted[i])
		}
	}
}

func TestFailedIsNotStoredAndLostIs(t *testing.T) {
	m := storetest.NewMemory()
	f := storetest.NewFaulty(m, storetest.FailNext(storetest.Commit, 2, store.ErrUnavailable))
	want(t, f.Commit(t.Context(), []lobby.Write{block(2), block(3), block(4)}),
		store.ErrUnavailable, store.ErrUnavailable, nil)
	f.Play(storetest.LoseNext(storetest.Commit, 1))
	want(t, f.Commit(t.Context(), []lobby.Write{block(5), block(6)}), store.ErrUnknown, nil)
	if got := barred(t, m); len(got) != 3 || got[0] != 4 || got[1] != 5 || got[2] != 6 {
		t.Fatalf("stored: %v", got)
	}
}

func TestLosingDoesNotHideAFailure(t *testing.T) {
	f := storetest.NewFaulty(storetest.NewMemory(), storetest.LoseNext(storetest.Person, 1))
	if _, err := f.Person(t.Context(), 1); !errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUnknown) {
		t.Fatal(err)
	}
}

func TestOneKindOfWriteCanFail(t *testing.T) {
	f := storetest.NewFaulty(storetest.NewMemory(), storetest.On(func(s storetest.Step) bool {
		_, ok := s.Write.(lobby.CallStart)
		return ok
	}, storetest.Fault{Before: store.ErrUnavailable}))
	want(t, f.Commit(t.Context(), []lobby.Write{lobby.CallStart{Call: 1, A: 1, B: 2}, block(3)}), store.ErrUnavailable, nil)
}

func TestDeadIsDeadUntilHealed(t *testing.T) {
	m := storetest.NewMemory()
	f := storetest.NewFaulty(m, storetest.DieAt(3))
	if err := f.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, f.Commit(t.Context(), []lobby.Write{block(2), block(3)}), nil, store.ErrUnavailable)
	if _, err := f.OpenCalls(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Fatal(err)
	}
	if got := f.Steps(); got != 4 {
		t.Fatalf("%d steps", got)
	}
	f.Play(nil)
	if got := barred(t, f); len(got) != 1 || got[0] != 2 {
		t.Fatalf("stored: %v", got)
	}
}

func TestHeldUntilOpened(t *testing.T) {
	m := storetest.NewMemory()
	gate := storetest.NewGate()
	f := storetest.NewFaulty(m, storetest.HoldAll(storetest.Commit, gate))
	done := make(chan []error)
	go func() { done <- f.Commit(t.Context(), []lobby.Write{block(2)}) }()
	<-gate.Reached()
	if err := f.Ping(t.Context()); err != nil {
		t.Fatalf("another step is held too: %v", err)
	}
	if got := barred(t, m); len(got) != 0 {
		t.Fatalf("stored behind a closed gate: %v", got)
	}
	gate.Open()
	gate.Open()
	want(t, <-done, nil)
	want(t, f.Commit(t.Context(), []lobby.Write{block(3)}), nil)
}

func TestHeldCallerMayLeave(t *testing.T) {
	m := storetest.NewMemory()
	gate := storetest.NewGate()
	f := storetest.NewFaulty(m, storetest.HoldAll(storetest.Commit, gate))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan []error)
	go func() { done <- f.Commit(ctx, []lobby.Write{block(2)}) }()
	<-gate.Reached()
	cancel()
	want(t, <-done, context.Canceled)
	gate.Open()
	if got := barred(t, m); len(got) != 0 {
		t.Fatalf("stored for somebody who left: %v", got)
	}
}

func TestManyAtOnce(t *testing.T) {
	m := storetest.NewMemory()
	f := storetest.NewFaulty(m, storetest.FailNext(storetest.Commit, 10, store.ErrUnavailable))
	var wg sync.WaitGroup
	for i := range lobby.PersonID(64) {
		wg.Go(func() { f.Commit(t.Context(), []lobby.Write{block(i + 2)}) })
	}
	wg.Wait()
	if got := barred(t, m); len(got) != 54 || f.Steps() != 64 {
		t.Fatalf("%d stored, %d steps", len(got), f.Steps())
	}
}

func TestMemoryKeepsReports(t *testing.T) {
	m := storetest.NewMemory()
	body := []byte("rude")
	r := lobby.ReportFiled{By: 1, Of: 2, At: 3, Reason: "other", Body: body}
	m.Commit(t.Context(), []lobby.Write{r, r})
	body[0] = 'X'
	if got := m.Filed(); len(got) != 1 || string(got[0].Body) != "rude" {
		t.Fatalf("%+v", got)
	}
}
