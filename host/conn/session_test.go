package conn

import (
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// TestASessionThatEndsEndsItsSockets: expired and logged out look the same here.
// The store being away in between logs nobody out.
func TestASessionThatEndsEndsItsSockets(t *testing.T) {
	h := open(t, Config{RecheckEvery: 20 * time.Millisecond}, nil)
	first, _ := h.enter("token-1")
	second := h.dial()
	second.say(0, wire.ClientHello{Token: "token-2"})
	want[wire.ServerWelcome](second)

	h.people.end("token-1")
	first.wantEnd(CloseNoLogin)
	receive(t, h.backend.detached)
	h.alive(second, 1)

	h.people.setDown(true)
	h.people.awaitLookups(t, "token-2", 3)
	h.alive(second, 2)
	h.people.end("token-2")
	h.people.setDown(false)
	second.wantEnd(CloseNoLogin)

	h.final()
	if log := h.log.String(); strings.Contains(log, "token-") || !strings.Contains(log, "rechecked") {
		t.Errorf("the log holds a token, or no word of the store:\n%s", log)
	}
}

// TestABrowsersSessionIsRecheckedToo: its token came as a cookie.
func TestABrowsersSessionIsRecheckedToo(t *testing.T) {
	h := open(t, Config{RecheckEvery: 20 * time.Millisecond}, nil)
	c, _, err := h.tryDial("/v1/ws", header("Origin", h.server.URL, "Cookie", cookie("token-1")))
	if err != nil {
		t.Fatal(err)
	}
	c.say(0, wire.ClientHello{})
	want[wire.ServerWelcome](c)
	h.people.awaitLookups(t, "token-1", 3)
	h.alive(c, 1)
	h.people.end("token-1")
	c.wantEnd(CloseNoLogin)
}

// TestALogoutDuringTheLoginWins: the session ends after it was found and before
// the lobby knows the socket, so that the lobby's own word comes too early. What
// the client has said in the meantime is not heard.
func TestALogoutDuringTheLoginWins(t *testing.T) {
	h := open(t, Config{}, nil)
	h.people.after = h.people.end
	c := h.dial()
	c.say(0, wire.ClientHello{Token: "token-1"})
	c.say(1, wire.ClientLobbyEnter{})
	c.wantEnd(CloseNoLogin)
	receive(t, h.backend.detached)
	h.quiet()
}

// TestRechecksAreSpreadAndRare: neither all at once, nor each at every sweep.
func TestRechecksAreSpreadAndRare(t *testing.T) {
	clock := newClock()
	h := open(t, Config{PingEvery: time.Hour}, clock.now)
	const n = 20
	dues := map[int64]bool{}
	for range n {
		c, _ := h.enter("token-1")
		c.say(0, wire.ClientAck{Seq: 1})
		receive(t, h.backend.acks) // so the login is done
	}
	h.hub.mu.Lock()
	all := h.hub.snapshot()
	h.hub.mu.Unlock()
	for _, c := range all {
		due := c.session.Load().due.Load()
		if wait := time.Duration(due-clock.ms.Load()) * time.Millisecond; wait < 2*time.Minute || wait > 5*time.Minute {
			t.Errorf("due in %v", wait)
		}
		dues[due] = true
	}
	if len(dues) < n/2 {
		t.Errorf("%d sockets are due at %d times", n, len(dues))
	}
}

// TestTheEndForgetsTheToken: of a socket that left.
func TestTheEndForgetsTheToken(t *testing.T) {
	h := open(t, Config{}, nil)
	c, stream := h.enter("token-1")
	socket := h.backend.sink(stream).(*conn)
	h.alive(c, 1) // so the login is done
	if socket.session.Load() == nil || socket.cookie != "" {
		t.Error("an open socket cannot be rechecked, or keeps its cookie")
	}
	h.final()
	if socket.session.Load() != nil {
		t.Error("the token outlives its socket")
	}
}
