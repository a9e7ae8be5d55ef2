package bot_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/bottest"
	"github.com/napalmsky/napalmsky/host/wire"
)

func habits() bot.Habits { return bot.Workload("the offer", "the answer") }

// sentAfter lists what a bot said from the moment it said the first of kind,
// with the delay of each.
func (w *witness) sentAfter(begun time.Time, names ...string) (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range w.said {
		if slices.Contains(names, s.Name()) && !w.at[i].Before(begun) {
			out = append(out, s.Name()+"@"+w.at[i].Sub(begun).String())
		}
	}
	return out
}

// TestACallGoesAsTheWorkloadPageSays: somebody scripted calls a bot and is
// called by one, and every signal and line comes at its time.
func TestACallGoesAsTheWorkloadPageSays(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		h := habits()
		h.Accept, h.DropMean = 1, 0
		w := &witness{}
		p, err := c.SignUp(ctx, bot.Profile{Name: "Bot"})
		must(t, err)
		p.Watch(w)
		var lives sync.WaitGroup
		living, stop := context.WithCancel(ctx)
		lives.Go(func() { must(t, (&bot.Evening{Person: p, Rand: bot.Rand(1, 1), Habits: h}).Run(living, nil)) })
		me := join(t, ctx, c, "Me", nil)
		defer func() { stop(); lives.Wait(); p.Close(); me.Close() }()

		in, err := me.WaitIncoming(ctx) // within an hour, surely
		must(t, err)
		must(t, me.Accept(ctx, in.Call, 0))
		_, err = me.WaitCall(ctx)
		must(t, err)
		begun := time.Now()
		_, err = me.WaitEnd(ctx)
		must(t, err)
		if d := time.Since(begun); d < 18*time.Second || d > 22*time.Second {
			t.Errorf("the caller hung up after %s", d)
		}
		signals := w.sentAfter(begun, "call.signal")
		if len(signals) != 11 || signals[0] != "call.signal@200ms" || signals[1] != "call.signal@300ms" || signals[10] != "call.signal@1.2s" {
			t.Errorf("the caller signals %v", signals)
		}
		if chat := strings.Join(w.sentAfter(begun, "call.chat"), " "); chat != "call.chat@3s call.chat@9s call.chat@15s" {
			t.Errorf("the caller says %s", chat)
		}

		// And the other way round, with another person, as this pair is on cooldown.
		her := join(t, ctx, c, "Her", nil)
		defer her.Close()
		_, err = her.WaitReel(ctx, bot.Sees(p.ID))
		must(t, err)
		ring, err := her.Invite(ctx, p.ID, 300)
		must(t, err)
		asked := time.Now()
		_, err = her.WaitCall(ctx)
		must(t, err)
		begun = time.Now()
		if d := begun.Sub(asked); d < time.Second || d > 3*time.Second {
			t.Errorf("the invited one answered after %s", d)
		}
		_, err = her.Signal(ring.Call, "offer", "v=0")
		must(t, err)
		sig, err := bot.AwaitSay[wire.ServerCallSignal](ctx, her)
		must(t, err)
		if sig.Kind != "answer" || sig.Data != "the answer" || time.Since(begun) != 50*time.Millisecond {
			t.Errorf("%+v after %s", sig, time.Since(begun))
		}
		for range 10 {
			if sig, err = bot.AwaitSay[wire.ServerCallSignal](ctx, her); err != nil || sig.Kind != "candidate" {
				t.Fatalf("%+v, %v", sig, err)
			}
		}
		must(t, her.End(ctx, ring.Call))
		w.none(t)
	})
}

// slow is a witness on a machine that has stalled just as somebody goes home.
type slow struct{ *witness }

func (w slow) Said(p *bot.Person, at time.Time, ref uint32, say wire.Client) {
	w.witness.Said(p, at, ref, say)
	if _, home := say.(wire.ClientLobbyLeave); home {
		time.Sleep(time.Minute) // virtual
	}
}

