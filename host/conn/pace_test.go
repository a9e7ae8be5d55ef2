package conn

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// TestReconnectLoopsAreTurnedAway: whatever they resume, one person brings no
// more sockets to the lobby than the quota, and is told when to come back.
func TestReconnectLoopsAreTurnedAway(t *testing.T) {
	clock := newClock()
	h := open(t, Config{AttachPerSecond: 0.5, AttachBurst: 3}, clock.now)
	for range 3 {
		c, _ := h.enter("token-1")
		c.ws.Close(1000, "")
		receive(t, h.backend.detached)
	}
	c := h.dial()
	c.say(5, wire.ClientHello{Token: "token-1"})
	e := want[wire.ServerError](c)
	if e.Code != string(wire.CodeRateLimited) || e.Ref != 5 || e.RetryMS <= 0 || e.RetryMS > 2001 {
		t.Errorf("%+v", e)
	}
	if bye := c.wantEnd(CloseFlood); bye.RetryMS <= 0 || bye.RetryMS > 2001 {
		t.Errorf("%+v", bye)
	}
	other, _ := h.enter("token-2")
	h.alive(other, 1)
	if n := len(h.backend.attached); n != 0 {
		t.Errorf("the lobby heard of %d more sockets", n)
	}
	clock.advance(time.Duration(e.RetryMS) * time.Millisecond)
	h.enter("token-1")
}

func TestTheUsualFiguresForReconnecting(t *testing.T) {
	c := Config{}.withDefaults()
	if q := c.quotas()[classAttach]; q.perSecond != 1 || q.burst != 10 || !q.person {
		t.Errorf("%+v", q)
	}
}

// TestComingBackRefillsNothing: what costs the store is counted by person, over
// all their sockets.
func TestComingBackRefillsNothing(t *testing.T) {
	for _, ev := range []wire.Client{wire.ClientPersonReport{Person: 2, Reason: "rude"}, wire.ClientLobbyLeave{}} {
		t.Run(ev.Name(), func(t *testing.T) {
			clock := newClock()
			h := open(t, Config{}, clock.now)
			for range h.hub.quotas[classOf(ev)].burst {
				c, _ := h.enter("token-1")
				c.say(0, ev)
				receive(t, h.backend.events)
			}
			c, _ := h.enter("token-1")
			c.say(7, ev)
			if e := want[wire.ServerError](c); e.Code != string(wire.CodeRateLimited) {
				t.Errorf("%+v", e)
			}
			h.quiet()
			other, _ := h.enter("token-2")
			other.say(8, ev)
			receive(t, h.backend.events)
		})
	}
}

// TestForgettingPeopleLosesNothing: against buckets that are kept for ever.
func TestForgettingPeopleLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Config{}.withDefaults().quotas()
		p := newPaces(q, 1000)
		kept := map[lobby.PersonID]*buckets{}
		now := newClock()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now.advance(time.Duration(rapid.SampledFrom([]int{0, 1, 3, 10, 30, 49, 50}).Draw(t, "seconds")) * time.Second)
			id := lobby.PersonID(rapid.IntRange(1, 3).Draw(t, "person"))
			k := rapid.SampledFrom([]class{classDoor, classReport, classAttach}).Draw(t, "class")
			if kept[id] == nil {
				kept[id] = new(buckets)
			}
			for range rapid.IntRange(1, 11).Draw(t, "times") {
				if have, want := p.wait(id, k, now.now()), kept[id].wait(k, q[k], now.now()); have != want {
					t.Fatalf("person %d waits %v, want %v", id, have, want)
				}
			}
		}
	})
}

func TestPacesAreBounded(t *testing.T) {
	p := newPaces(Config{}.withDefaults().quotas(), 100)
	now := newClock()
	for i := range 10_000 {
		p.wait(lobby.PersonID(i+1), classAttach, now.now())
		if n := len(p.young) + len(p.old); n > 200 {
			t.Fatalf("%d people are kept", n)
		}
	}
	now.advance(time.Hour)
	p.wait(1, classAttach, now.now())
	now.advance(time.Hour)
	p.wait(1, classAttach, now.now())
	if n := len(p.young) + len(p.old); n > 2 {
		t.Errorf("%d people are kept, although all but one are idle", n)
	}
}
