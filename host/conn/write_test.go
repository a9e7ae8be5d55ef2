package conn

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

func chatLine(text string) []byte {
	return wire.AppendServer(nil, wire.Envelope{Lobby: "main", Epoch: "e", Seq: 1}, wire.ServerCallChat{Call: 1, Text: text, At: 1})
}

func TestFramesArriveWholeAndInOrder(t *testing.T) { onBothLines(t, testFramesArriveWholeAndInOrder) }

func testFramesArriveWholeAndInOrder(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{QueueBytes: 16 << 20}, nil)
	c, stream := h.enter("token-1")
	sink := h.backend.sink(stream)
	const n = 2000
	go func() {
		for i := range n {
			sink.Send(chatLine(strings.Repeat("x", i)))
		}
	}()
	for i := range n {
		if e := want[wire.ServerCallChat](c); len(e.Text) != i {
			t.Fatalf("frame %d has %d bytes", i, len(e.Text))
		}
	}
	if s := h.hub.Stats(); s.FramesOut != n+1 || s.BytesOut < n*n/2 || s.FramesIn != 1 || s.BytesIn == 0 {
		t.Errorf("%+v", s)
	}
}

// TestSlowPeerIsCutAndDelaysNobody: one peer does not read. The sender, which
// is the lobby's only goroutine, is never held up, and a healthy peer gets
// everything meanwhile.
func TestSlowPeerIsCutAndDelaysNobody(t *testing.T) { onBothLines(t, testSlowPeerIsCutAndDelaysNobody) }

func testSlowPeerIsCutAndDelaysNobody(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	stuck := h.rawEnter()
	healthy, stream := h.enter("token-2")
	sink := h.backend.sink(3 - stream)
	frame := chatLine(strings.Repeat("x", 1<<10))
	cut := false
	for sent := 0; !cut; sent++ {
		if sent > 10_000 {
			t.Fatal("10 MB are queued for a peer that does not read")
		}
		start := time.Now()
		sink.Send(frame)
		if d := time.Since(start); d > time.Second {
			t.Fatalf("Send took %v", d)
		}
		h.backend.sink(stream).Send(frame)
		want[wire.ServerCallChat](healthy)
		select {
		case gone := <-h.backend.detached:
			cut = true
			if gone != sink {
				t.Fatal("the healthy peer was detached")
			}
		default:
		}
	}
	sink.Send(frame) // too late, and harmless
	sink.Drop(CloseGone)
	h.alive(healthy, 1)
	if s := h.final(); s.Closed[CloseSlow] != 1 {
		t.Errorf("%+v", s)
	}
	stuck.Close()
}

// TestPeerThatTakesNothingInTime: less than the queue's limit is stuck, so only time tells.
func TestPeerThatTakesNothingInTime(t *testing.T) { onBothLines(t, testPeerThatTakesNothingInTime) }

func testPeerThatTakesNothingInTime(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{QueueBytes: 32 << 20, WriteWait: 50 * time.Millisecond}, nil)
	h.rawEnter()
	h.backend.sink(1).Send(chatLine(strings.Repeat("x", 16<<20)))
	receive(t, h.backend.detached)
	if s := h.final(); s.Closed[CloseSlow] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestSilentPeer(t *testing.T) { onBothLines(t, testSilentPeer) }

func testSilentPeer(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{PingEvery: 40 * time.Millisecond, PongWait: 200 * time.Millisecond}, nil)
	nc := h.rawEnter()
	healthy, stream := h.enter("token-2")
	done := make(chan struct{})
	go func() { // a client answers pings only while it reads
		defer close(done)
		want[wire.ServerCallChat](healthy)
	}()
	gone := receive(t, h.backend.detached)
	if gone == h.backend.sink(stream) {
		t.Fatal("the one that answers was detached")
	}
	h.backend.sink(stream).Send(chatLine("still here"))
	receive(t, done)
	if _, err := io.Copy(io.Discard, nc); errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the silent one's socket is open")
	}
	if s := h.final(); s.Closed[CloseSilent] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestDropSaysByeAfterWhatIsQueued(t *testing.T) { onBothLines(t, testDropSaysByeAfterWhatIsQueued) }

