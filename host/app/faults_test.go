package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/host/wire"
)

// These are the faults of the system this one replaces. Each test tries one.

func TestStrangersCannotAnswerOrHear(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	eve := join(t, ctx, h.URL(), "Eve")

	call := ring(t, ctx, a, b)
	refusedAs(t, "a stranger accepts", eve.Accept(ctx, call, 0), "no_such_invite")
	refusedAs(t, "a stranger declines", eve.Decline(ctx, call), "no_such_invite")
	refusedAs(t, "a stranger rescinds", eve.Rescind(ctx, call), "no_such_invite")
	refusedAs(t, "the caller accepts for the callee", a.Accept(ctx, call, 0), "no_such_invite")
	if err := b.Accept(ctx, call, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := a.WaitCall(ctx); err != nil {
		t.Fatal(err)
	}
	refusedAs(t, "a stranger chats", eve.Chat(ctx, call, "hi"), "no_such_call")
	ref, err := eve.Signal(call, "offer", "v=0")
	if err != nil {
		t.Fatal(err)
	}
	refusedAs(t, "a stranger injects an offer", eve.Answer(ctx, ref), "no_such_call")
	refusedAs(t, "a stranger joins", eve.Take(ctx, call), "no_such_call")
	refusedAs(t, "a stranger ends the call", eve.End(ctx, call), "no_such_call")

	if err := a.Chat(ctx, call, "only for Bob"); err != nil {
		t.Fatal(err)
	}
	if got, err := bot.AwaitSay[wire.ServerCallChat](ctx, b); err != nil || got.Text != "only for Bob" {
		t.Errorf("Bob heard %+v, %v", got, err)
	}
	// Whatever Eve was to hear has come before the answer to her next request.
	if err := eve.SetBusy(ctx, true); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if got, err := eve.Await(short, func(ev *bot.Event) bool { return ev.Say != nil && strings.HasPrefix(ev.Say.Name(), "call.") }); err == nil {
		t.Errorf("a stranger heard %s", got.Say.Name())
	}
}

func TestAcceptingThreeTimesStartsOneCall(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	call := ring(t, ctx, a, b)
	var refs []uint32
	for range 3 {
		ref, err := b.Say(wire.ClientInviteAccept{Call: call})
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref)
	}
	accepted := 0
	for _, ref := range refs {
		if b.Answer(ctx, ref) == nil {
			accepted++
		}
	}
	if accepted != 1 {
		t.Errorf("%d of three accepts succeeded", accepted)
	}
	if s := h.Stats(); s.Calls != 1 {
		t.Errorf("%d calls run", s.Calls)
	}
	if err := a.End(ctx, call); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*bot.Person{a, b} {
		if hist, err := p.History(ctx); err != nil || len(hist.Calls) != 1 {
			t.Errorf("history %+v, %v", hist, err)
		}
	}
}

func TestTwoCallersCannotBothReachOneCallee(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a, b, c := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob"), join(t, ctx, h.URL(), "Cleo")
	for _, p := range []*bot.Person{a, c} {
		if _, err := p.WaitReel(ctx, bot.Sees(b.ID)); err != nil {
			t.Fatal(err)
		}
	}
	first := make(chan error, 2)
	for _, p := range []*bot.Person{a, c} {
		go func() { _, err := p.Invite(ctx, b.ID, 300); first <- err }()
	}
	won := 0
	for range 2 {
		err := <-first
		if err == nil {
			won++
			continue
		}
		refusedAs(t, "the second invite", err, "other_busy")
	}
	if won != 1 {
		t.Errorf("%d invites ring at one person", won)
	}
}

func TestTheOldestConnectionIsReallyClosed(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a := signUp(t, ctx, h.URL(), "Ada")
	first, err := bot.Adopt(h.URL(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(first.Close)
	if err := first.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p, err := bot.Adopt(h.URL(), a)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		if err := p.Connect(ctx); err != nil {
			t.Fatal(err)
		}
	}
	closed, err := first.WaitClosed(ctx)
	if err != nil || closed.Code != int(conn.CloseLimit) {
		t.Errorf("the oldest of three was closed with %+v, %v", closed, err)
	}
	if s := h.Stats(); s.Streams != 2 {
		t.Errorf("%d streams of one person", s.Streams)
	}
}

func TestAClosedTabLeavesNoGhost(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, func(c *config.Config) { c.Lobby.Grace = 300 * time.Millisecond })
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	if _, err := a.WaitReel(ctx, bot.Sees(b.ID)); err != nil {
		t.Fatal(err)
	}
	b.Drop()
	if _, err := a.WaitReel(ctx, bot.Misses(b.ID)); err != nil {
		t.Errorf("Bob closed his tab and is still there: %v", err)
	}
	if s := h.Stats(); s.People != 1 {
		t.Errorf("%d people in the lobby", s.People)
	}
}

