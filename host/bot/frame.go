package bot

import (
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Event is one thing the server said, or that the socket is gone.
type Event struct {
	At  time.Time // when it was read from the socket
	Env wire.Envelope
	// Say is one of wire's Server… structs; nil with Closed.
	Say    wire.Server
	Closed *Closed
}

// Closed says that the socket ended without our doing. Code is the close code,
// -1 where there was no close frame.
type Closed struct {
	Code int
	Err  error
}

func (ev *Event) String() string {
	if ev.Closed != nil {
		return fmt.Sprintf("closed %d", ev.Closed.Code)
	}
	return ev.Say.Name()
}

// newReader reads the binary frames of a new socket. A lean reel keeps no cards,
// so there it need not remember them either.
func (p *Person) newReader() *wire.Reader {
	if !p.reel.Lean {
		return &wire.Reader{}
	}
	return &wire.Reader{Keep: func(raw wire.RawCard) wire.RawCard {
		c := CardOf(raw)
		return wire.AppendCard(nil, wire.Card{ID: c.ID, V: c.V})
	}}
}

// read gives what a frame says.
func (l *link) read(kind websocket.MessageType, frame []byte) (wire.Envelope, wire.Server, error) {
	switch {
	case kind == websocket.MessageText:
		return wire.DecodeServer(frame)
	case l.reader == nil:
		return wire.Envelope{}, nil, errors.New("binary, which was not agreed on")
	}
	return l.reader.Read(frame)
}

// decode reads a frame and checks that it is numbered if, and only if, its
// event is reliable. What the socket itself says, which is no lobby's, has none.
func (l *link) decode(kind websocket.MessageType, frame []byte, at time.Time) (Event, error) {
	env, say, err := l.read(kind, frame)
	ev := Event{At: at, Env: env, Say: say}
	switch {
	case err != nil:
		return ev, fmt.Errorf("bot: frame: %w", err)
	case say.Reliable() && env.Seq == 0 && !ownWords(ev):
		return ev, fmt.Errorf("bot: frame: %s is reliable but has no number", say.Name())
	case !say.Reliable() && env.Seq != 0:
		return ev, fmt.Errorf("bot: frame: %s has number %d but is not reliable", say.Name(), env.Seq)
	}
	return ev, nil
}

// ownWords: an error about what never reached the lobby, as the socket says it.
func ownWords(ev Event) bool {
	_, is := ev.Say.(wire.ServerError)
	return is && ev.Env.Lobby == "" && ev.Env.Epoch == ""
}

// CardOf reads the other one's card. The zero Card stands for one that cannot
// be read; Person reports those before anyone sees the event.
func CardOf(raw wire.RawCard) wire.Card {
	c, err := wire.ParseCard(raw)
	if err != nil {
		return wire.Card{}
	}
	return c
}
