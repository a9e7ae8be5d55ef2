package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

func is(err, want error) bool { return errors.Is(err, want) }

var writingChecks = []check{
	{"a commit answers each write, and one failure is one failure", func(t *testing.T, s store.Store) {
		c, other := start(1, 1, 2, 0), start(3, 5, 6, 0)
		errs := s.Commit(t.Context(), []lobby.Write{
			c,
			start(1, 1, 9, 0),                           // the id is taken by the write before
			end(start(2, 3, 4, 0), "clock", 0),          // no such call
			end(c, "hangup", 1),                         // sees the first write
			cool(1, 2, 1, now, now+hour),                // replaces its cooldown
			nil,                                         // nonsense
			other,                                       // fine
			lobby.BlockSet{By: 5, Of: 6, At: now},       //
			lobby.BlockSet{By: 7, Of: 7, At: now},       // oneself
			lobby.ReportFiled{By: 8, Of: 9, At: now},    //
			end(other, "blocked", 5), start(4, 0, 1, 0), // nobody
		})
		want := []error{
			nil, store.ErrConflict, store.ErrNotFound, nil, nil, store.ErrConflict,
			nil, nil, store.ErrConflict, nil, nil, store.ErrConflict,
		}
		if len(errs) != len(want) {
			t.Fatalf("%d answers to %d writes", len(errs), len(want))
		}
		for i := range want {
			if !is(errs[i], want[i]) {
				t.Errorf("write %d: got %v, want %v", i, errs[i], want[i])
			}
		}
		wantOpen(t, s)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: now + hour, Reason: "declined", Met: 1})
		wantBars(t, s, 6, now, lobby.Bar{Other: 5, Until: lobby.Forever, Reason: store.ReasonBlock, Met: 1})
		wantBars(t, s, 9, now, lobby.Bar{Other: 8, Until: lobby.Forever, Reason: store.ReasonBlock})
		if errs := s.Commit(t.Context(), nil); len(errs) != 0 {
			t.Fatalf("no writes, answers %v", errs)
		}
	}},
	{"a caller reads what was acknowledged to them, 64 at once", func(t *testing.T, s store.Store) {
		var wg sync.WaitGroup
		for i := range lobby.PersonID(64) {
			wg.Go(func() { oneEvening(t, s, 100+2*i, 101+2*i) })
		}
		wg.Wait()
		wantOpen(t, s)
	}},
	{"64 at once on one pair lose nothing", func(t *testing.T, s store.Store) {
		var wg sync.WaitGroup
		for i := range int64(64) {
			wg.Go(func() {
				c := start(lobby.CallID(i+1), 1, 2, i)
				for _, w := range []lobby.Write{c, c, end(c, "clock", 0)} {
					if err := commitErr(t.Context(), s, w); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		wantOpen(t, s)
		wantBars(t, s, 1, now, lobby.Bar{Other: 2, Until: now + (63+24)*hour, Reason: "call", Met: 64})
		if h := history(t, s, 2, 0, 100); len(h) != 64 {
			t.Fatalf("%d calls in the history", len(h))
		}
	}},
	{"the cancelled change nothing", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for what, err := range everything(ctx, s) {
			wantIs(t, what, err, context.Canceled)
		}
		wantUntouched(t, s)
	}},
	{"a closed store is unavailable", func(t *testing.T, s store.Store) {
		must(t, s.Ping(t.Context()))
		must(t, s.Close())
		must(t, s.Close())
		for what, err := range everything(t.Context(), s) {
			wantIs(t, what, err, store.ErrUnavailable)
		}
	}},
	{"closing answers everybody and keeps what it acknowledged", func(t *testing.T, s store.Store) {
		const writers = 32
		acknowledged := make([]lobby.CallStart, writers)
		var wg, begun sync.WaitGroup
		begun.Add(writers)
		for i := range writers {
			wg.Go(func() {
				for n := 0; ; n++ {
					c := start(lobby.CallID(i*1_000_000+n+1), lobby.PersonID(2*i+1), lobby.PersonID(2*i+2), int64(n))
					if err := commitErr(context.Background(), s, c); err != nil {
						if !is(err, store.ErrUnavailable) {
							t.Error(err)
						}
						return
					}
					if acknowledged[i] = c; n == 0 {
						begun.Done()
					}
				}
			})
		}
		begun.Wait()
		var open store.Store
		if r, ok := s.(Reopener); ok {
			open = r.Reopen(t)
		} else {
			must(t, s.Close())
		}
		wg.Wait()
		if open == nil {
			return
		}
		calls, err := open.OpenCalls(t.Context())
		must(t, err)
		have := map[lobby.CallStart]bool{}
		for _, c := range calls {
			have[c] = true
		}
		for _, c := range acknowledged {
			if !have[c] {
				t.Errorf("acknowledged and lost: %+v", c)
			}
		}
	}},
	{"all of it is there after reopening", func(t *testing.T, s store.Store) {
		r, ok := s.(Reopener)
		if !ok {
			return // nothing is promised
		}
		signUp(t, s, 1, 2)
		c := start(1, 1, 2, 0)
		ended := start(2, 1, 2, -48)
		commit(t, s, ended, end(ended, "clock", 0), c, lobby.BlockSet{By: 1, Of: 3, At: now})
		again := r.Reopen(t)
		must(t, again.Ping(t.Context()))
		_, err := again.Login(t.Context(), store.HashToken("token of 1"), now)
		must(t, err)
		wantOpen(t, again, c)
		wantBars(t, again, 1, now, lobby.Bar{Other: 2, Until: c.CooldownUntil, Reason: "call", Met: 2},
			lobby.Bar{Other: 3, Until: lobby.Forever, Reason: store.ReasonBlock})
		if h := history(t, again, 2, 0, 10); len(h) != 2 || h[1].Reason != "clock" || h[0].OtherName != "Person 1" {
			t.Fatalf("%+v", h)
		}
	}},
}

// oneEvening signs two people up, lets them meet, and after each acknowledged
// write expects to read it.
func oneEvening(t *testing.T, s store.Store, a, b lobby.PersonID) {
	ctx := t.Context()
	fail := func(what string, err error, got any) { t.Errorf("%d and %d: %s: %v, %+v", a, b, what, err, got) }
	for _, id := range []lobby.PersonID{a, b} {
		if err := s.SignUp(ctx, person(id), session(id, fmt.Sprint(id))); err != nil {
			fail("sign up", err, nil)
			return
		}
		if got, err := s.Login(ctx, store.HashToken(fmt.Sprint(id)), now); err != nil || got != id {
			fail("login", err, got)
		}
	}
	f := person(a).Profile
	f.Bio = "hello"
	if v, err := s.SaveProfile(ctx, a, 1, f); err != nil || v != 2 {
		fail("save", err, v)
	}
	if p, err := s.Person(ctx, a); err != nil || p.Profile.Bio != "hello" {
		fail("person", err, p)
	}
	c := start(lobby.CallID(a), a, b, 0)
	for i, w := range []lobby.Write{c, end(c, "clock", 0), cool(a, b, c.Call, now, now+hour)} {
		if err := commitErr(ctx, s, w); err != nil {
			fail("commit", err, w)
		}
		until := []int64{c.CooldownUntil, c.CooldownUntil, now + hour}[i]
		if bars, err := s.Bars(ctx, b, now); err != nil || len(bars) != 1 || bars[0].Until != until || bars[0].Met != 1 {
			fail("bars", err, bars)
		}
		h, err := s.History(ctx, b, 0, 10)
		if err != nil || len(h) != 1 || h[0].EndedAt != 0 != (i > 0) || h[0].CooldownUntil != until {
			fail("history", err, h)
		}
	}
}

// everything calls each method once, with writes that would show, and returns the errors.
func everything(ctx context.Context, s store.Store) map[string]error {
	errs := map[string]error{
		"ping":    s.Ping(ctx),
		"sign up": s.SignUp(ctx, person(77), session(77, "77")),
		"logout":  s.Logout(ctx, store.HashToken("token of 1")),
	}
	f := person(1).Profile
	f.Name = "changed"
	_, errs["save"] = s.SaveProfile(ctx, 1, 1, f)
	_, errs["login"] = s.Login(ctx, store.HashToken("token of 1"), now)
	_, errs["person"] = s.Person(ctx, 1)
	_, errs["bars"] = s.Bars(ctx, 1, now)
	_, errs["open calls"] = s.OpenCalls(ctx)
	_, errs["history"] = s.History(ctx, 1, 0, 10)
	_, errs["cooldowns"] = s.Cooldowns(ctx, 1, now)
	for i, err := range s.Commit(ctx, []lobby.Write{start(70, 1, 2, 0), lobby.BlockSet{By: 1, Of: 3, At: now}}) {
		errs[fmt.Sprint("commit ", i)] = err
	}
	return errs
}

// wantUntouched expects that nothing of everything came true (person 1 had signed up before).
func wantUntouched(t *testing.T, s store.Store) {
	t.Helper()
	_, err := s.Person(t.Context(), 77)
	wantIs(t, "sign up", err, store.ErrNotFound)
	_, err = s.Login(t.Context(), store.HashToken("token of 1"), now)
	must(t, err)
	p, err := s.Person(t.Context(), 1)
	must(t, err)
	if p.Version != 1 || p.Profile.Name != "Person 1" {
		t.Fatalf("profile changed: %+v", p)
	}
	wantOpen(t, s)
	wantBars(t, s, 1, now)
}
