package engine

import (
	"bytes"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/wire"
)

// carry puts a stream on a socket. Its client holds no cards yet.
func (e *Engine) carry(s *stream, sink conn.Sink) {
	s.sink, s.encoding, s.hand = sink, sink.Encoding(), nil
	if s.encoding == wire.Binary {
		s.hand = &wire.Hand{}
	}
}

// recode brings what is kept for a stream into the encoding of the socket it
// comes back on. False means that it is lost for good.
func (e *Engine) recode(s *stream, to wire.Encoding) bool {
	if s.encoding == to {
		return true
	}
	again, bytes := make([][]byte, len(s.frames)), 0
	for i, f := range s.frames {
		var err error
		if again[i], err = wire.Recode(f, e.cfg.Lobby, e.cfg.Epoch, s.encoding, to); err != nil {
			e.deps.Log.Error("a kept frame could not be encoded anew", "err", err)
			return false
		}
		bytes += len(again[i])
	}
	s.frames, s.bytes, s.encoding = again, bytes, to
	return true
}

// rendering writes an update of the reel as the sockets that are shown it need
// it: one text serves every JSON connection of the viewer.
type rendering struct {
	engine *Engine
	u      reel.Update
	text   []byte
	places *wire.Reel // what hands write
}

// try shows the update to a stream's socket, if its peer is not behind.
func (r *rendering) try(s *stream) bool {
	if s.hand == nil {
		if r.text == nil {
			r.text = wire.AppendServer(nil, r.engine.envelope(0), reelEvent(r.u))
		}
		return s.sink.TrySend(r.text)
	}
	if r.places == nil {
		r.places = r.engine.places(r.u)
	}
	was := *s.hand
	frame, ok := s.hand.Append(nil, *r.places)
	if !ok {
		frame = wire.AppendBinary(nil, r.engine.envelope(0), reelEvent(r.u))
	}
	if ok = s.sink.TrySend(frame); !ok {
		*s.hand = was // the client never sees these cards
	}
	return ok
}

// places gives an update the form that a hand of cards writes.
func (e *Engine) places(u reel.Update) *wire.Reel {
	r := &wire.Reel{At: int64(u.At), Full: u.Full, Put: make([]wire.Place, len(u.Put)),
		Gone: ids(u.Gone), Busy: ids(u.Busy), Free: ids(u.Free), Score: scores(u.Scores), Card: e.present}
	if u.Full {
		r.Gen = u.Gen.String()
	}
	for i, x := range u.Put {
		r.Put[i] = wire.Place{Person: int64(x.Person), Score: int64(x.Score), Busy: x.Busy}
		r.Put[i].Card, r.Put[i].Number = e.packed(x.Person, x.Card)
	}
	return r
}

// present is the encoding and number of the card that somebody here wears.
func (e *Engine) present(id int64) ([]byte, uint32) {
	if p := e.people[lobby.PersonID(id)]; p != nil && p.face != nil {
		return p.packed, p.number
	}
	return nil, 0
}

// packed is the encoding of a card for hands and its number in this lobby. A card
// that its person does not wear any more is encoded for this once.
func (e *Engine) packed(id lobby.PersonID, card []byte) ([]byte, uint32) {
	if p := e.people[id]; p != nil && p.face != nil && bytes.Equal(p.face.Card, card) {
		return p.packed, p.number
	}
	return wire.PutCard(card), 0
}
