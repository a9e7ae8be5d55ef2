package conn

import (
	"context"
	"errors"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

var (
	// ErrOverloaded: the lobby's inbox is full; the client should try again shortly.
	ErrOverloaded = errors.New("lobby overloaded")
	// ErrClosed: the lobby is shutting down.
	ErrClosed = errors.New("lobby closed")
)

// Resume is what a returning client says it has. Zero means a new stream.
type Resume struct {
	Stream lobby.ConnID
	Epoch  string
	Seq    uint64 // the last reliable event it received
	At     uint64 // the lobby's step that its reel shows
}

// Sink is a socket as the lobby sees it. Its methods never block and may be
// called from any goroutine.
type Sink interface {
	// Encoding is what its frames must be written in; it never changes.
	Encoding() wire.Encoding
	// Send writes or queues one whole frame in that encoding; the slice belongs to
	// the sink from now on and may be shared with other sinks, so nobody changes
	// it. A peer that is too slow is closed, and Backend.Detach follows.
	Send(frame []byte)
	// TrySend is Send for a frame that only says how something looks now: while the
	// peer is behind it is not taken (false), and what it looks like later is sent
	// whole, once, instead of every change.
	TrySend(frame []byte) bool
	// Drop says bye and closes with this code.
	Drop(code CloseCode)
}

// Backend is the lobby as a socket sees it. Safe for concurrent use.
type Backend interface {
	// Attach opens a stream of an authenticated person, or resumes one of theirs:
	// the backend sends welcome (and what was missed) to the sink itself before it
	// sends anything else. An older sink of the same stream is dropped (replaced).
	Attach(ctx context.Context, p lobby.PersonID, r Resume, s Sink) (lobby.ConnID, error)
	// Detach says that this sink's socket is gone. Late calls for a sink that was
	// replaced change nothing.
	Detach(p lobby.PersonID, c lobby.ConnID, s Sink)
	// Post hands over an event in the order of calls. ErrOverloaded, ErrClosed.
	Post(ev lobby.Event) error
	// Ack forgets reliable frames of the stream up to seq.
	Ack(p lobby.PersonID, c lobby.ConnID, seq uint64)
}

// CloseCode is a WebSocket close code of ours. 4000–4099: come back (after the
// bye's retry_ms); 4100–4199: come back only after the reason is mended;
// 4200–4299: do not come back by itself.
type CloseCode int

const (
	CloseDraining   CloseCode = 4000 // the server restarts
	CloseSlow       CloseCode = 4001 // 64 KB unsent
	CloseOverloaded CloseCode = 4002
	CloseSilent     CloseCode = 4003 // no answer to ping
	CloseFull       CloseCode = 4004 // no room for one more
	CloseAnew       CloseCode = 4005 // whom the person may meet has changed; enter again
	CloseNoHello    CloseCode = 4100 // no hello in time
	CloseNoLogin    CloseCode = 4101 // no or expired session
	CloseFlood      CloseCode = 4102 // rate limit, repeatedly
	CloseBadFrames  CloseCode = 4103 // too many frames that could not be read
	CloseReplaced   CloseCode = 4200 // this stream resumed on another socket
	CloseLimit      CloseCode = 4201 // a newer connection of the same person took the place
	CloseGone       CloseCode = 4202 // logged out
	CloseElsewhere  CloseCode = 4203 // logged in on another device, and one is allowed
	CloseRevoked    CloseCode = 4204 // logged out from another device
	CloseBanned     CloseCode = 4205 // an operator keeps the person out
	CloseDeleted    CloseCode = 4206 // the person deleted themselves
)