// TestWhoGoesHomeInvitesNobody, also where an invite is due by the time they
// have said so.
func TestWhoGoesHomeInvitesNobody(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		w := &witness{}
		p, err := c.SignUp(ctx, bot.Profile{Name: "Bot"})
		must(t, err)
		p.Watch(slow{w})
		me := join(t, ctx, c, "Me", nil)
		defer func() { p.Close(); me.Close() }()
		h := habits()
		h.InviteLeast, h.DropMean = time.Minute, 0
		must(t, (&bot.Evening{Person: p, Rand: bot.Rand(1, 1), Habits: h, Stay: time.Minute}).Run(ctx, nil))
		if said := w.sentAfter(time.Time{}, "lobby.leave", "invite.send"); len(said) != 1 {
			t.Errorf("they said %v", said)
		}
	})
}

func TestNobodyAnswersACallerWhoThenGivesUp(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		p, err := c.SignUp(ctx, bot.Profile{Name: "Bot"})
		must(t, err)
		var lives sync.WaitGroup
		living, stop := context.WithCancel(ctx)
		h := habits()
		h.DropMean = 0
		lives.Go(func() { must(t, (&bot.Evening{Person: p, Rand: bot.Rand(1, 1), Habits: h}).Run(living, nil)) })
		me := join(t, ctx, c, "Me", nil)
		defer func() { stop(); lives.Wait(); p.Close(); me.Close() }()
		_, err = me.WaitIncoming(ctx)
		must(t, err)
		begun := time.Now()
		ended, err := bot.AwaitSay[wire.ServerInviteEnded](ctx, me)
		must(t, err)
		if ended.Reason != "rescinded" || time.Since(begun) != 20*time.Second {
			t.Errorf("%+v after %s", ended, time.Since(begun))
		}
	})
}

func TestAcknowledgementsAreFewAndNeverLate(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		w := &witness{}
		p := join(t, ctx, c, "Ada", w)
		defer p.Close()
		time.Sleep(time.Minute) // virtual
		seqs, at := w.acks()
		if len(seqs) != 1 || seqs[0] != 1 || at[0].Sub(w.at[0]) != 500*time.Millisecond {
			t.Fatalf("acks %v at %v", seqs, at)
		}
		for range 40 {
			must(t, p.SetBusy(ctx, true))
			time.Sleep(10 * time.Millisecond) // virtual
		}
		time.Sleep(time.Minute) // virtual
		if seqs, _ = w.acks(); !slices.Equal(seqs, []int64{1, 17, 33, 41}) {
			t.Errorf("41 events were acknowledged as %v", seqs)
		}
	})
}

func TestBotsComeBackUnlessToldNotTo(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		w := &witness{}
		p, err := c.SignUp(ctx, bot.Profile{Name: "Bot"})
		must(t, err)
		defer p.Close()
		p.Watch(w)
		result := make(chan error, 1)
		go func() { result <- (&bot.Evening{Person: p, Rand: bot.Rand(1, 1), Habits: habits()}).Run(ctx, nil) }()
		me := join(t, ctx, c, "Me", nil)
		defer me.Close()
		_, err = me.WaitReel(ctx, bot.Sees(p.ID))
		must(t, err)
		s.CloseSockets(4000)
		_, err = me.WaitClosed(ctx)
		must(t, err)
		resumed, err := me.Resume(ctx)
		must(t, err)
		time.Sleep(5 * time.Second) // virtual
		if !resumed || !p.Connected() {
			t.Error("the bot did not come back")
		}
		s.CloseSockets(4202)
		if err := <-result; !errors.Is(err, bot.ErrOut) {
			t.Errorf("put out, the evening ended with %v", err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if !slices.Equal(w.trouble, []string{"closed_4000", "closed_4202"}) {
			t.Errorf("trouble %v", w.trouble)
		}
	})
}

