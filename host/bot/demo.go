package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Hospitality is how somebody treats people who are not bots. Its methods run
// on the evening's goroutine.
type Hospitality interface {
	// Human says whether a person is one.
	Human(id int64) bool
	// Choose picks whom to invite of these (never empty); false: nobody now.
	Choose(e *Evening, ids []int64) (int64, bool)
	// Greet begins a call with a human.
	Greet(e *Evening, call int64)
	// Heard answers what a human said in a call.
	Heard(e *Evening, call int64)
}

type amongBots struct{}

func (amongBots) Human(int64) bool                             { return false }
func (amongBots) Choose(e *Evening, ids []int64) (int64, bool) { return pick(e.Rand, ids), true }
func (amongBots) Greet(*Evening, int64)                        {}
func (amongBots) Heard(*Evening, int64)                        {}

// DemoConfig is a demo crowd.
type DemoConfig struct {
	Target string  // base URL of the server
	N      int     // people
	Seed   uint64  // of all their choices
	Habits Habits  // usually Workload's
	Client Options // how to reach the server; zero suits plain HTTP
	Log    *slog.Logger
}

const (
	demoPhoto      = 256              // pixels
	demoRingChance = 0.1              // that a demo person considers a human at all, at each invite
	demoRingPause  = 2 * time.Minute  // between two demo rings at the same human
	demoStay       = 30 * time.Minute // mean; then somebody new comes, as cooldowns use up those who stay
	demoArrival    = 100 * time.Millisecond
	demoGoodbye    = 3 * time.Second // from the goodbye to hanging up: time to read it
)

// Demo keeps N demo people in the lobby until ctx ends: they live the evening
// among themselves and are friendly to newcomers. A server that restarts finds
// them back. It returns when all have gone; the error says why none could come.
func Demo(ctx context.Context, cfg DemoConfig) error {
	c, err := NewClient(cfg.Target, cfg.Client)
	if err != nil {
		return err
	}
	defer c.Close()
	choices, err := c.Choices(ctx)
	if err != nil {
		return fmt.Errorf("bot: demo: %w", err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &crowd{cfg: cfg, client: c, choices: choices, bots: map[int64]bool{}, rung: map[int64]time.Time{}}
	var all sync.WaitGroup
	for i := range cfg.N {
		all.Go(func() { d.place(ctx, i) })
	}
	all.Wait()
	return nil
}

// crowd is what the demo people know of each other.
type crowd struct {
	cfg     DemoConfig
	client  *Client
	choices Choices

	mu   sync.Mutex
	bots map[int64]bool      // everyone of the crowd there ever was
	rung map[int64]time.Time // when a human was last rung
}

// place keeps one place of the crowd filled: one guest after another.
func (d *crowd) place(ctx context.Context, i int) {
	wait(ctx, time.Duration(i)*demoArrival)
	for generation := 0; ctx.Err() == nil; generation++ {
		err := d.visit(ctx, i, generation)
		if err != nil && ctx.Err() == nil {
			d.cfg.Log.Warn("a demo person could not stay", "err", err)
			pause := 5 * time.Second
			if after, busy := Busy(err); busy {
				pause = after
			}
			wait(ctx, pause)
		}
	}
}

// visit is one guest's evening.
func (d *crowd) visit(ctx context.Context, i, generation int) error {
	r := Rand(d.cfg.Seed, i+generation*d.cfg.N)
	p, err := d.client.SignUp(ctx, DemoProfile(r, d.choices, i))
	if err != nil {
		return err
	}
	defer p.Close()
	p.Lean()
	photo, err := Portrait(r, demoPhoto)
	if err != nil {
		return err
	}
	if err := p.SetPhoto(ctx, photo); err != nil {
		return err
	}
	d.mu.Lock()
	d.bots[p.ID] = true
	d.mu.Unlock()
	stay := demoStay/2 + exponential(r, demoStay/2)
	return (&Evening{Person: p, Rand: r, Habits: d.cfg.Habits, Host: d, Stay: stay}).Run(ctx, nil)
}

func (d *crowd) Human(id int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.bots[id]
}

// Choose is among demo people, and a human only now and then.
func (d *crowd) Choose(e *Evening, ids []int64) (int64, bool) {
	var bots, humans []int64
	for _, id := range ids {
		if d.Human(id) {
			humans = append(humans, id)
		} else {
			bots = append(bots, id)
		}
	}
	if len(humans) > 0 && e.Rand.Float64() < demoRingChance {
		if id := pick(e.Rand, humans); d.mayRing(id) {
			return id, true
		}
	}
	if len(bots) == 0 {
		return 0, false
	}
	return pick(e.Rand, bots), true
}

// mayRing gives a human a pause between the rings of the whole crowd.
func (d *crowd) mayRing(id int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.client.Now()
	if last, ok := d.rung[id]; ok && now.Sub(last) < demoRingPause {
		return false
	}
	d.rung[id] = now
	return true
}

// Greet says who is talking: nobody should wait for a picture.
func (d *crowd) Greet(e *Evening, call int64) {
	say := func(after time.Duration, text string) {
		e.during(after, func() { e.say(wire.ClientCallChat{Call: call, Text: text}) })
	}
	say(1200*time.Millisecond, "Hello! I am a demo person, so there is no video from my side.")
	say(6*time.Second, "Everything else is real: this chat, the clock, and the cooldown after we part.")
	parting := between(e.Rand, 20*time.Second, time.Minute)
	say(parting, "I have to move on. It was nice to meet you: goodbye!")
	e.during(parting+demoGoodbye, func() { e.say(wire.ClientCallEnd{Call: call}) })
}

// Heard answers, at most now and then, as somebody who listens.
func (d *crowd) Heard(e *Evening, call int64) {
	text := pick(e.Rand, []string{
		"That sounds lovely. I am only simulated, but go on!",
		"I would answer better if I were a person.",
		"Open a second window and invite yourself: that one will have video.",
		"Good question. Nobody has taught me that one.",
	})
	e.agenda.forget("reply")
	e.agenda.in(between(e.Rand, time.Second, 3*time.Second), "reply", func() {
		if e.call == call {
			e.say(wire.ClientCallChat{Call: call, Text: text})
		}
	})
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
