package conn

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// How frames leave. Send queues, and puts the connection on the hub's list of
// those that have something to say. One goroutine of the hub walks that list: it
// frames all that a connection has queued and writes it at once, as one segment,
// as far as the kernel takes it. It never waits; a connection whose socket is
// full, or whose writes may wait (TLS), gets a goroutine that does, until its
// queue is empty. The library frames nothing but pings, pongs and closes, and
// those go through the same queue.

// opcode is the first byte of a frame, without the bit that says it is the last.
type opcode byte

const (
	opText    opcode = 0x1
	opBinary  opcode = 0x2
	opPing    opcode = 0x9
	opFramed  opcode = 0 // a whole frame, header and all
	rsv1      opcode = 0x40
	lastFrame        = 0x80
)

// outgoing is one frame in a queue.
type outgoing struct {
	op   opcode
	data []byte
}

// maxSegment is about how much leaves in one write; one frame may be longer.
const maxSegment = 16 << 10

// segments are buffers for what is about to be written.
var segments = sync.Pool{New: func() any { return new([]byte) }}

// open gives an admitted connection its socket. What was queued meanwhile is written now.
func (c *conn) open(l line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line = l
	if c.cutShort {
		l.cut()
	}
	c.startWriting()
}

// Encoding implements Sink.
func (c *conn) Encoding() wire.Encoding { return c.encoding }

// op is the opcode of what we say.
func (c *conn) op() opcode {
	if c.encoding == wire.Binary {
		return opBinary
	}
	return opText
}

// Send implements Sink. The caller is the lobby's only goroutine, so nothing
// here waits for a peer.
func (c *conn) Send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send(frame)
}

// TrySend implements Sink.
func (c *conn) TrySend(frame []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining && !c.line.waits() || c.queued > c.hub.cfg.QueueBytes/2 {
		return false
	}
	c.send(frame)
	return true
}

func (c *conn) send(frame []byte) {
	if c.code != 0 || c.shut || c.cutShort {
		return
	}
	if c.queued+c.weight(frame) > c.hub.cfg.QueueBytes {
		c.cutLocked(CloseSlow)
		return
	}
	c.push(c.op(), frame)
}

// say sends an event of the socket's own, which belongs to no lobby.
func (c *conn) say(ev wire.Server) {
	c.Send(c.encoding.Append(nil, wire.Envelope{}, ev))
}

// control takes a frame that the library made, and writes it at once if it can:
// after a close the library ends the connection.
func (c *conn) control(frame []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cutShort || c.shut || c.queued+len(frame) > c.hub.cfg.QueueBytes {
		return net.ErrClosed
	}
	c.push(opFramed, append([]byte(nil), frame...))
	c.shut = frame[0]&0xf == 0x8
	c.flush()
	return nil
}

// pong answers the latest ping, which is all that a peer may expect (RFC 6455,
// 5.5.3): one waits at most, however many come.
func (c *conn) pong(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 || c.shut || c.cutShort {
		return
	}
	c.echo = append(c.echo[:0], data...)
	if !c.echoing {
		c.echoing = true
		c.push(opPong, nil)
	}
}

// awaitDrained returns when nothing more is being written, or can be.
func (c *conn) awaitDrained() {
	c.mu.Lock()
	done := c.drained
	c.mu.Unlock()
	if done != nil {
		<-done
	}
}

// weight is what a frame counts in the queue: its bytes and its place, but never
// more than half of what may wait. A whole reel can be bigger than the queue, and must
// pass, with its answer before it and its first changes behind it.
func (c *conn) weight(frame []byte) int { return min(len(frame)+place, c.hub.cfg.QueueBytes/2) }

// place is about what an entry of the queue takes, in bytes.
const place = 40

// push queues a frame. c.mu is held.
func (c *conn) push(op opcode, frame []byte) {
	c.queue = append(c.queue, outgoing{op, frame})
	c.queued += c.weight(frame)
	c.startWriting()
}

// startWriting sees to it that someone empties the queue. c.mu is held.
func (c *conn) startWriting() {
	if !c.listed && !c.draining && len(c.queue) > 0 && c.line != nil {
		c.listed = true
		c.hub.talkers.add(c)
	}
}

// flushListed is the hub's turn to write for this connection.
func (c *conn) flushListed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed = false
	c.flush()
}

