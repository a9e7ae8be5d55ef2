package engine

import (
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
)

// watched is how a stream stands to the reel. The zero value watches nothing.
//
// A stream that loses its socket goes on watching for as long as it may be
// resumed: the reel keeps its list, and what changes meanwhile is kept here, as
// far as there is room. Who comes back with the state it left in gets just
// that, anybody else the reel whole. A stream whose peer is behind is told
// nothing until it may be told the whole.
type watched struct {
	at      uint64        // of the last update handed to a socket
	twice   bool          // so was that of the one before: it does not tell them apart
	held    bool          // the lobby has told it to stop, the reel has not heard of it
	pending []reel.Update // since it lost its socket, in order
	whole   bool          // only the whole reel will do
	behind  bool          // among Engine.behind
}

const (
	maxMissed   = 16 // updates; a reel changes every other second
	behindRetry = time.Second
)

// show hands a stream an update of the reel.
func (e *Engine) show(s *stream, r *rendering) {
	u := r.u
	switch {
	case s.sink == nil:
		if s.miss(u); e.sparing {
			s.missAll()
		}
		return
	case s.behind && !u.Full:
		return
	case r.try(s):
		s.at, s.twice, s.behind, s.whole = u.At, s.at == u.At && !u.Full, false, false
		return
	}
	s.whole = true
	if !s.behind {
		s.behind = true
		e.behind = append(e.behind, s)
		e.catchUpAt = max(e.catchUpAt, e.now()+behindRetry.Milliseconds())
	}
}

func (s *stream) miss(u reel.Update) {
	if u.Full || s.whole || len(s.pending) == maxMissed {
		s.pending, s.whole = nil, true
		return
	}
	s.pending = append(s.pending, u)
}

// missAll keeps nothing: its client is shown the reel whole when it returns.
func (s *stream) missAll() {
	if len(s.pending) > 0 {
		s.pending, s.whole = nil, true
	}
}

// unwatch tells whether the reel is to hear that a stream has stopped watching.
func (e *Engine) unwatch(n lobby.Unwatch) bool {
	s := e.streams[n.Conn]
	if s == nil || s.sink != nil {
		return true
	}
	s.held = true
	return false
}

// watch tells whether the reel is to hear that a stream watches: then it gets
// the whole reel. has is the state its client came back with.
func (e *Engine) watch(n lobby.Watch) bool {
	s := e.streams[n.Conn]
	if s == nil || !s.held {
		return true
	}
	missed, same := s.pending, !s.whole && !s.twice && s.at != 0 && s.has == s.at
	s.held, s.pending = false, nil
	if !same {
		return true
	}
	for _, u := range missed {
		e.show(s, &rendering{engine: e, u: u})
	}
	return false
}

// letGo has the reel hear that a forgotten stream no longer watches.
func (e *Engine) letGo(s *stream) {
	if s.held {
		s.held, s.pending = false, nil
		e.deps.Reel.Feed(reel.Item{Seq: e.lobby.Seq(), At: e.last, News: lobby.Unwatch{Person: s.person, Conn: s.id}})
	}
}

// catchUp has the reel shown whole to those who were behind; who still is stays so.
func (e *Engine) catchUp(now int64) {
	if len(e.behind) == 0 || now < e.catchUpAt {
		return
	}
	e.catchUpAt = now + behindRetry.Milliseconds()
	still := e.behind[:0]
	for _, s := range e.behind {
		if s.behind && s.sink != nil && e.streams[s.id] == s {
			still = append(still, s)
			e.deps.Reel.Feed(reel.Item{Seq: e.lobby.Seq(), At: e.last, News: lobby.Watch{Person: s.person, Conn: s.id}})
		} else {
			s.behind = false
		}
	}
	clear(e.behind[len(still):])
	e.behind = still
}

// notHeld forgets what the reel kept for a person's lost streams.
func (e *Engine) notHeld(id lobby.PersonID) {
	if p := e.people[id]; p != nil {
		for _, s := range p.streams {
			s.held, s.pending = false, nil
		}
	}
}
