package conn

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

type frame = map[string]any

// goldenFrames returns the full frame of every client event, by name.
func goldenFrames(t testing.TB) map[string]frame {
	t.Helper()
	files, err := filepath.Glob("../../testdata/golden/wire/client.*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d golden frames: %v", len(files), err)
	}
	all := map[string]frame{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var frames []frame
		if err := json.Unmarshal(text, &frames); err != nil {
			t.Fatal(err)
		}
		all[frames[0]["t"].(string)] = frames[0]
	}
	return all
}

// TestWrongPayloadsOfEveryEvent: the fault that killed the replaced system, for
// every event and member, before login and after. Each is answered with an error
// that names the member, the lobby hears nothing, and a bystander notices nothing.
func TestWrongPayloadsOfEveryEvent(t *testing.T) {
	h := open(t, Config{}, nil)
	bystander, _ := h.enter("token-2")
	for name, full := range goldenFrames(t) {
		for _, login := range []bool{false, true} {
			c := h.dial()
			if login {
				c.say(0, wire.ClientHello{Token: "token-1"})
				want[wire.ServerWelcome](c)
			}
			wrong := func(d any, at string) {
				text, err := json.Marshal(frame{"t": name, "ref": 6, "d": d})
				if err != nil {
					t.Fatal(err)
				}
				c.write(string(text))
				e := want[wire.ServerError](c)
				if e.Field != at || e.Code != string(wire.CodeBadFrame) || e.Ref != 6 {
					t.Errorf("%s: answered with %+v, want a fault at %s", text, e, at)
				}
			}
			wrong(nil, "d")
			wrong([]any{}, "d")
			d := full["d"].(frame)
			for key := range d {
				for _, v := range []any{nil, []any{"1", "2"}, frame{}} {
					broken := maps.Clone(d)
					broken[key] = v
					wrong(broken, "d."+key)
				}
			}
			c.ws.CloseNow()
		}
	}
	h.quiet()
	h.alive(bystander, 1)
}

func TestEveryEventIsTranslated(t *testing.T) {
	from := lobby.From{Person: 3, Conn: 8, Ref: 5}
	const id = 1<<62 + 7
	for _, c := range []struct {
		ev   wire.Client
		want lobby.Event
	}{
		{wire.ClientLobbyEnter{}, lobby.Enter{From: from}},
		{wire.ClientLobbyLeave{}, lobby.Leave{From: from}},
		{wire.ClientLobbyBusy{Busy: true}, lobby.SetBusy{From: from, Busy: true}},
		{wire.ClientInviteSend{To: id, Seconds: 300}, lobby.Invite{From: from, To: id, Seconds: 300}},
		{wire.ClientInviteAccept{Call: id, Seconds: 60}, lobby.Accept{From: from, Call: id, Seconds: 60}},
		{wire.ClientInviteAccept{Call: id}, lobby.Accept{From: from, Call: id}},
		{wire.ClientInviteDecline{Call: id}, lobby.Decline{From: from, Call: id}},
		{wire.ClientInviteRescind{Call: id}, lobby.Rescind{From: from, Call: id}},
		{wire.ClientInviteWait{Call: id}, lobby.KeepWaiting{From: from, Call: id}},
		{wire.ClientCallSignal{Call: id, Kind: "offer", Data: "v=0"}, lobby.Signal{From: from, Call: id, Kind: "offer", Body: []byte("v=0")}},
		{wire.ClientCallChat{Call: id, Text: "Zoë 🙂"}, lobby.Chat{From: from, Call: id, Runes: 5, Body: []byte("Zoë 🙂")}},
		{wire.ClientCallShare{Call: id}, lobby.Share{From: from, Call: id}},
		{wire.ClientCallTake{Call: id}, lobby.Take{From: from, Call: id}},
		{wire.ClientCallEnd{Call: id}, lobby.End{From: from, Call: id}},
		{wire.ClientPersonBlock{Person: id}, lobby.Block{From: from, Other: id}},
		{wire.ClientPersonReport{Person: id, Reason: "rude", Note: "n"}, lobby.Report{From: from, Other: id, Reason: "rude", Body: []byte("n")}},
	} {
		if have := translate(from, c.ev); !reflect.DeepEqual(have, c.want) {
			t.Errorf("%s gives %#v, want %#v", c.ev.Name(), have, c.want)
		}
	}
	for name, f := range goldenFrames(t) {
		if name == "hello" || name == "ack" {
			continue
		}
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		ev, _, err := wire.DecodeClient(text)
		if err != nil {
			t.Fatal(err)
		}
		if translate(from, ev) == nil {
			t.Errorf("%s is not translated", name)
		}
	}
}

