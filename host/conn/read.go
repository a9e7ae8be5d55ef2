package conn

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// conn is one socket. Whoever reads it owns the first group of fields; the queue
// is everyone's, under mu.
type conn struct {
	hub      *Hub
	poller   *poller // nil where there is none
	addr     netip.Addr
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
	line     line // nil until the handshake is done
	queue    []outgoing
	queued   int           // weight of queue and rest
	rest     int           // weight of what drain is writing
	listed   bool          // among hub.talkers
	echo     []byte        // what the latest ping said that is not answered yet
	echoing  bool          // and whether its answer is in the queue
	draining bool          // drain writes, nobody else
	drained  chan struct{} // closed when the last drain has ended; nil before the first
	code     CloseCode     // set once, when the end has begun
	leaving  bool          // goodbye is to be said after the queue
	shut     bool          // a close frame is in the queue, or out; nothing may follow it
	cutShort bool          // ended without goodbye
}

// maxDiscard is the largest frame that is read to its end only to be refused. A
// larger one ends the socket, with 1009.
const maxDiscard = 1 << 20

// hear acts on one message of the client's.
func (c *conn) hear(m message) {
	if ev, ref, ok := c.understand(m); ok {
		c.act(ev, ref)
	}
}

// understand reads one message. Where it is not ok there is nothing to act on,
// and the client has been told why.
func (c *conn) understand(m message) (ev wire.Client, ref uint32, ok bool) {
	if c.ending() {
		return nil, 0, false
	}
	c.hub.framesIn.Add(1)
	c.alive()
	if m.op != opText && c.encoding != wire.Binary {
		c.unreadable(wire.ServerError{Code: string(wire.CodeBadFrame), Message: "binary frames were not agreed on"})
		return nil, 0, false
	}
	if m.tooBig {
		c.unreadable(wire.Refuse(0, wire.CodeTooBig, "", 0))
		return nil, 0, false
	}
	ev, ref, err := c.decode(m)
	if errors.Is(err, wire.ErrMarker) {
		// Another version, or no encoding at all: every frame to come would be as unreadable.
		c.say(wire.ServerError{Code: string(wire.CodeBadFrame), Message: "the frame has an unknown marker"})
		c.Drop(CloseBadFrames)
		return nil, 0, false
	}
	var fault *wire.FrameError
	if errors.As(err, &fault) {
		c.unreadable(fault.Refusal())
		return nil, 0, false
	}
	return ev, ref, true
}

func (c *conn) decode(m message) (wire.Client, uint32, error) {
	if m.op == opText {
		return wire.DecodeClient(m.data)
	}
	return wire.DecodeBinaryClient(m.data, int(c.limit))
}

// act acts on what a client said.
func (c *conn) act(ev wire.Client, ref uint32) {
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

// mayWait says that acting on ev may wait for somebody: a hello for the store, a
// piece of signalling for the plugin that shortens it.
func mayWait(ev wire.Client) bool {
	switch ev.(type) {
	case wire.ClientHello, wire.ClientCallSignal:
		return true
	}
	return false
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