// TestNothingStoredIsNeverSuccess: while the database is away.
func TestNothingStoredIsNeverSuccess(t *testing.T) {
	ctx := within(t, 60*time.Second)
	faulty := storetest.NewFaulty(storetest.NewMemory(), nil)
	h := startApp(t, nil, func(o *app.Options) { o.Store = faulty })
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	late := signUp(t, ctx, h.URL(), "Late")
	call := ring(t, ctx, a, b)

	faulty.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.Commit }, storetest.Fault{Before: store.ErrUnavailable}))
	refusedAs(t, "accept", b.Accept(ctx, call, 0), "try_again")
	if got, err := bot.AwaitSay[wire.ServerInviteEnded](ctx, a); err != nil || got.Reason != "failed" {
		t.Errorf("the caller was told %+v, %v", got, err)
	}
	call = ring(t, ctx, a, b)
	refusedAs(t, "decline", b.Decline(ctx, call), "try_again")
	refusedAs(t, "block", a.Block(ctx, late.ID), "try_again")

	// "Cannot read the cooldowns" is not "no cooldowns": nobody gets in.
	faulty.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.Bars }, storetest.Fault{Before: store.ErrUnavailable}))
	if err := late.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	refusedAs(t, "enter", late.Enter(ctx), "try_again")
	if s := h.Stats(); s.People != 2 {
		t.Errorf("%d people in the lobby, one of them with unknown cooldowns", s.People)
	}
	faulty.Play(storetest.On(func(s storetest.Step) bool { return s.Op == storetest.SignUp }, storetest.Fault{Before: store.ErrUnavailable}))
	var he *bot.HTTPError
	if _, err := bot.SignUp(ctx, h.URL(), anyone("Nobody")); !errors.As(err, &he) || he.Status != http.StatusServiceUnavailable {
		t.Errorf("signing up answered %v", err)
	}
	faulty.Play(nil)
	if err := late.Enter(ctx); err != nil {
		t.Errorf("after the database came back: %v", err)
	}
}

// TestBadFramesHarmNobody sends null and wrong-typed payloads of every event,
// and arrays where ids belong, beside a call that must not notice.
func TestBadFramesHarmNobody(t *testing.T) {
	ctx := within(t, 60*time.Second)
	h := startApp(t, nil)
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	call := talk(t, ctx, a, b)
	bad := []string{`null`, `[]`, `"x"`, `7`, `{"call":null}`, `{"call":["1","2"]}`, `{"call":{}}`, `{"to":[1],"seconds":"x"}`, `{"person":true}`}
	n := 0
	for _, name := range []string{"ack", "lobby.busy", "invite.send", "invite.accept", "invite.decline", "invite.rescind", "invite.wait",
		"call.signal", "call.chat", "call.share", "call.take", "call.end", "person.block", "person.report", "hello", "__proto__"} {
		// A fresh person each time: too many bad frames in a minute close a socket.
		eve := join(t, ctx, h.URL(), "Eve")
		for _, d := range bad {
			n++
			frame, err := json.Marshal(map[string]any{"t": name, "ref": n, "d": json.RawMessage(d)})
			if err != nil {
				t.Fatal(err)
			}
			if err := eve.Send(frame); err != nil {
				t.Fatalf("%s: %v", frame, err)
			}
			ev, err := bot.AwaitSay[wire.ServerError](ctx, eve)
			if err != nil || ev.Ref != int64(n) || (ev.Code != "bad_frame" && ev.Code != "unknown_event" && ev.Code != "hello_again") {
				t.Errorf("%s answered %+v, %v", frame, ev, err)
			}
			if ev.Code == "bad_frame" && ev.Field == "" {
				t.Errorf("%s: the error names no field", frame)
			}
		}
		eve.Close()
	}
	if err := a.Chat(ctx, call, "still here?"); err != nil {
		t.Fatal(err)
	}
	if got, err := bot.AwaitSay[wire.ServerCallChat](ctx, b); err != nil || got.Text != "still here?" {
		t.Errorf("the call was disturbed: %+v, %v", got, err)
	}
}

// TestForwardedAddressesAreNotBelieved: a sign-up limit cannot be walked around
// by claiming other addresses.
func TestForwardedAddressesAreNotBelieved(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, func(c *config.Config) {
		c.Limits.LoopbackFree, c.Limits.SignupsPerMinute, c.Limits.SignupsBurst = false, 1, 3
	})
	body, err := json.Marshal(anyone("Ada"))
	if err != nil {
		t.Fatal(err)
	}
	created := 0
	for i := range 10 {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL()+"/v1/guests", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusCreated:
			created++
		case http.StatusTooManyRequests:
		default:
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	if created != 3 {
		t.Errorf("%d sign-ups from one address; the limit is 3", created)
	}
}

// TestProfileChangesAreSeenAtOnce: nothing stale is served after a write.
func TestProfileChangesAreSeenAtOnce(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	if _, err := a.WaitReel(ctx, bot.Sees(b.ID)); err != nil {
		t.Fatal(err)
	}
	photo, err := bot.Portrait(bot.Rand(1, 1), 64)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetPhoto(ctx, photo); err != nil {
		t.Fatal(err)
	}
	if _, err := a.WaitReel(ctx, func(es []bot.Entry) bool {
		return len(es) == 1 && es[0].Card.ID == b.ID && es[0].Card.Photo != ""
	}); err != nil {
		t.Errorf("Bob's new photo does not reach Ada's reel: %v", err)
	}
}

