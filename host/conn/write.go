package conn

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// open gives an admitted connection its socket. What was queued meanwhile is written now.
func (c *conn) open(ws *websocket.Conn, s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ws, c.socket = ws, s
	if c.leaving {
		c.setWriteDeadline(goodbyeWait)
	}
	c.startWriting()
}

// Send implements Sink. The caller is the lobby's only goroutine, so nothing
// here waits for a peer.
func (c *conn) Send(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 || c.cutShort {
		return
	}
	if c.queued+c.weight(frame) > c.hub.cfg.QueueBytes {
		c.cutLocked(CloseSlow)
		return
	}
	c.push(frame)
}

// say sends an event of the socket's own, which belongs to no lobby.
func (c *conn) say(ev wire.Server) {
	c.Send(wire.AppendServer(nil, wire.Envelope{}, ev))
}

// weight is what a frame counts in the queue: its bytes, but never more than
// half of what may wait. A whole reel can be bigger than the queue, and must
// pass, with its answer before it and its first changes behind it.
func (c *conn) weight(frame []byte) int { return min(len(frame), c.hub.cfg.QueueBytes/2) }

// push queues a frame. c.mu is held.
func (c *conn) push(frame []byte) {
	c.queue = append(c.queue, frame)
	c.queued += c.weight(frame)
	c.startWriting()
}

// startWriting sees to it that someone empties the queue. c.mu is held.
func (c *conn) startWriting() {
	if !c.writing && len(c.queue) > 0 && c.ws != nil {
		c.writing = true
		go c.write()
	}
}

// write empties the queue, says goodbye if the end has begun, and is gone.
func (c *conn) write() {
	for {
		frame, goodbye := c.pop()
		if goodbye != 0 {
			c.goodbye(goodbye)
		}
		if frame == nil {
			return
		}
		// The socket's deadline bounds this write; a context would cost a timer
		// for each frame.
		err := c.ws.Write(context.Background(), websocket.MessageText, frame)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.cut(CloseSlow)
			return
		case err != nil: // the socket is at its end, and the reader finds out why
			c.cut(0)
			return
		}
		c.hub.framesOut.Add(1)
	}
}

// pop takes the next frame. At the end of the queue it returns nil, with the
// close code if it is time to say goodbye, and whoever queues next starts writing again.
func (c *conn) pop() (frame []byte, goodbye CloseCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue, c.queued, c.writing = nil, 0, false
		if c.leaving {
			return nil, c.code
		}
		// Pongs are written by the reader, whenever; they have a limit of their own.
		c.setWriteDeadline(0)
		return nil, 0
	}
	frame = c.queue[0]
	c.queue[0] = nil
	c.queue = c.queue[1:]
	c.queued -= c.weight(frame)
	if !c.leaving {
		c.setWriteDeadline(c.hub.cfg.WriteWait)
	}
	return frame, 0
}

// setWriteDeadline bounds writes that are under way and to come; 0 lifts the
// bound. Sockets live in real time, whatever the hub's clock says. It fails only
// on a closed socket, where it does not matter.
func (c *conn) setWriteDeadline(d time.Duration) {
	var at time.Time
	if d > 0 {
		at = time.Now().Add(d)
	}
	_ = c.socket.SetWriteDeadline(at)
}
