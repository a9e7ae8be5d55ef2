package engine

import (
	"context"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// stream is one tab of a person. Sockets under it come and go; what is
// reliable is numbered and kept until the client has it.
type stream struct {
	id     lobby.ConnID
	person lobby.PersonID
	sink   conn.Sink // nil while no socket carries it
	lostAt int64     // ms, when sink became nil

	encoding wire.Encoding // of frames; the sink's, or the last one's
	hand     *wire.Hand    // the cards that the sink's client holds; only with wire.Binary

	seq    uint64   // the last reliable frame's number
	frames [][]byte // unacknowledged, the last one has number seq
	bytes  int      // in frames

	has uint64 // the reel's step its client came back with
	watched
}

// keep keeps a reliable frame that was just numbered. Past the byte limit of
// all of the person's streams the oldest of one go, of a lost one first: a
// client that returns for those is told to start afresh.
func (p *present) keep(s *stream, frame []byte, limit int) {
	s.frames = append(s.frames, frame)
	s.bytes += len(frame)
	p.fit(limit)
}

func (p *present) fit(limit int) {
	for {
		kept := 0
		var most *stream
		for _, o := range p.streams {
			kept += o.bytes
			if o.bytes > 0 && (most == nil || o.before(most)) {
				most = o
			}
		}
		if kept <= limit {
			return
		}
		most.forget(1)
	}
}

// before says whose frames are given up first.
func (s *stream) before(o *stream) bool {
	if lost := s.sink == nil; lost != (o.sink == nil) {
		return lost
	}
	return s.bytes > o.bytes
}

func (s *stream) forget(n int) {
	for _, f := range s.frames[:n] {
		s.bytes -= len(f)
	}
	clear(s.frames[:n])
	s.frames = s.frames[n:]
	if len(s.frames) == 0 {
		s.frames = nil
	}
}

// oldest is the number of the first frame still kept (seq+1 when none is).
func (s *stream) oldest() uint64 { return s.seq + 1 - uint64(len(s.frames)) }

// ack forgets frames up to seq.
func (s *stream) ack(seq uint64) {
	if seq < s.oldest() || seq > s.seq {
		return // old news, or a number that was never sent
	}
	s.forget(int(seq + 1 - s.oldest()))
}

// missed is how many frames come after seq; ok is false when some are gone for good.
func (s *stream) missed(seq uint64) (n int, ok bool) {
	if seq > s.seq || seq+1 < s.oldest() {
		return 0, false
	}
	return int(s.seq - seq), true
}

// Attach opens or resumes a stream; see conn.Backend.
func (e *Engine) Attach(ctx context.Context, p lobby.PersonID, r conn.Resume, s conn.Sink) (lobby.ConnID, error) {
	m := attach{person: p, resume: r, sink: s, got: make(chan lobby.ConnID, 1)}
	if err := e.in.wish(m); err != nil {
		return 0, err
	}
	select {
	case id := <-m.got:
		return id, nil
	case <-e.ended:
		return 0, conn.ErrClosed
	case <-ctx.Done():
		// The attach is still queued; undo it in the same order.
		e.in.answer(undo{m})
		return 0, ctx.Err()
	}
}

// Detach says a sink's socket is gone; see conn.Backend.
func (e *Engine) Detach(p lobby.PersonID, c lobby.ConnID, s conn.Sink) {
	e.in.answer(detach{p, c, s})
}

// Post hands over a person's event; see conn.Backend.
func (e *Engine) Post(ev lobby.Event) error { return e.in.wish(wish{ev}) }

// Ack forgets reliable frames up to seq; see conn.Backend.
func (e *Engine) Ack(p lobby.PersonID, c lobby.ConnID, seq uint64) {
	// Losing an ack under overload is harmless: the next one covers it.
	_ = e.in.aside(ack{p, c, seq})
}

type attach struct {
	person lobby.PersonID
	resume conn.Resume
	sink   conn.Sink
	got    chan lobby.ConnID
}

func (m attach) apply(e *Engine) {
	s, missed, resumed := e.resume(m)
	if s == nil {
		s = &stream{id: e.newConnID(), person: m.person}
		e.streams[s.id] = s
		e.person(m.person).streams = append(e.person(m.person).streams, s)
	}
	e.carry(s, m.sink)
	s.has = m.resume.At
	m.got <- s.id
	m.sink.Send(s.encoding.Append(nil, e.envelope(0), wire.ServerWelcome{
		You: int64(m.person), Stream: int64(s.id), Resumed: resumed, Now: e.now(),
		Activity: string(e.lobby.Activity(m.person)),
	}))
	for _, f := range s.frames[len(s.frames)-missed:] {
		m.sink.Send(f)
	}
	// A stream that watched the reel does so again: the lobby says so.
	e.step(lobby.Connect{Person: m.person, Conn: s.id})
}

// resume finds the stream a client returns to, if it is theirs and nothing of it is lost.
func (e *Engine) resume(m attach) (s *stream, missed int, resumed bool) {
	if m.resume.Stream == 0 || m.resume.Epoch != e.cfg.Epoch {
		return nil, 0, false
	}
	s = e.streams[m.resume.Stream]
	if s == nil || s.person != m.person {
		return nil, 0, false
	}
	missed, ok := s.missed(m.resume.Seq)
	ok = ok && e.recode(s, m.sink.Encoding())
	if old := s.sink; old != nil {
		e.lose(s)
		old.Drop(conn.CloseReplaced)
		e.step(lobby.Disconnect{Person: s.person, Conn: s.id})
	}
	if !ok {
		// Something is lost for good: this tab starts afresh as a new stream, which
		// is told of a ring or a call as any newcomer's is.
		return nil, 0, false
	}
	return s, missed, true
}

func (e *Engine) newConnID() lobby.ConnID {
	for {
		id := lobby.ConnID(e.deps.Seed() >> 11) // 53 bits: exact in a browser's number too
		if _, taken := e.streams[id]; id != 0 && !taken {
			return id
		}
	}
}

type undo struct{ attach }

func (m undo) apply(e *Engine) {
	p := e.people[m.person]
	if p == nil {
		return
	}
	for _, s := range p.streams {
		if s.sink == m.sink {
			e.detach(s)
			return
		}
	}
}

type detach struct {
	person lobby.PersonID
	conn   lobby.ConnID
	sink   conn.Sink
}

func (m detach) apply(e *Engine) {
	if s := e.streams[m.conn]; s != nil && s.sink == m.sink {
		e.detach(s)
	}
}

func (e *Engine) detach(s *stream) {
	e.lose(s)
	e.step(lobby.Disconnect{Person: s.person, Conn: s.id})
}

type ack struct {
	person lobby.PersonID
	conn   lobby.ConnID
	seq    uint64
}

func (m ack) apply(e *Engine) {
	if s := e.streams[m.conn]; s != nil && s.person == m.person {
		s.ack(m.seq)
	}
}

// drop closes a stream for good.
func (e *Engine) drop(x lobby.Drop) {
	s := e.streams[x.Conn]
	if s == nil {
		return
	}
	code := conn.CloseLimit
	if x.Reason == "gone" {
		code = conn.CloseGone
	}
	if sink := s.sink; sink != nil {
		s.sink = nil
		sink.Drop(code)
		e.after = append(e.after, lobby.Disconnect{Person: s.person, Conn: s.id})
	}
	e.forgetStream(s)
}

// lose notes that a stream has no socket now. Everyone may take equally long to
// come back, so the line of the lost is in the order in which they expire.
func (e *Engine) lose(s *stream) {
	s.sink = nil
	s.lostAt = e.now()
	e.lost = append(e.lost, loss{s, s.lostAt})
	e.limitLost(e.people[s.person])
}

// limitLost forgets a person's longest lost streams beyond the limit.
func (e *Engine) limitLost(p *present) {
	lost := 0
	var oldest *stream
	for _, s := range p.streams {
		if s.sink == nil {
			if lost++; oldest == nil || s.lostAt < oldest.lostAt {
				oldest = s
			}
		}
	}
	if lost > maxLost {
		e.forgetStream(oldest)
	}
}

// maxLost is how many streams of one person may wait to be resumed.
const maxLost = 4

// loss is one time that a stream lost its socket; it is void if the stream came
// back meanwhile.
type loss struct {
	stream *stream
	at     int64
}

func (l loss) stands() bool { return l.stream.sink == nil && l.stream.lostAt == l.at }

// expireStreams forgets streams that nobody came back for. Seldom it also looks
// for people who are remembered though nothing of theirs is here any more.
func (e *Engine) expireStreams(now int64) {
	for len(e.lost) > 0 && (!e.lost[0].stands() || now >= e.lost[0].at+e.resumeMS()) {
		l := e.lost[0]
		e.lost = e.lost[1:]
		if _, known := e.streams[l.stream.id]; known && l.stands() {
			e.forgetStream(l.stream)
		}
	}
	if now >= e.sweepAt {
		e.sweepAt = now + time.Minute.Milliseconds()
		for id := range e.people {
			e.forgetPerson(id)
		}
	}
}

func (e *Engine) forgetStream(s *stream) {
	delete(e.streams, s.id)
	e.letGo(s)
	p := e.people[s.person]
	for i, other := range p.streams {
		if other == s {
			p.streams = append(p.streams[:i:i], p.streams[i+1:]...)
			break
		}
	}
	e.forgetPerson(s.person)
}
