package conn

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// TestASilentSocketCostsNoGoroutine, which is what polling is for.
func TestASilentSocketCostsNoGoroutine(t *testing.T) {
	h := open(t, Config{}, nil)
	h.enter("token-1")
	before := runtime.NumGoroutine()
	for range 50 {
		h.rawEnter()
	}
	http.DefaultClient.CloseIdleConnections()
	// Handlers end a moment after the socket is heard.
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before+10; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines before 50 sockets more, %d with them", before, runtime.NumGoroutine())
		}
	}
}

// TestOrderIsKept: what a client says is heard in its order, also where one
// thing has to wait for somebody and the next would not.
func TestOrderIsKept(t *testing.T) { onBothLines(t, testOrderIsKept) }

func testOrderIsKept(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	nc := h.rawEnter()
	var said strings.Builder
	for i := range 60 {
		ev := wire.Client(wire.ClientCallSignal{Call: 1, Kind: "candidate", Data: "x"})
		if i%3 == 0 {
			ev = wire.ClientLobbyBusy{}
		}
		if i%3 == 0 && i > 12 {
			ev = wire.ClientCallShare{Call: 1}
		}
		said.WriteString(maskedText(string(wire.AppendClient(nil, uint32(i+1), ev))))
	}
	text := said.String()
	for at := 0; at < len(text); at += 777 {
		if _, err := io.WriteString(nc, text[at:min(at+777, len(text))]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 60 {
		var ref uint32
		switch e := receive(t, h.backend.events).(type) {
		case lobby.Signal:
			ref = e.Ref
		case lobby.SetBusy:
			ref = e.Ref
		case lobby.Share:
			ref = e.Ref
		default:
			t.Fatalf("the lobby was told %#v", e)
		}
		if ref != uint32(i+1) {
			t.Fatalf("%d came as number %d", ref, i+1)
		}
	}
}

// TestALoginThatWaitsHoldsUpNobody: not those who log in, nor those who talk.
func TestALoginThatWaitsHoldsUpNobody(t *testing.T) {
	h := open(t, Config{}, nil)
	talking, _ := h.enter("token-2")
	release := make(chan struct{})
	waiting := make(chan struct{}, 10)
	h.people.mu.Lock()
	h.people.after = func(token string) {
		if token == "token-1" {
			waiting <- struct{}{}
			<-release
		}
	}
	h.people.mu.Unlock()
	slow := h.dial()
	slow.say(0, wire.ClientHello{Token: "token-1"})
	slow.say(7, wire.ClientLobbyEnter{}) // behind it, for when it is done
	receive(t, waiting)
	h.alive(talking, 3)
	h.enter("token-3")
	h.quiet()
	close(release)
	want[wire.ServerWelcome](slow)
	if e, ok := receive(t, h.backend.events).(lobby.Enter); !ok || e.Ref != 7 {
		t.Errorf("what was said behind the hello came as %#v", e)
	}
}

// TestDripping: a client that sends byte by byte is understood, and holds up nobody.
func TestDripping(t *testing.T) {
	h := open(t, Config{}, nil)
	other, _ := h.enter("token-2")
	nc := h.rawEnter()
	_ = nc.(*net.TCPConn).SetNoDelay(true)
	for i, b := range []byte(maskedText(string(wire.AppendClient(nil, 5, wire.ClientCallShare{Call: 1})))) {
		if _, err := nc.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
		if i == 10 {
			h.alive(other, 1)
		}
	}
	if e, ok := receive(t, h.backend.events).(lobby.Share); !ok || e.Ref != 5 {
		t.Errorf("it came as %#v", e)
	}
}

// TestPingsAreAnswered with what they say, also between a message's pieces.
func TestPingsAreAnswered(t *testing.T) { onBothLines(t, testPingsAreAnswered) }

func testPingsAreAnswered(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	text := string(wire.AppendClient(nil, 5, wire.ClientHello{Token: "token-1"}))
	_, r := h.rawDial(string(masked(0x01, []byte(text[:9]), 3)) + string(masked(0x89, []byte("still there?"), 4)) + string(masked(0x80, []byte(text[9:]), 5)))
	first, pong, err := readFrame(r)
	if err != nil || first != 0x8a {
		t.Fatalf("%x, %v", first, err)
	}
	if string(pong) != "still there?" {
		t.Errorf("%q", pong)
	}
	receive(t, h.backend.attached)
}

// TestTheProtocolIsKept: whoever breaks it is told so, and gone.
func TestTheProtocolIsKept(t *testing.T) { onBothLines(t, testTheProtocolIsKept) }

func testTheProtocolIsKept(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	for name, bytes := range map[string]string{
		"reserved bits":     string(masked(0xf1, []byte("x"), 1)),
		"an unknown opcode": string(masked(0x87, []byte("x"), 1)),
		"a long ping":       string(masked(0x89, make([]byte, 126), 1)),
		"a false goodbye":   string(masked(0x88, []byte{3, 0xed}, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, Config{}, nil)
			nc, r := h.rawDial(bytes + maskedText(`{"t":"hello","d":{"token":"token-1"}}`))
			if code := readClose(t, r); code != 1002 {
				t.Errorf("closed with %d", code)
			}
			nc.Close()
			select {
			case <-h.backend.attached:
				t.Error("what came behind was heard")
			default:
			}
		})
	}
}

// TestThePoliteEndIsTheServers: after goodbye it is the server that closes.
func TestThePoliteEndIsTheServers(t *testing.T) { onBothLines(t, testThePoliteEndIsTheServers) }

func testThePoliteEndIsTheServers(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	_, r := h.rawDial(maskedText(`{"t":"hello","d":{"token":"token-1"}}`) + string(masked(0x88, []byte{0x03, 0xe8}, 1)))
	if code := readClose(t, r); code != 1000 {
		t.Errorf("answered with %d", code)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("then came %v", err)
	}
	receive(t, h.backend.detached)
}

// readFrame reads one frame of the server's, shorter than 64 KB.
func readFrame(r *bufio.Reader) (first byte, payload []byte, err error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if n == 126 {
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return 0, nil, err
		}
		n = int(head[2])<<8 | int(head[3])
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(r, payload)
	return head[0], payload, err
}

// readClose reads frames up to a close and returns its code.
func readClose(t *testing.T, r *bufio.Reader) int {
	t.Helper()
	for {
		first, payload, err := readFrame(r)
		switch {
		case err != nil:
			t.Fatal(err)
		case first != 0x88:
		case len(payload) < 2:
			return 1005
		default:
			return int(payload[0])<<8 | int(payload[1])
		}
	}
}

// TestCrossingEnds: however a socket's end comes about, and from however many
// sides at once, it ends once and its descriptor is nobody else's.
func TestCrossingEnds(t *testing.T) {
	h := open(t, Config{}, nil)
	_, first := h.enter("token-2")
	const rounds = 200
	for i := range rounds {
		nc := h.rawEnter()
		sink := h.backend.sink(first + int64(i) + 1)
		go sink.Send(chatLine(fmt.Sprint(i)))
		switch i % 4 {
		case 0:
			go sink.Drop(CloseSlow)
			nc.Close()
		case 1:
			go nc.Close()
			sink.(*conn).cut(CloseSlow)
		case 2:
			go nc.Write(masked(0x88, []byte{0x03, 0xe8}, 1))
			sink.Drop(CloseDraining)
		case 3:
			go io.WriteString(nc, maskedText("{")+string(masked(0xf8, nil, 1)))
			go sink.(*conn).cut(0)
		}
	}
	for range rounds {
		receive(t, h.backend.detached)
	}
	p := h.backend.sink(first).(*conn).poller
	watched := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.lines)
	}
	for end := time.Now().Add(patience); watched() != 1; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d sockets are watched, of which one is left", watched())
		}
	}
}

