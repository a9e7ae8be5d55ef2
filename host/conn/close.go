package conn

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// goodbyeWait is how long a peer has to take its last frames.
const goodbyeWait = 5 * time.Second

// reasons are what bye and the close frame say, for people who read logs.
var reasons = map[CloseCode]string{
	CloseDraining:   "draining",
	CloseSlow:       "slow",
	CloseOverloaded: "overloaded",
	CloseSilent:     "silent",
	CloseFull:       "full",
	CloseAnew:       "anew",
	CloseNoHello:    "no_hello",
	CloseNoLogin:    "no_login",
	CloseFlood:      "flood",
	CloseBadFrames:  "bad_frames",
	CloseReplaced:   "replaced",
	CloseLimit:      "limit",
	CloseGone:       "gone",
	CloseElsewhere:  "elsewhere",
	CloseRevoked:    "revoked",
	CloseBanned:     "banned",
	CloseDeleted:    "deleted",
}

// String is the code's name, as in bye's reason.
func (c CloseCode) String() string {
	if r, ok := reasons[c]; ok {
		return r
	}
	return strconv.Itoa(int(c))
}

// Drop implements Sink: bye, then the close handshake, after what is queued.
// The first end counts; later ones change nothing.
func (c *conn) Drop(code CloseCode) { c.leave(code, c.hub.retry(code)) }

// leave is Drop, with when the client may come back.
func (c *conn) leave(code CloseCode, retry time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 {
		return
	}
	c.code, c.leaving = code, true
	bye := wire.ServerBye{Code: int64(code), Reason: code.String(), RetryMS: retry.Milliseconds()}
	if !c.shut {
		c.push(c.op(), c.encoding.Append(nil, wire.Envelope{}, bye))
	}
	if c.draining {
		c.setWriteDeadline(goodbyeWait)
	}
}

// retry is when the client should come back, jittered so that not all of them
// do at once; 0 for codes that are not for coming back by itself.
func (h *Hub) retry(code CloseCode) time.Duration {
	if code >= 4100 {
		return 0
	}
	spread := time.Second
	if code == CloseDraining || code == CloseOverloaded || code == CloseFull {
		spread = h.cfg.ReturnSpread
	}
	return 500*time.Millisecond + rand.N(spread)
}

// cut ends the socket at once, without goodbye, for a peer that does not take
// one. Code 0 leaves it to the reader to say why.
func (c *conn) cut(code CloseCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutLocked(code)
}

func (c *conn) cutLocked(code CloseCode) {
	if c.code == 0 {
		c.code = code
	}
	if c.cutShort {
		return
	}
	c.silence()
	if c.line != nil { // else open does it
		c.line.cut()
	}
}

// ending says whether the end has begun: what the client says is of no interest any more.
func (c *conn) ending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code != 0
}

// finish is the reader's last act. code is how reading ended, which counts where
// the end had not begun.
func (c *conn) finish(code CloseCode) {
	c.mu.Lock()
	if c.code == 0 {
		c.code = code
	}
	code = c.code
	c.mu.Unlock()
	c.session.Store(nil)
	if c.stream != 0 {
		c.hub.backend.Detach(c.person, c.stream, c)
	}
	c.mu.Lock()
	c.silence()
	c.mu.Unlock()
	c.line.end()
	c.hub.release(c, code)
	c.hub.log.Debug("socket closed", "code", int(code))
}

// silence has nothing more written. c.mu is held.
func (c *conn) silence() {
	c.cutShort, c.leaving = true, false
	c.queue, c.queued = nil, 0
}