// TestDemoCrowdIsGoodCompany: demo people meet each other, take a human's
// invite, say at once that there is no video, signal nothing, hang up within a
// minute, and ring the human rarely.
func TestDemoCrowdIsGoodCompany(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		crowding, stop := context.WithCancel(ctx)
		var crowd sync.WaitGroup
		crowd.Go(func() {
			must(t, bot.Demo(crowding, bot.DemoConfig{Target: s.URL(), N: 12, Seed: 3, Habits: habits(), Client: bot.Options{Dial: s.Dial}}))
		})
		defer func() { stop(); crowd.Wait() }()
		me := join(t, ctx, c, "Human", nil)
		defer me.Close()
		everyone, err := me.WaitReel(ctx, func(es []bot.Entry) bool { return len(es) == 12 })
		must(t, err)
		if s.Photo(everyone[0].Card.ID) == 0 {
			t.Error("a demo person has no photo")
		}

		accepted := 0
		for accepted < 3 {
			free, err := me.WaitReel(ctx, func(es []bot.Entry) bool { return slices.ContainsFunc(es, func(e bot.Entry) bool { return !e.Busy }) })
			must(t, err)
			i := slices.IndexFunc(free, func(e bot.Entry) bool { return !e.Busy })
			ring, err := me.Invite(ctx, free[i].Card.ID, 300)
			var no *bot.Refusal
			if errors.As(err, &no) {
				time.Sleep(time.Second) // virtual; rung, on cooldown, or just taken
				continue
			}
			must(t, err)
			ev, err := me.Await(ctx, func(ev *bot.Event) bool {
				ended, over := ev.Say.(wire.ServerInviteEnded)
				started, begun := ev.Say.(wire.ServerCallStarted)
				return over && ended.Call == ring.Call || begun && started.Call == ring.Call
			})
			must(t, err)
			if _, begun := ev.Say.(wire.ServerCallStarted); !begun {
				continue
			}
			accepted++
			begun := time.Now()
			_, err = me.Await(ctx, func(ev *bot.Event) bool {
				hello, ok := ev.Say.(wire.ServerCallChat)
				return ok && hello.Call == ring.Call && strings.Contains(hello.Text, "no video")
			})
			must(t, err)
			if time.Since(begun) > 2*time.Second {
				t.Errorf("greeted after %s", time.Since(begun))
			}
			_, err = me.Signal(ring.Call, "offer", "v=0")
			must(t, err)
			_, err = me.WaitEnd(ctx)
			must(t, err)
			if d := time.Since(begun); d < 20*time.Second || d > time.Minute {
				t.Errorf("hung up after %s", d)
			}
		}
		rung, signals := 0, 0
		time.Sleep(10 * time.Minute) // virtual; the human just looks on
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		for {
			ev, err := me.Next(short)
			if err != nil {
				break
			}
			switch ev.Say.(type) {
			case wire.ServerInviteIncoming:
				rung++
			case wire.ServerCallSignal:
				signals++
			}
		}
		if rung > 8 || signals > 0 {
			t.Errorf("rung %d times in a quarter of an hour, %d signals", rung, signals)
		}
	})
}

// TestDemoCrowdRenewsItself: cooldowns use people up, so guests go home and
// new ones come; a server that is away for a while finds the crowd back.
func TestDemoCrowdRenewsItself(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
		defer cancel()
		crowding, stop := context.WithCancel(ctx)
		var crowd sync.WaitGroup
		crowd.Go(func() {
			must(t, bot.Demo(crowding, bot.DemoConfig{Target: s.URL(), N: 3, Seed: 3, Habits: habits(), Client: bot.Options{Dial: s.Dial}}))
		})
		defer func() { stop(); crowd.Wait() }()
		me := join(t, ctx, c, "Human", nil)
		defer me.Close()
		first, err := me.WaitReel(ctx, func(es []bot.Entry) bool { return len(es) == 3 })
		must(t, err)
		var gone []int64
		for _, e := range first {
			gone = append(gone, e.Card.ID)
		}
		s.CloseSockets(4000)
		_, err = me.WaitClosed(ctx)
		must(t, err)
		_, err = me.Resume(ctx)
		must(t, err)
		_, err = me.WaitReel(ctx, func(es []bot.Entry) bool { return len(es) >= 2 && bot.Misses(gone...)(es) })
		must(t, err)
	})
}
