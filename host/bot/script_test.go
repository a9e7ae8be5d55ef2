package bot_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/bottest"
	"github.com/napalmsky/napalmsky/host/wire"
)

// world runs a test in virtual time with a lobby of its own, once in each encoding.
func world(t *testing.T, f func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client)) {
	t.Helper()
	for _, encoding := range []wire.Encoding{wire.JSON, wire.Binary} {
		t.Run(encoding.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := bottest.Start()
				defer s.Close()
				c, err := bot.NewClient(s.URL(), bot.Options{Dial: s.Dial, Wire: encoding})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				f(t, ctx, s, c)
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// join signs somebody up and brings them into the lobby. The caller closes them.
func join(t *testing.T, ctx context.Context, c *bot.Client, name string, w bot.Witness) *bot.Person {
	t.Helper()
	p, err := c.SignUp(ctx, bot.Profile{Name: name})
	must(t, err)
	if w != nil {
		p.Watch(w)
	}
	must(t, p.Connect(ctx))
	must(t, p.Enter(ctx))
	return p
}

func TestAScriptedEvening(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		ada, ben := join(t, ctx, c, "Ada", nil), join(t, ctx, c, "Ben", nil)
		defer ada.Close()
		defer ben.Close()
		must(t, ada.SetPhoto(ctx, []byte("jpeg")))
		if s.Photo(ada.ID) != 4 {
			t.Error("the photo did not arrive")
		}
		_, err := ada.WaitReel(ctx, bot.Sees(ben.ID))
		must(t, err)
		rings, err := ada.Invite(ctx, ben.ID, 300)
		must(t, err)
		in, err := ben.WaitIncoming(ctx)
		must(t, err)
		if in.Call != rings.Call || bot.CardOf(in.Other).Name != "Ada" {
			t.Fatalf("incoming %+v for %+v", in, rings)
		}
		must(t, ben.Accept(ctx, in.Call, 0))
		for _, p := range []*bot.Person{ada, ben} {
			started, err := p.WaitCall(ctx)
			must(t, err)
			if started.Call != in.Call || started.Polite != (p == ben) {
				t.Fatalf("%s started %+v", p.Profile.Name, started)
			}
		}
		_, err = ada.Signal(in.Call, "offer", "v=0")
		must(t, err)
		sig, err := bot.AwaitSay[wire.ServerCallSignal](ctx, ben)
		must(t, err)
		must(t, ben.Chat(ctx, in.Call, "hello"))
		chat, err := bot.AwaitSay[wire.ServerCallChat](ctx, ada)
		must(t, err)
		if sig.Data != "v=0" || chat.Text != "hello" {
			t.Errorf("%+v, %+v", sig, chat)
		}
		must(t, ada.End(ctx, in.Call))
		ended, err := ben.WaitEnd(ctx)
		must(t, err)
		if ended.Mine || ended.Other != ada.ID {
			t.Errorf("%+v", ended)
		}
		_, err = bot.AwaitSay[wire.ServerCooldown](ctx, ben)
		must(t, err)
		h, err := ben.History(ctx)
		must(t, err)
		if len(h.Calls) != 1 || h.Calls[0].Call != in.Call || h.Calls[0].Other != ada.ID || h.Calls[0].Caller {
			t.Errorf("history %+v", h)
		}
		var no *bot.Refusal
		if _, err := ada.Invite(ctx, ben.ID, 300); !errors.As(err, &no) || no.Code != "on_cooldown" {
			t.Errorf("a second invite: %v", err)
		}
	})
}

func TestWhatWasMissedComesWithTheResumedStream(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		w := &witness{}
		ada, ben := join(t, ctx, c, "Ada", w), join(t, ctx, c, "Ben", nil)
		defer ada.Close()
		defer ben.Close()
		_, err := ben.WaitReel(ctx, bot.Sees(ada.ID))
		must(t, err)
		in, err := ben.Invite(ctx, ada.ID, 300)
		must(t, err)
		_, err = ada.WaitIncoming(ctx)
		must(t, err)
		must(t, ada.Accept(ctx, in.Call, 0))
		_, err = ben.WaitCall(ctx)
		must(t, err)

		ada.Drop()
		if ada.Connected() {
			t.Fatal("still connected after Drop")
		}
		if _, err := ada.Say(wire.ClientLobbyEnter{}); !errors.Is(err, bot.ErrNotConnected) {
			t.Errorf("said into a lost line: %v", err)
		}
		must(t, ben.Chat(ctx, in.Call, "are you there?"))
		resumed, err := ada.Resume(ctx)
		must(t, err)
		chat, err := bot.AwaitSay[wire.ServerCallChat](ctx, ada)
		must(t, err)
		if !resumed || chat.Text != "are you there?" {
			t.Errorf("resumed %v, heard %+v", resumed, chat)
		}
		_, err = ada.WaitReel(ctx, func(es []bot.Entry) bool { return len(es) == 1 })
		must(t, err)
		w.none(t)
	})
}

