package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/host/wire"
)

// onPostgres starts a server over a PostgreSQL that the test may harm.
func onPostgres(t *testing.T) (*house, *pgtest.Server) {
	t.Helper()
	mortal := &pgtest.Server{}
	t.Cleanup(mortal.Stop)
	url := mortal.Database(t)
	return startApp(t, func(c *config.Config) {
		c.Database.URL = config.Secret(url)
		c.Database.ConnectTimeout, c.Database.StatementTimeout = 500*time.Millisecond, 800*time.Millisecond
		c.Lobby.StoreWait = time.Second
	}), mortal
}

// TestTheEveningGoesOnWithoutItsDatabase: the database dies, freezes or is
// stopped while people ring, talk and part.
func TestTheEveningGoesOnWithoutItsDatabase(t *testing.T) {
	h, mortal := onPostgres(t)
	for _, away := range []struct {
		name  string
		leave func(*pgtest.Server)
		back  func(*pgtest.Server, testing.TB)
	}{
		{"stopped", (*pgtest.Server).Shutdown, (*pgtest.Server).Start},
		{"killed", (*pgtest.Server).Kill, (*pgtest.Server).Start},
		{"frozen", (*pgtest.Server).Freeze, func(s *pgtest.Server, _ testing.TB) { s.Thaw() }},
	} {
		t.Run(away.name, func(t *testing.T) {
			ctx := within(t, 90*time.Second)
			a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
			call := talk(t, ctx, a, b)
			c, d := join(t, ctx, h.URL(), "Cleo"), join(t, ctx, h.URL(), "Dan")
			e, late := join(t, ctx, h.URL(), "Eve"), signUp(t, ctx, h.URL(), "Late")
			if err := late.Connect(ctx); err != nil {
				t.Fatal(err)
			}
			ringing := ring(t, ctx, c, d)
			away.leave(mortal)
			until(t, ctx, "not ready", func() error { return status(ctx, h.URL()+"/readyz", http.StatusServiceUnavailable) })

			// Who is in the lobby goes on: talking, ringing, hanging up.
			if err := a.Chat(ctx, call, "still here?"); err != nil {
				t.Error(err)
			}
			if got, err := bot.AwaitSay[wire.ServerCallChat](ctx, b); err != nil || got.Text != "still here?" {
				t.Errorf("chat arrived as %+v, %v", got, err)
			}
			if _, err := a.Signal(call, "offer", "v=0"); err != nil {
				t.Error(err)
			}
			if got, err := bot.AwaitSay[wire.ServerCallSignal](ctx, b); err != nil || got.Data != "v=0" {
				t.Errorf("offer arrived as %+v, %v", got, err)
			}
			// What must be durable waits, then fails as something to try again.
			began := time.Now()
			refusedAs(t, "accept", d.Accept(ctx, ringing, 0), "try_again")
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the refusal took %v", took)
			}
			refusedAs(t, "block", e.Block(ctx, a.ID), "try_again")
			refusedAs(t, "enter, cooldowns unknown", late.Enter(ctx), "try_again")
			var he *bot.HTTPError
			if _, err := bot.SignUp(ctx, h.URL(), anyone("Nobody")); !errors.As(err, &he) || he.Status != http.StatusServiceUnavailable {
				t.Errorf("signing up answered %v", err)
			}
			// A call's end is never refused.
			if err := a.End(ctx, call); err != nil {
				t.Errorf("the end of a call: %v", err)
			}
			if ended, err := b.WaitEnd(ctx); err != nil || ended.Call != call {
				t.Errorf("Bob was told %+v, %v", ended, err)
			}

			away.back(mortal, t)
			until(t, ctx, "ready again", func() error { return status(ctx, h.URL()+"/readyz", http.StatusOK) })
			until(t, ctx, "Late gets in", func() error { return late.Enter(ctx) })
			for _, p := range []*bot.Person{a, b} {
				until(t, ctx, "the end is stored", func() error {
					hist, err := p.History(ctx)
					if err == nil && (len(hist.Calls) != 1 || hist.Calls[0].Reason != "hangup" || len(hist.Cooldowns) != 1) {
						err = fmt.Errorf("history %+v", hist)
					}
					return err
				})
			}
			until(t, ctx, "nothing waits", func() error {
				if n := h.Stats().Waiting; n > 0 {
					return fmt.Errorf("%d writes wait", n)
				}
				return nil
			})
			for _, p := range []*bot.Person{c, d} { // the refused call never was
				until(t, ctx, "no call", func() error {
					hist, err := p.History(ctx)
					if err == nil && len(hist.Calls) != 0 {
						err = fmt.Errorf("history %+v", hist)
					}
					return err
				})
			}
		})
	}
}

// status is nil when the page answers so.
func status(ctx context.Context, url string, want int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != want {
		return fmt.Errorf("%s answered %d, not %d", url, resp.StatusCode, want)
	}
	return nil
}

// until tries again until it works or ctx ends.
func until(t *testing.T, ctx context.Context, what string, try func() error) {
	t.Helper()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestTheDatabaseIsKilledInMidEvening kills PostgreSQL again and again under a
// server that lives on. Whatever anybody was told must be true in the end.
func TestTheDatabaseIsKilledInMidEvening(t *testing.T) {
	h, mortal := onPostgres(t)
	ctx := within(t, time.Duration(storetest.Kills(t))*20*time.Second)
	book, seed := newLedger(), rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	var crowd []*bot.Person
	for i := range 20 {
		crowd = append(crowd, signUp(t, ctx, h.URL(), fmt.Sprint("P", i)))
	}
	lively, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for i, p := range crowd {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i+2)))
			for lively.Err() == nil { // a socket that cannot log in is tried again
				live(lively, p, book, r)
				select {
				case <-lively.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
	}
	pause := func(ms int) {
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-ctx.Done():
		}
	}
	for i := range storetest.Kills(t) {
		pause(300 + rnd.IntN(500))
		switch i % 5 {
		case 3:
			mortal.Shutdown()
		case 4:
			mortal.Freeze()
			pause(rnd.IntN(1500))
			mortal.Thaw()
			continue
		default:
			mortal.Kill()
		}
		pause(rnd.IntN(300))
		mortal.Start(t)
	}
	pause(500)
	stop()
	wg.Wait()
	audit(t, h.URL(), crowd, book)
}

// A server whose database is away begins when it comes.
func TestTheServerWaitsForItsDatabase(t *testing.T) {
	ctx := within(t, time.Minute)
	mortal := &pgtest.Server{}
	t.Cleanup(mortal.Stop)
	url := mortal.Database(t)
	mortal.Shutdown()
	started := make(chan *house, 1)
	go func() {
		defer close(started)
		started <- startApp(t, func(c *config.Config) { c.Database.URL = config.Secret(url) })
	}()
	select {
	case <-started:
		t.Fatal("it did not wait")
	case <-time.After(300 * time.Millisecond):
	}
	mortal.Start(t)
	h, ok := <-started
	if !ok {
		t.Fatal("it did not start")
	}
	join(t, ctx, h.URL(), "Ada")
}
