package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

const (
	readLimit   = 1 << 20          // bytes of one server frame
	writeWait   = 10 * time.Second // a server that takes longer is broken
	welcomeWait = 15 * time.Second
	ackDelay    = 500 * time.Millisecond
	ackBytes    = 4 << 10 // owed so much, acknowledge at once
	ackEvents   = 16
	inboxMax    = 4096 // events nobody looked at
)

// ErrNotConnected: the person has no socket at the moment.
var ErrNotConnected = errors.New("not connected")

// Person is one simulated person. Methods are safe for concurrent use, except
// that only one goroutine at a time awaits events, connects or drops.
type Person struct {
	ID      int64
	Token   string
	Profile Profile

	client  *Client
	owns    bool // the client is this person's alone
	witness Witness

	mu     sync.Mutex
	link   *link // nil while not connected
	stream int64
	epoch  string
	seq    uint64 // the last reliable event seen
	rebase bool   // the stream goes on from a number we do not know
	reel   Reel
	inbox  []Event
	refs   uint32

	owedEvents, owedBytes int
	owedMuch              bool // an acknowledgement is on its way
	ackTimer              *time.Timer

	wake chan struct{} // one token: the inbox changed
}

// link is one socket. done is closed when its reader has returned.
type link struct {
	conn    *websocket.Conn
	reader  *wire.Reader // only with wire.Binary
	cut     bool         // closed on purpose; guarded by Person.mu
	welcome chan wire.ServerWelcome
	done    chan struct{}
}

// Watch makes w see everything from now on. Call it before Connect.
func (p *Person) Watch(w Witness) { p.witness = w }

// Lean keeps only ids in the reel. Call it before Connect.
func (p *Person) Lean() { p.reel.Lean = true }

// Connect opens a new stream. It returns once the server has welcomed us.
func (p *Person) Connect(ctx context.Context) error {
	p.mu.Lock()
	p.stream, p.epoch, p.seq, p.rebase = 0, "", 0, false
	p.mu.Unlock()
	_, err := p.open(ctx)
	return err
}

// Resume comes back to the stream of before. False means that the server could
// not continue it: the reel is cleared and the person must Enter again.
func (p *Person) Resume(ctx context.Context) (bool, error) { return p.open(ctx) }

func (p *Person) open(ctx context.Context) (bool, error) {
	p.Drop()
	ctx, cancel := context.WithTimeout(ctx, welcomeWait)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, p.client.url("/v1/ws"), &websocket.DialOptions{HTTPClient: p.client.ws, Subprotocols: []string{p.client.wire.Subprotocol()}})
	if err != nil {
		return false, fmt.Errorf("bot: connect: %w", err)
	}
	conn.SetReadLimit(readLimit)
	if want := p.client.wire.Subprotocol(); conn.Subprotocol() != want {
		_ = conn.CloseNow()
		return false, fmt.Errorf("bot: connect: the server speaks %q, not %s", conn.Subprotocol(), want)
	}
	l := &link{conn: conn, welcome: make(chan wire.ServerWelcome, 1), done: make(chan struct{})}
	if p.client.wire == wire.Binary {
		l.reader = p.newReader()
	}
	p.mu.Lock()
	p.link = l
	p.owedEvents, p.owedBytes, p.owedMuch = 0, 0, false
	hello := wire.ClientHello{Token: p.Token, Stream: p.stream, Epoch: p.epoch, Seq: int64(p.seq), At: p.reel.at}
	p.mu.Unlock()
	go p.listen(l)
	if err := p.say(0, hello); err != nil {
		p.Drop()
		return false, fmt.Errorf("bot: connect: %w", err)
	}
	select {
	case w := <-l.welcome:
		return w.Resumed, nil
	case <-l.done:
		return false, fmt.Errorf("bot: connect: closed before welcome")
	case <-ctx.Done():
		p.Drop()
		return false, fmt.Errorf("bot: connect: no welcome: %w", ctx.Err())
	}
}

// Drop cuts the connection without goodbye, as a dead battery does, and waits
// for the reader to end. The stream can be resumed. No Closed event follows.
func (p *Person) Drop() {
	p.mu.Lock()
	l := p.link
	p.link = nil
	if l != nil {
		l.cut = true
	}
	p.stopAck()
	p.mu.Unlock()
	if l == nil {
		return
	}
	p.witness.Dropped(p, p.client.Now())
	_ = l.conn.CloseNow() // it is gone either way
	<-l.done
}

// Close drops the connection for good.
func (p *Person) Close() {
	p.Drop()
	if p.owns {
		p.client.Close()
	}
}

// Connected says whether a socket is open and welcomed or about to be.
func (p *Person) Connected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link != nil
}

// Send writes one raw text frame, however wrong it may be.
func (p *Person) Send(frame []byte) error {
	p.mu.Lock()
	l := p.link
	p.mu.Unlock()
	if l == nil {
		return fmt.Errorf("bot: send: %w", ErrNotConnected)
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWait)
	defer cancel()
	if err := l.conn.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("bot: send: %w", err)
	}
	p.client.Meter.MsgOut.Add(1)
	return nil
}

// say tells the witness and sends; what there is no line for was never said.
// Ref 0 wants no reply.
func (p *Person) say(ref uint32, c wire.Client) error {
	if !p.Connected() {
		return fmt.Errorf("bot: say: %w", ErrNotConnected)
	}
	p.witness.Said(p, p.client.Now(), ref, c)
	return p.Send(wire.AppendClient(nil, ref, c))
}

// Say sends one event without waiting for an answer, which Answer can fetch by
// the returned number.
func (p *Person) Say(c wire.Client) (uint32, error) {
	p.mu.Lock()
	p.refs++
	ref := p.refs
	p.mu.Unlock()
	return ref, p.say(ref, c)
}