func TestWishesCarryTheSocketsIdentity(t *testing.T) {
	h := open(t, Config{}, nil)
	c, stream := h.enter("token-2")
	c.say(77, wire.ClientCallEnd{Call: 9})
	ev := receive(t, h.backend.events)
	if e, ok := ev.(lobby.End); !ok || e.From != (lobby.From{Person: 2, Conn: lobby.ConnID(stream), Ref: 77}) {
		t.Errorf("%#v", ev)
	}
	c.say(0, wire.ClientAck{Seq: 12})
	if seq := receive(t, h.backend.acks); seq != 12 {
		t.Errorf("acked %d", seq)
	}
	c.write(`{"t":"call.end","ref":1,"d":{"call":"9","person":"1"}}`)
	if e := want[wire.ServerError](c); e.Field != "d.person" {
		t.Errorf("%+v", e)
	}
	h.quiet()
}

func TestBeforeAndAfterHello(t *testing.T) {
	h := open(t, Config{}, nil)
	c := h.dial()
	c.say(1, wire.ClientLobbyEnter{})
	if e := want[wire.ServerError](c); e.Code != string(wire.CodeUnauthorized) || e.Ref != 1 {
		t.Errorf("%+v", e)
	}
	c.say(2, wire.ClientHello{Token: "token-1"})
	want[wire.ServerWelcome](c)
	c.say(3, wire.ClientHello{Token: "token-2"})
	if e := want[wire.ServerError](c); e.Code != string(wire.CodeHelloAgain) || e.Ref != 3 {
		t.Errorf("%+v", e)
	}
	h.quiet()
	h.alive(c, 4)
}

func TestFramesThatAreTooBig(t *testing.T) { onBothLines(t, testFramesThatAreTooBig) }