func TestRawFramesAreAnsweredAndErrorsKeepTheirFields(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		p := join(t, ctx, c, "Ada", nil)
		defer p.Close()
		must(t, p.Send([]byte(`{"t":"call.chat","ref":77,"d":null}`)))
		var no *bot.Refusal
		if err := p.Answer(ctx, 77); !errors.As(err, &no) || no.Code != "bad_frame" {
			t.Errorf("a null payload was answered with %v", err)
		}
		s.SignUp = func() int { return http.StatusTooManyRequests }
		_, err := c.SignUp(ctx, bot.Profile{Name: "Cy"})
		var he *bot.HTTPError
		if !errors.As(err, &he) || he.Status != 429 || he.Code != "rate_limited" {
			t.Errorf("%v", err)
		}
		if after, busy := bot.Busy(err); !busy || after != 2*time.Second {
			t.Errorf("try again in %s, %v", after, busy)
		}
	})
}

func TestWaitingEndsWithItsContextAndSaysForWhat(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		p := join(t, ctx, c, "Ada", nil)
		defer p.Close()
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, err := p.WaitIncoming(short)
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "bot: await invite.incoming: context deadline exceeded" {
			t.Errorf("%v", err)
		}
		s.CloseSockets(4002)
		closed, err := p.WaitClosed(ctx)
		must(t, err)
		if closed.Code != 4002 || p.Connected() {
			t.Errorf("closed with %d, connected %v", closed.Code, p.Connected())
		}
	})
}

func TestNobodyComesInWithAWrongToken(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		p, err := c.SignUp(ctx, bot.Profile{Name: "Eve"})
		must(t, err)
		p.Token = "guessed"
		if err := p.Connect(ctx); err == nil {
			t.Error("connected")
		}
		p.Close()
	})
}

func TestBytesAreCountedPerProtocol(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, s *bottest.Server, c *bot.Client) {
		p := join(t, ctx, c, "Ada", nil)
		defer p.Close()
		httpIn, httpOut := c.Meter.HTTPIn.Load(), c.Meter.HTTPOut.Load()
		wsOut, msgs := c.Meter.WSOut.Load(), c.Meter.MsgOut.Load()
		frame := wire.AppendClient(nil, 0, wire.ClientAck{Seq: 1})
		must(t, p.Send(frame))
		// A masked frame this short has a header of six bytes.
		if got := c.Meter.WSOut.Load() - wsOut; got != int64(len(frame)+6) {
			t.Errorf("%d bytes counted for a frame of %d", got, len(frame))
		}
		if c.Meter.MsgOut.Load() != msgs+1 || c.Meter.HTTPOut.Load() != httpOut || c.Meter.HTTPIn.Load() != httpIn {
			t.Error("the frame was counted as something else")
		}
		if httpIn == 0 || httpOut == 0 || c.Meter.WSIn.Load() == 0 || c.Meter.MsgIn.Load() < 2 {
			t.Errorf("nothing was counted: %d %d", httpIn, httpOut)
		}
	})
}
