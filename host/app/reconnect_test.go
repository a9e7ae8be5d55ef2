package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/wire"
)

// TestACallOutlivesTheServer: media is between the two, so a restart costs them
// the signalling for a moment and nothing else.
func TestACallOutlivesTheServer(t *testing.T) {
	ctx := within(t, 60*time.Second)
	data := t.TempDir()
	listen := "127.0.0.1:0"
	serve := func() (url string, stop func()) {
		cfg := testConfig(data)
		cfg.Listen = listen
		a, err := app.New(ctx, cfg, app.Options{Cache: pluginDir + "/cache"})
		if err != nil {
			t.Fatal(err)
		}
		run, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- a.Run(run) }()
		stop = sync.OnceFunc(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("the server ended with %v", err)
			}
		})
		t.Cleanup(stop)
		return a.URL(), stop
	}
	url, stop := serve()
	listen = url[len("http://"):]
	a, b := join(t, ctx, url, "a"), join(t, ctx, url, "b")
	call := ring(t, ctx, a, b)
	if err := b.Accept(ctx, call, 0); err != nil {
		t.Fatal(err)
	}
	before, err := a.WaitCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for _, p := range []*bot.Person{a, b} {
		if end, err := p.WaitClosed(ctx); err != nil || int(end.Code) != 4000 {
			t.Fatalf("the drain said %+v, %v", end, err)
		}
	}
	serve()
	for _, p := range []*bot.Person{a, b} {
		if resumed, err := p.Resume(ctx); err != nil || resumed {
			t.Fatalf("resumed over a restart: %v, %v", resumed, err)
		}
		again, err := bot.AwaitSay[wire.ServerCallStarted](ctx, p)
		for err == nil && !again.Resumed { // b's first one is still in its inbox
			again, err = bot.AwaitSay[wire.ServerCallStarted](ctx, p)
		}
		if err != nil || again.Call != call || again.Deadline != before.Deadline {
			t.Fatalf("after the restart: %+v, %v", again, err)
		}
	}
	if _, err := a.Signal(call, "offer", "an ICE restart"); err != nil {
		t.Fatal(err)
	}
	if s, err := bot.AwaitSay[wire.ServerCallSignal](ctx, b); err != nil || s.Data != "an ICE restart" {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := b.End(ctx, call); err != nil {
		t.Fatal(err)
	}
	if end, err := a.WaitEnd(ctx); err != nil || end.Reason != "hangup" {
		t.Fatalf("%+v, %v", end, err)
	}
}

// TestLinesSurviveCutSockets: while sockets are cut all the time, what the two
// of each pair say arrives once and in order. The bot counts a gap or a
// repetition of the server's numbers as a breach.
func TestLinesSurviveCutSockets(t *testing.T) {
	const pairs, lines = 8, 10 // as many as may be said at once
	ctx := within(t, 90*time.Second)
	s := startApp(t, nil)
	var wg sync.WaitGroup
	var breaches atomic.Int64
	var cuts atomic.Int64
	for i := range pairs {
		a, b := signUp(t, ctx, s.URL(), fmt.Sprint("a", i)), signUp(t, ctx, s.URL(), fmt.Sprint("b", i))
		for _, p := range []*bot.Person{a, b} {
			p.Watch(&breachCounter{t: t, n: &breaches})
			if err := p.Connect(ctx); err != nil {
				t.Fatal(err)
			}
			if err := p.Enter(ctx); err != nil {
				t.Fatal(err)
			}
		}
		call := ring(t, ctx, a, b)
		if err := b.Accept(ctx, call, 0); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for n := range lines {
				away := r.IntN(3) == 0
				if away { // the one who listens is away while it is said
					b.Drop()
					cuts.Add(1)
				}
				want := fmt.Sprint("line ", n)
				if _, err := a.Say(wire.ClientCallChat{Call: call, Text: want}); err != nil {
					t.Error(err)
					return
				}
				if away {
					if resumed, err := b.Resume(ctx); err != nil || !resumed {
						t.Errorf("pair %d: resumed %v, %v", i, resumed, err)
						return
					}
				}
				got, err := bot.AwaitSay[wire.ServerCallChat](ctx, b)
				if err != nil || got.Text != want {
					t.Errorf("pair %d: %+v, %v; want %q", i, got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
	if breaches.Load() > 0 || cuts.Load() == 0 {
		t.Errorf("%d breaches, %d cuts", breaches.Load(), cuts.Load())
	}
}

// TestReconnectStorm: everybody loses their socket at once and is back within
// seconds, with the reel they left. With NAPALMSKY_PROVE it is 1,000 people within 2 s.
func TestReconnectStorm(t *testing.T) {
	n, limit := 200, 10*time.Second
	if os.Getenv("NAPALMSKY_PROVE") != "" {
		n, limit = 1000, 2*time.Second
	}
	ctx := within(t, 3*time.Minute)
	s := startApp(t, func(c *config.Config) { c.ConnsPerAddress = n })
	people := make([]*bot.Person, n)
	for i := range people {
		people[i] = signUp(t, ctx, s.URL(), fmt.Sprint("p", i))
		if err := people[i].Connect(ctx); err != nil {
			t.Fatal(err)
		}
		if err := people[i].Enter(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range people {
		p.Drop()
	}
	start := time.Now()
	var wg sync.WaitGroup
	var resumed atomic.Int64
	for _, p := range people {
		wg.Go(func() {
			ok, err := p.Resume(ctx)
			if err != nil {
				t.Error(err)
			} else if ok {
				resumed.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	t.Logf("%d people back after %v", n, took)
	if int(resumed.Load()) != n || took > limit {
		t.Errorf("%d of %d resumed, after %v", resumed.Load(), n, took)
	}
	if st := s.Stats(); st.People != n {
		t.Errorf("%d are in the lobby", st.People)
	}
}

// breachCounter counts what went otherwise than the server promises.
type breachCounter struct {
	t *testing.T
	n *atomic.Int64
}

func (*breachCounter) Said(*bot.Person, time.Time, uint32, wire.Client) {}
func (*breachCounter) Heard(*bot.Person, *bot.Event)                    {}
func (*breachCounter) Dropped(*bot.Person, time.Time)                   {}

func (c *breachCounter) Trouble(_ *bot.Person, kind string, err error) {
	c.n.Add(1)
	c.t.Logf("%s: %v", kind, err)
}