func testFramesThatAreTooBig(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	c := h.dial()
	tooBig := func() {
		t.Helper()
		if e := want[wire.ServerError](c); e.Code != string(wire.CodeTooBig) {
			t.Errorf("%+v", e)
		}
	}
	c.write(strings.Repeat(" ", maxHello+1))
	tooBig()
	c.write(strings.Repeat(" ", wire.MaxFrame+1))
	tooBig()
	c.say(0, wire.ClientHello{Token: "token-1"})
	want[wire.ServerWelcome](c)
	c.say(0, wire.ClientCallSignal{Call: 1, Kind: "offer", Data: strings.Repeat("x", 16<<10)})
	receive(t, h.backend.events)
	c.write(strings.Repeat(" ", wire.MaxFrame+1))
	tooBig()
	c.write(strings.Repeat("[", wire.MaxFrame))
	if e := want[wire.ServerError](c); e.Code != string(wire.CodeBadFrame) {
		t.Errorf("%+v", e)
	}
	h.alive(c, 1)
	c.write(strings.Repeat(" ", maxDiscard+1))
	receive(t, h.backend.detached)
	if s := h.final(); s.Closed[1009] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestBinaryFramesAreRefused(t *testing.T) {
	h := open(t, Config{}, nil)
	c, _ := h.enter("token-1")
	text := wire.AppendClient(nil, 1, wire.ClientLobbyEnter{})
	if err := c.ws.Write(t.Context(), websocket.MessageBinary, text); err != nil {
		t.Fatal(err)
	}
	if e := want[wire.ServerError](c); e.Code != string(wire.CodeBadFrame) {
		t.Errorf("%+v", e)
	}
	h.quiet()
	h.alive(c, 1)
}

func TestTooManyUnreadableFrames(t *testing.T) {
	h := open(t, Config{}, nil)
	c, _ := h.enter("token-1")
	for range badQuota.burst {
		c.write(`nonsense`)
		want[wire.ServerError](c)
	}
	h.alive(c, 1)
	c.write(`nonsense`)
	want[wire.ServerError](c)
	c.wantEnd(CloseBadFrames)
	h.enter("token-1")
}

// clock is a hub's time, moved by hand.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.ms.Store(1_766_000_000_000)
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func TestRates(t *testing.T) {
	for _, q := range []struct {
		ev    wire.Client
		class class
	}{
		{wire.ClientInviteSend{To: 2, Seconds: 60}, classInvite},
		{wire.ClientCallChat{Call: 1, Text: "x"}, classChat},
		{wire.ClientCallSignal{Call: 1, Kind: "candidate", Data: "x"}, classSignal},
		{wire.ClientPersonBlock{Person: 2}, classReport},
		{wire.ClientPersonReport{Person: 2, Reason: "rude"}, classReport},
		{wire.ClientLobbyEnter{}, classDoor},
		{wire.ClientLobbyLeave{}, classDoor},
		{wire.ClientLobbyBusy{}, classBusy},
		{wire.ClientCallEnd{Call: 1}, classOther},
	} {
		t.Run(q.ev.Name(), func(t *testing.T) {
			clock := newClock()
			h := open(t, Config{}, clock.now)
			c, _ := h.enter("token-1")
			other, _ := h.enter("token-2")
			for range h.hub.quotas[q.class].burst {
				c.say(0, q.ev)
				receive(t, h.backend.events)
			}
			c.say(8, q.ev)
			e := want[wire.ServerError](c)
			if e.Code != string(wire.CodeRateLimited) || e.Ref != 8 || e.RetryMS <= 0 || e.RetryMS > 5001 {
				t.Fatalf("%+v", e)
			}
			h.quiet()
			h.alive(other, 1)
			clock.advance(time.Duration(e.RetryMS) * time.Millisecond)
			c.say(9, q.ev)
			receive(t, h.backend.events)
		})
	}
}

func TestFloodingEnds(t *testing.T) { onBothLines(t, testFloodingEnds) }

func testFloodingEnds(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	clock := newClock()
	h := open(t, Config{}, clock.now)
	c, _ := h.enter("token-1")
	go func() {
		for range h.hub.quotas[classInvite].burst + floodQuota.burst + 1 {
			c.say(1, wire.ClientInviteSend{To: 2, Seconds: 60})
		}
	}()
	c.wantEnd(CloseFlood)
	for range h.hub.quotas[classInvite].burst {
		receive(t, h.backend.events)
	}
	h.quiet()
}

func TestLobbyThatTakesNoMore(t *testing.T) {
	h := open(t, Config{}, nil)
	c, _ := h.enter("token-1")
	for err, code := range map[error]wire.Code{ErrOverloaded: wire.CodeOverloaded, ErrClosed: wire.CodeDraining} {
		h.backend.fail(nil, err)
		c.say(3, wire.ClientLobbyEnter{})
		if e := want[wire.ServerError](c); e.Code != string(code) || e.Ref != 3 || e.RetryMS == 0 {
			t.Errorf("%+v", e)
		}
	}
	h.backend.fail(nil, nil)
	h.alive(c, 4)
}

// FuzzSocket feeds arbitrary bytes, as text, as binary and as raw TCP, to a live
// connection. The process lives, and another connection is not disturbed.
func FuzzSocket(f *testing.F) {
	for _, g := range goldenFrames(f) {
		text, err := json.Marshal(g)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, byte(0))
	}
	f.Add([]byte(`{"t":"invite.send","d":null}`), byte(0))
	f.Add([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, byte(2))
	f.Add([]byte{0x88, 0x80, 0, 0, 0, 0}, byte(2))
	f.Add(bytes.Repeat([]byte("["), 5000), byte(1))
	clock := newClock()
	h := open(f, Config{PingEvery: time.Hour}, clock.now)
	bystander, _ := h.enter("token-2")
	var ref uint32
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		h, bystander := *h, *bystander
		h.t, bystander.t = t, t
		if how%3 == 2 {
			nc, _ := h.rawDial(maskedText(`{"t":"hello","d":{"token":"token-1"}}`) + string(data))
			nc.Close()
		} else {
			c, _ := h.enter("token-1")
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := c.ws.Write(ctx, websocket.MessageType(1+how%3), data); err != nil {
				t.Fatal(err)
			}
			c.ws.Close(1000, "")
		}
		receive(t, h.backend.detached)
		clock.advance(time.Minute) // the bystander shall not meet its own limits
		for len(h.backend.events)+len(h.backend.acks) > 0 {
			select {
			case <-h.backend.events:
			case <-h.backend.acks:
			}
		}
		ref++
		h.alive(&bystander, ref)
	})
}
