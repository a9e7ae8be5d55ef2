package reel

import (
	"slices"
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// board remembers what was shown to whom: written as updates go out, read by
// whoever judges an invite.
type board struct {
	keep int64 // ms
	mu   sync.RWMutex
	by   map[lobby.PersonID]*shelf
}

// shelf is one viewer's. Its writer, who alone holds on to it, may read it
// without the lock.
type shelf struct {
	held bool    // someone watches
	gen  string  // of the scores in sent
	sent []shown // what the viewer's connections show, in order
	went []offered
}

// offered is a face that went from a reel.
type offered struct {
	id    lobby.PersonID
	score int32
	gen   string
	at    int64
}

func newBoard(keep int64) *board {
	return &board{keep: keep, by: map[lobby.PersonID]*shelf{}}
}

func (b *board) offer(viewer, other lobby.PersonID, now int64) *lobby.Offer {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := b.by[viewer]
	if s == nil {
		return nil
	}
	for i := range s.sent {
		if s.sent[i].id == other {
			return &lobby.Offer{Score: s.sent[i].score, Generation: s.gen, SeenAt: now}
		}
	}
	for _, o := range s.went {
		if o.id == other && now-o.at <= b.keep {
			return &lobby.Offer{Score: o.score, Generation: o.gen, SeenAt: min(o.at, now)}
		}
	}
	return nil
}

// hold finds or makes the shelf of someone who begins to watch.
func (b *board) hold(viewer lobby.PersonID, room int) *shelf {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.by[viewer]
	if s == nil {
		s = &shelf{sent: make([]shown, 0, room)}
		b.by[viewer] = s
	}
	s.held = true
	return s
}

// show replaces what stands before a viewer; it copies next.
func (b *board) show(s *shelf, gen string, next []shown, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(s.went) > 0 {
		s.went = slices.DeleteFunc(s.went, func(o offered) bool { return now-o.at > b.keep || in(next, o.id) >= 0 })
	}
	for i := range s.sent {
		if in(next, s.sent[i].id) < 0 {
			s.went = append(s.went, offered{s.sent[i].id, s.sent[i].score, s.gen, now})
		}
	}
	left := len(s.sent)
	s.gen, s.sent = gen, append(s.sent[:0], next...)
	clear(s.sent[len(s.sent):max(left, len(s.sent))]) // keeps no face of those who went
}

// drop takes everything away from before a viewer who watches no more.
func (b *board) drop(s *shelf, now int64) {
	b.show(s, "", nil, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	s.held = false
}

// forget gives up a shelf on which nothing stands that matters any more.
func (b *board) forget(viewer lobby.PersonID, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.by[viewer]
	if s != nil && !s.held && !slices.ContainsFunc(s.went, func(o offered) bool { return now-o.at <= b.keep }) {
		delete(b.by, viewer)
	}
}