func testDropSaysByeAfterWhatIsQueued(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	c, stream := h.enter("token-1")
	sink := h.backend.sink(stream)
	sink.Send(chatLine("last words"))
	sink.Drop(CloseLimit)
	sink.Drop(CloseGone) // the first counts
	sink.Send(chatLine("too late"))
	if e := want[wire.ServerCallChat](c); e.Text != "last words" {
		t.Errorf("%+v", e)
	}
	if b := want[wire.ServerBye](c); b.Code != int64(CloseLimit) {
		t.Errorf("%+v", b)
	}
	if _, err := c.read(); err == nil {
		t.Error("something came after bye")
	}
	receive(t, h.backend.detached)
	if s := h.final(); s.Closed[CloseLimit] != 1 || len(s.Closed) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestDrain(t *testing.T) {
	h := open(t, Config{DrainPerSecond: 10_000, ReturnSpread: time.Minute}, nil)
	const n = 30
	ends := make(chan wire.ServerBye, n)
	for i := range n {
		var c *client
		if i%2 == 0 {
			c, _ = h.enter("token-1")
		} else {
			c = h.dial()
		}
		go func() { ends <- c.wantEnd(CloseDraining) }()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.hub.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	spread := map[int64]bool{}
	for range n {
		bye := receive(t, ends)
		if bye.RetryMS < 500 {
			t.Errorf("asked back after %d ms", bye.RetryMS)
		}
		spread[bye.RetryMS] = true
	}
	if len(spread) < n/2 {
		t.Errorf("all come back at once: %v", spread)
	}
	if s := h.hub.Stats(); s.Open != 0 || s.Closed[CloseDraining] != n {
		t.Errorf("%+v", s)
	}
	_, resp, err := h.tryDial("/v1/ws", nil)
	if err == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a newcomer gets %v, %v", resp, err)
	}
	if err := h.hub.Drain(ctx); err != nil {
		t.Error("a second drain:", err)
	}
}

func TestDrainKeepsItsRate(t *testing.T) {
	h := open(t, Config{DrainPerSecond: 20}, nil)
	for range 5 {
		c, _ := h.enter("token-1")
		go c.wantEnd(CloseDraining)
	}
	start := time.Now()
	if err := h.hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 150*time.Millisecond {
		t.Errorf("5 sockets at 20 a second took %v", d)
	}
}

func TestDrainDoesNotWaitForTheDead(t *testing.T) { onBothLines(t, testDrainDoesNotWaitForTheDead) }

func testDrainDoesNotWaitForTheDead(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{QueueBytes: 32 << 20}, nil)
	h.rawEnter()
	h.backend.sink(1).Send(chatLine(strings.Repeat("x", 16<<20)))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := h.hub.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drain gives %v", err)
	}
	receive(t, h.backend.detached)
}

// TestAWholeReelPasses: although it is bigger than what may wait, with what
// comes before and behind it; and what waits is still bounded.
func TestAWholeReelPasses(t *testing.T) { onBothLines(t, testAWholeReelPasses) }

func testAWholeReelPasses(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	reel := chatLine(strings.Repeat("x", 400<<10))
	c, stream := h.enter("token-1")
	sink := h.backend.sink(stream)
	sizes := []int{100, 200, 400 << 10, 300, 20 << 10}
	for _, n := range sizes {
		sink.Send(chatLine(strings.Repeat("x", n)))
	}
	for _, n := range sizes {
		if e := want[wire.ServerCallChat](c); len(e.Text) != n {
			t.Fatalf("%d bytes came, want %d", len(e.Text), n)
		}
	}

	stuck := &conn{hub: h.hub} // no socket yet, so nothing is taken from its queue
	for _, f := range [][]byte{chatLine("welcome"), chatLine("done"), reel, chatLine("a change")} {
		stuck.Send(f)
	}
	if stuck.ending() {
		t.Fatal("a reel closed the socket")
	}
	small := chatLine(strings.Repeat("x", 1000))
	for sent := 0; !stuck.ending(); sent += len(small) {
		if sent > h.hub.cfg.QueueBytes {
			t.Fatal("what waits behind a reel is not bounded")
		}
		stuck.Send(small)
	}
	if stuck.code != CloseSlow {
		t.Errorf("closed with %d", stuck.code)
	}
}