// flush writes what the kernel takes at once and leaves the rest to drain.
// c.mu is held.
func (c *conn) flush() {
	if c.draining || c.cutShort || c.line == nil {
		return
	}
	if c.line.waits() {
		if len(c.queue) > 0 {
			c.startDraining(nil)
		}
		return
	}
	buf := segments.Get().(*[]byte)
	defer segments.Put(buf)
	for len(c.queue) > 0 {
		*buf = c.segment((*buf)[:0])
		n, err := c.line.try(*buf)
		if err != nil { // the socket is at its end, and the reader finds out why
			c.cutLocked(0)
			return
		}
		if n < len(*buf) {
			c.startDraining(append([]byte(nil), (*buf)[n:]...))
			return
		}
	}
	if cap(*buf) > 4*maxSegment {
		*buf = nil // a buffer that one long frame has grown is not kept for short ones
	}
	if c.leaving {
		c.leaving = false
		c.line.goodbye(c.code)
	}
}

// segment takes frames from the queue and appends them to buf as they go over
// the wire. c.mu is held.
func (c *conn) segment(buf []byte) []byte {
	n, data := 0, 0
	for _, f := range c.queue {
		if n > 0 && len(buf)+len(f.data) > maxSegment {
			break
		}
		buf = c.appendFrame(buf, f)
		c.queued -= c.weight(f.data)
		n++
		if f.op == opText || f.op == opBinary {
			data++
		}
	}
	clear(c.queue[:n])
	if c.queue = c.queue[n:]; len(c.queue) == 0 {
		c.queue = nil
	}
	c.hub.framesOut.Add(uint64(data))
	return buf
}

// appendFrame frames as RFC 6455, 5.2 says. A server does not mask.
func (c *conn) appendFrame(buf []byte, f outgoing) []byte {
	switch f.op {
	case opFramed:
		return append(buf, f.data...)
	case opPong:
		f.data, c.echoing = c.echo, false
	}
	if c.deflates && f.op == opText && len(f.data) >= c.hub.cfg.CompressOver {
		if small, ok := deflated(f.data); ok {
			defer small.release()
			f = outgoing{f.op | rsv1, small.out}
		}
	}
	buf = append(buf, lastFrame|byte(f.op))
	switch n := len(f.data); {
	case n < 126:
		buf = append(buf, byte(n))
	case n < 1<<16:
		buf = binary.BigEndian.AppendUint16(append(buf, 126), uint16(n))
	default:
		buf = binary.BigEndian.AppendUint64(append(buf, 127), uint64(n))
	}
	return append(buf, f.data...)
}

// startDraining leaves the writing to a goroutine that may wait; rest comes
// first. c.mu is held.
func (c *conn) startDraining(rest []byte) {
	c.draining, c.rest, c.drained = true, c.weight(rest), make(chan struct{})
	c.queued += c.rest
	if c.leaving {
		c.setWriteDeadline(goodbyeWait)
	} else {
		c.setWriteDeadline(c.hub.cfg.WriteWait)
	}
	go c.drain(rest, c.drained)
}

// drain writes until the queue is empty, and waits for the peer as long as it may.
func (c *conn) drain(out []byte, done chan<- struct{}) {
	defer close(done)
	for {
		if out == nil {
			if out = c.nextSegment(); out == nil {
				return
			}
		}
		err := c.line.wait(out)
		out = nil
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.cut(CloseSlow)
			return
		case err != nil: // the socket is at its end, and the reader finds out why
			c.cut(0)
			return
		}
	}
}

// nextSegment is what drain writes next; nil, and the end of draining, when
// there is nothing.
func (c *conn) nextSegment() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queued -= c.rest
	c.rest = 0
	if len(c.queue) == 0 {
		c.draining = false
		if c.leaving {
			c.leaving = false
			c.line.goodbye(c.code)
			return nil
		}
		c.setWriteDeadline(0)
		return nil
	}
	out := c.segment(nil)
	c.rest = c.weight(out)
	c.queued += c.rest
	if !c.leaving {
		c.setWriteDeadline(c.hub.cfg.WriteWait)
	}
	return out
}

// setWriteDeadline bounds writes that are under way and to come; 0 lifts the
// bound. c.mu is held.
func (c *conn) setWriteDeadline(d time.Duration) {
	var at time.Time
	if d > 0 {
		at = time.Now().Add(d)
	}
	c.line.writeBy(at)
}
