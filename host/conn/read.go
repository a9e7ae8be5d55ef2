package conn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// conn is one socket. Its reading goroutine (serve) owns the first group of
// fields; the queue is everyone's, under mu.
type conn struct {
	hub      *Hub
	addr     netip.Addr
	ws       *websocket.Conn
	socket   *socket
	cookie   string         // the browser's token, until login
	person   lobby.PersonID // 0 before login
	stream   lobby.ConnID   // 0 before Attach
	limit    int64          // of a frame, in bytes
	encoding wire.Encoding  // of what we send
	meter    meter

	deflates bool // the client reads compressed frames; set before the socket is open

	born    int64 // Unix ms of the handshake
	page    bool  // a browser's, from a page of ours
	greeted bool  // no stranger any more; under hub.mu
	pinged  int64 // Unix ms of the ping that is not answered yet, else 0; under hub.mu

	heard   atomic.Int64            // Unix ms of the last sign of life
	session atomic.Pointer[session] // nil before login and after the end

	mu       sync.Mutex
	queue    []outgoing
	queued   int       // weight of queue and rest
	rest     int       // weight of what drain is writing
	listed   bool      // among hub.talkers
	draining bool      // drain writes, nobody else
	code     CloseCode // set once, when the end has begun
	leaving  bool      // goodbye is to be said after the queue
	shut     bool      // a close frame is in the queue, or out; nothing may follow it
	cutShort bool      // ended without goodbye
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxDiscard is the largest frame that is read to its end only to be refused. A
// larger one ends the socket, with 1009.
const maxDiscard = 1 << 20

// maxPooled keeps a buffer that one big frame has grown from being kept for small ones.
const maxPooled = 8 << 10

// serve reads until the socket ends, then says so to the backend.
func (c *conn) serve() {
	c.finish(c.readAll())
}

func (c *conn) readAll() error {
	c.ws.SetReadLimit(maxDiscard)
	c.limit = maxHello
	for {
		// No deadline: a context that ends would close the socket without a
		// word, and pings find out who is gone.
		kind, r, err := c.ws.Reader(context.Background())
		if err != nil {
			return err
		}
		buf := buffers.Get().(*bytes.Buffer)
		buf.Reset()
		_, err = buf.ReadFrom(io.LimitReader(r, c.limit+1))
		if err == nil && int64(buf.Len()) > c.limit {
			_, err = io.Copy(io.Discard, r)
		}
		if err == nil && !c.ending() {
			c.hub.framesIn.Add(1)
			c.alive()
			c.frame(kind, buf.Bytes())
		}
		if buf.Cap() <= maxPooled {
			buffers.Put(buf)
		}
		if err != nil {
			return err
		}
	}
}

// frame acts on one frame of the client.
func (c *conn) frame(kind websocket.MessageType, text []byte) {
	if kind != websocket.MessageText && c.encoding != wire.Binary {
		c.unreadable(wire.ServerError{Code: string(wire.CodeBadFrame), Message: "binary frames were not agreed on"})
		return
	}
	if int64(len(text)) > c.limit {
		c.unreadable(wire.Refuse(0, wire.CodeTooBig, "", 0))
		return
	}
	ev, ref, err := c.decode(kind, text)
	if errors.Is(err, wire.ErrMarker) {
		// Another version, or no encoding at all: every frame to come would be as unreadable.
		c.say(wire.ServerError{Code: string(wire.CodeBadFrame), Message: "the frame has an unknown marker"})
		c.Drop(CloseBadFrames)
		return
	}
	var fault *wire.FrameError
	if errors.As(err, &fault) {
		c.unreadable(fault.Refusal())
		return
	}
	hello, isHello := ev.(wire.ClientHello)
	switch {
	case c.person == 0 && isHello:
		c.login(hello, ref)
	case c.person == 0:
		c.unreadable(wire.Refuse(ref, wire.CodeUnauthorized, "", 0))
	case isHello:
		c.unreadable(wire.Refuse(ref, wire.CodeHelloAgain, "", 0))
	default:
		c.wish(ev, ref)
	}
}

func (c *conn) decode(kind websocket.MessageType, frame []byte) (wire.Client, uint32, error) {
	if kind == websocket.MessageText {
		return wire.DecodeClient(frame)
	}
	return wire.DecodeBinaryClient(frame, int(c.limit))
}

// unreadable answers a frame that cannot be acted on, and closes on too many.
func (c *conn) unreadable(why wire.ServerError) {
	c.say(why)
	if !c.meter.forgive(c.hub.now()) {
		c.Drop(CloseBadFrames)
	}
}

// wish hands a person's event to the backend, within its quota.
func (c *conn) wish(ev wire.Client, ref uint32) {
	now := c.hub.now()
	if wait := c.wait(classOf(ev), now); wait > 0 {
		c.tooFast(ref, wait)
		if !c.meter.bear(now) {
			c.Drop(CloseFlood)
		}
		return
	}
	if ack, ok := ev.(wire.ClientAck); ok {
		c.hub.backend.Ack(c.person, c.stream, uint64(ack.Seq))
		return
	}
	err := c.hub.backend.Post(translate(lobby.From{Person: c.person, Conn: c.stream, Ref: ref}, ev))
	switch {
	case err == nil:
	case errors.Is(err, ErrClosed):
		c.say(wire.Refuse(ref, wire.CodeDraining, "", 0))
	default:
		c.say(wire.Refuse(ref, wire.CodeOverloaded, "", 0))
	}
}

// tooFast tells the client when the same may succeed.
func (c *conn) tooFast(ref uint32, wait time.Duration) {
	e := wire.Refuse(ref, wire.CodeRateLimited, "", 0)
	e.RetryMS = wait.Milliseconds() + 1
	c.say(e)
}

// alive notes a sign of life.
func (c *conn) alive() { c.heard.Store(c.hub.now().UnixMilli()) }