// TestOnePongWaits, whatever a peer that does not read pings, and what it says is the latest.
func TestOnePongWaits(t *testing.T) {
	h := open(t, Config{}, nil)
	nc, r := h.rawDial(maskedText(`{"t":"hello","d":{"token":"token-1"}}`))
	receive(t, h.backend.attached)
	c := h.backend.sink(1).(*conn)
	for range 2000 {
		c.pong([]byte("again"))
	}
	c.pong([]byte("the last"))
	c.mu.Lock()
	if len(c.queue) > 1 || c.queued > place+len("the last") {
		t.Errorf("%d frames wait, of weight %d", len(c.queue), c.queued)
	}
	c.mu.Unlock()
	if _, err := nc.Write(masked(0x89, []byte("and now?"), 1)); err != nil {
		t.Fatal(err)
	}
	for answered := false; !answered; {
		first, said, err := readFrame(r)
		if err != nil {
			t.Fatal(err)
		}
		answered = first == 0x8a && string(said) == "and now?"
	}
	c.Drop(CloseBanned)
	c.mu.Lock()
	before := len(c.queue)
	c.mu.Unlock()
	c.pong(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > before {
		t.Error("a ping is answered behind the bye, and puts it off")
	}
}

// TestADrippedFrameIsNotCopied with every byte that comes.
func TestADrippedFrameIsNotCopied(t *testing.T) {
	l := &polled{}
	whole := masked(0x81, make([]byte, 30_000), 1)
	l.hold(whole[:20])
	first := &l.held[0]
	for n := 21; n < len(whole); n++ {
		if cap(l.held) < n {
			t.Fatalf("there is room for %d bytes of %d", cap(l.held), len(whole))
		}
		l.hold(l.held[:n])
	}
	if &l.held[0] != first {
		t.Error("what was held has moved")
	}
	if l.hold(append(whole, whole[:7]...)[len(whole):]); len(l.held) != 7 {
		t.Errorf("%d bytes are held", len(l.held))
	}
	if l.hold(nil); l.held != nil {
		t.Error("something is held of nothing")
	}
}

// TestUrgentDataHidesNothing: a read stops short of it, and what is behind it must be read too.
func TestUrgentDataHidesNothing(t *testing.T) {
	h := open(t, Config{}, nil)
	nc := h.rawEnter()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for ref := range uint32(20) {
		say := []byte(maskedText(string(wire.AppendClient(nil, ref+1, wire.ClientCallShare{Call: 1}))))
		if _, err := nc.Write(say[:9]); err != nil {
			t.Fatal(err)
		}
		if err := raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), []byte("!"), unix.MSG_OOB, nil) }); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := nc.Write(say[9:]); err != nil {
			t.Fatal(err)
		}
		if e, ok := receive(t, h.backend.events).(lobby.Share); !ok || e.Ref != ref+1 {
			t.Fatalf("number %d came as %#v", ref+1, e)
		}
	}
}

// TestOneClose: whose end has two reasons at once is told one of them.
func TestOneClose(t *testing.T) {
	h := open(t, Config{}, nil)
	_, r := h.rawDial(maskedText(`{"t":"hello","d":{"token":"token-1"}}`))
	receive(t, h.backend.attached)
	c := h.backend.sink(1).(*conn)
	l := c.line.(*polled)
	for !l.take() { // as if something that breaks the protocol had come just now
		runtime.Gosched()
	}
	c.Drop(CloseFlood)
	l.refuse(broken("a reserved bit is set"))
	go l.goOn(&errand{})
	closes := 0
	for {
		first, _, err := readFrame(r)
		if err != nil {
			break
		}
		if first == 0x88 {
			closes++
		}
	}
	if closes != 1 {
		t.Errorf("%d closes", closes)
	}
}
