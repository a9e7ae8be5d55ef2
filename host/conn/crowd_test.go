package conn

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// TestTenStalledOfAThousand: while ten peers take nothing, nobody else waits longer.
func TestTenStalledOfAThousand(t *testing.T) {
	const people, stalled, rounds = 1000, 10, 25
	h := open(t, Config{}, nil)
	arrived := make(chan time.Time, people)
	var sinks []Sink
	for range people - stalled {
		c, stream := h.enter("token-1")
		sinks = append(sinks, h.backend.sink(stream))
		go func() {
			for {
				if _, _, err := c.ws.Read(t.Context()); err != nil {
					return
				}
				arrived <- time.Now()
			}
		}()
	}
	listeners := len(sinks)
	small, big := chatLine("hello"), chatLine(strings.Repeat("x", 16<<10))
	round := func() (p99 time.Duration) {
		var times []time.Duration
		for range rounds {
			start := time.Now()
			for i, s := range sinks {
				if i < listeners {
					s.Send(small)
				} else {
					s.Send(big)
				}
			}
			for range listeners {
				times = append(times, receive(t, arrived).Sub(start))
			}
		}
		slices.Sort(times)
		return times[len(times)*99/100]
	}
	alone := round()
	for range stalled {
		h.rawEnter()
		h.backend.mu.Lock()
		sinks = append(sinks, h.backend.sinks[h.backend.next])
		h.backend.mu.Unlock()
	}
	beside := round()
	if beside > 3*alone+50*time.Millisecond {
		t.Errorf("99 of 100 had it within %v, and with %d that take nothing within %v", alone, stalled, beside)
	}
	if s := h.final(); s.Closed[CloseSlow] != stalled {
		t.Errorf("%d were cut for being slow, want %d", s.Closed[CloseSlow], stalled)
	}
}

// TestAPeerBehindIsNotGivenStates: what only describes a state is refused while
// a peer does not take what it has, and taken again once it does.
func TestAPeerBehindIsNotGivenStates(t *testing.T) {
	h := open(t, Config{QueueBytes: 256 << 10}, nil)
	nc := h.rawEnter()
	sink := h.backend.sink(1)
	taken := 0
	for sink.TrySend(chatLine(strings.Repeat("x", 8<<10))) {
		if taken++; taken > 1000 {
			t.Fatal("megabytes are taken for a peer that reads nothing")
		}
	}
	sink.Send(chatLine("an invite")) // never refused
	got, buf := 0, make([]byte, 64<<10)
	for got < taken*8<<10 {
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	deadline := time.Now().Add(patience)
	for !sink.TrySend(chatLine("how it looks now")) {
		if time.Now().After(deadline) {
			t.Fatal("it is behind for ever")
		}
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	for tail := ""; !strings.Contains(tail, "how it looks now"); {
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		tail += string(buf[:n])
	}
}

// TestWhatIsQueuedLeavesTogether: several frames are one segment, of bounded
// size, and nothing is lost between two of them.
func TestWhatIsQueuedLeavesTogether(t *testing.T) {
	h := open(t, Config{}, nil)
	c := &conn{hub: h.hub}
	for range 10 {
		c.Send(chatLine("hello"))
	}
	c.Send(chatLine(strings.Repeat("x", 2*maxSegment)))
	c.Send(chatLine("bye"))
	c.mu.Lock()
	defer c.mu.Unlock()
	var have []int
	for len(c.queue) > 0 {
		before := len(c.queue)
		c.segment(nil)
		have = append(have, before-len(c.queue))
	}
	if !slices.Equal(have, []int{10, 1, 1}) || c.queued != 0 {
		t.Errorf("left together: %v, %d bytes still count", have, c.queued)
	}
}

// TestOverTLS: there a write may wait, so every burst is a goroutine's.
func TestOverTLS(t *testing.T) {
	h := open(t, Config{}, nil)
	secure := httptest.NewTLSServer(h.hub)
	t.Cleanup(secure.Close)
	ws, _, err := websocket.Dial(t.Context(), secure.URL, &websocket.DialOptions{HTTPClient: secure.Client()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	c := &client{t, ws}
	c.say(0, wire.ClientHello{Token: "token-1"})
	sink := h.backend.sink(want[wire.ServerWelcome](c).Stream)
	for i := range 500 {
		sink.Send(chatLine(strings.Repeat("x", i)))
		if e := want[wire.ServerCallChat](c); len(e.Text) != i {
			t.Fatalf("frame %d has %d bytes", i, len(e.Text))
		}
	}
	for i := range 100 {
		sink.TrySend(chatLine(strings.Repeat("y", i)))
	}
	for i := range 100 {
		if e := want[wire.ServerCallChat](c); len(e.Text) != i {
			t.Fatalf("state %d has %d bytes", i, len(e.Text))
		}
	}
	h.alive(c, 5)
	sink.Drop(CloseDraining)
	c.wantEnd(CloseDraining)
}

// TestACloseIsAnswered: whoever leaves politely is answered with their own code.
func TestACloseIsAnswered(t *testing.T) { onBothLines(t, testACloseIsAnswered) }

func testACloseIsAnswered(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	for range 50 {
		c, stream := h.enter("token-1")
		go h.backend.sink(stream).Send(chatLine("crossing"))
		if err := c.ws.Close(4999, "enough"); err != nil {
			t.Fatal(err)
		}
		receive(t, h.backend.detached)
	}
	if s := h.final(); s.Closed[4999] != 50 {
		t.Errorf("%+v", s)
	}
}