// TestEveryoneOnTwoNodes runs a whole meeting with an encode/decode pipe between
// the sockets and the lobby.
func TestEveryoneOnTwoNodes(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil, func(o *app.Options) { o.Backend = func(b conn.Backend) conn.Backend { return &pipe{t: t, Backend: b} } })
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	call := talk(t, ctx, a, b)
	if _, err := a.Signal(call, "offer", "v=0"); err != nil {
		t.Fatal(err)
	}
	if got, err := bot.AwaitSay[wire.ServerCallSignal](ctx, b); err != nil || got.Data != "v=0" {
		t.Errorf("offer arrived as %+v, %v", got, err)
	}
	if err := b.Share(ctx, call); err != nil {
		t.Fatal(err)
	}
	if got, err := bot.AwaitSay[wire.ServerCallShared](ctx, a); err != nil || len(got.Socials) != 1 || got.Socials[0].Handle != "@Bob" {
		t.Errorf("socials arrived as %+v, %v", got, err)
	}
	if err := a.End(ctx, call); err != nil {
		t.Fatal(err)
	}
	if got, err := bot.AwaitSay[wire.ServerCooldown](ctx, b); err != nil || got.Other != a.ID {
		t.Errorf("cooldown %+v, %v", got, err)
	}
}

// pipe is the way between two nodes: nothing crosses it but bytes.
type pipe struct {
	t *testing.T
	conn.Backend
}

func (p *pipe) Post(ev lobby.Event) error {
	kind, head, body, err := lobby.Encode(ev)
	if err != nil {
		p.t.Errorf("encode %T: %v", ev, err)
		return err
	}
	back, err := lobby.Decode(kind, append([]byte(nil), head...), append([]byte(nil), body...))
	if err != nil {
		p.t.Errorf("decode %s: %v", kind, err)
		return err
	}
	return p.Backend.Post(back)
}

// TestABlockIsSilentAndLasting: both vanish from each other at once, in a call
// too, the blocked one learns nothing, and it holds after coming back.
func TestABlockIsSilentAndLasting(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	call := talk(t, ctx, a, b)
	if err := a.Report(ctx, b.ID, "rude", "he shouted"); err != nil {
		t.Fatal(err)
	}
	ended, err := b.WaitEnd(ctx)
	if err != nil || ended.Call != call || (ended.Reason != "hangup" && ended.Reason != "left") {
		t.Errorf("Bob was told %+v, %v: he must not learn of the block", ended, err)
	}
	for _, p := range []*bot.Person{a, b} {
		p.Drop()
		if err := p.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		if err := p.Enter(ctx); err != nil {
			t.Fatal(err)
		}
	}
	c := join(t, ctx, h.URL(), "Cleo") // someone both see, so that the reels are known to have come
	for _, p := range []*bot.Person{a, b} {
		other := a.ID + b.ID - p.ID
		entries, err := p.WaitReel(ctx, bot.Sees(c.ID))
		if err != nil || !bot.Misses(other)(entries) {
			t.Errorf("the reel of %d shows %+v, %v", p.ID, entries, err)
		}
		_, err = p.Invite(ctx, other, 300)
		refusedAs(t, "an invite across the block", err, "not_in_reel")
	}
	hist, err := b.History(ctx)
	if err != nil || len(hist.Calls) != 1 || hist.Calls[0].Reason != "hangup" {
		t.Errorf("Bob's history %+v, %v", hist, err)
	}
	if day := time.Now().Add(25 * time.Hour).UnixMilli(); len(hist.Cooldowns) != 1 || hist.Cooldowns[0].Until > day {
		t.Errorf("Bob reads the report from his cooldown: %+v", hist.Cooldowns)
	}
}

// TestALoginThatEndsEndsEverything: logging out in mid-call closes the tabs and
// ends the call, and the token opens nothing any more.
func TestALoginThatEndsEndsEverything(t *testing.T) {
	ctx := within(t, 30*time.Second)
	h := startApp(t, nil)
	a, b := join(t, ctx, h.URL(), "Ada"), join(t, ctx, h.URL(), "Bob")
	talk(t, ctx, a, b)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL()+"/v1/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("logout answered %d", resp.StatusCode)
	}
	if closed, err := a.WaitClosed(ctx); err != nil || closed.Code != int(conn.CloseGone) {
		t.Errorf("Ada's tab was closed with %+v, %v", closed, err)
	}
	if ended, err := b.WaitEnd(ctx); err != nil || ended.Reason != "left" {
		t.Errorf("Bob was told %+v, %v", ended, err)
	}
	if err := a.Connect(ctx); err == nil {
		t.Error("the old token still opens a connection")
	}
}
