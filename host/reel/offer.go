package reel

import (
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// board remembers what was shown to whom: written as updates go out, read by
// whoever judges an invite.
type board struct {
	keep int64 // ms
	mu   sync.RWMutex
	by   map[lobby.PersonID]map[lobby.PersonID]offered
}

type offered struct {
	score int32
	gen   string
	seen  int64 // when it went; standing while it has not
}

const standing = lobby.Forever

func newBoard(keep int64) *board {
	return &board{keep: keep, by: map[lobby.PersonID]map[lobby.PersonID]offered{}}
}

func (b *board) offer(viewer, other lobby.PersonID, now int64) *lobby.Offer {
	b.mu.RLock()
	o, ok := b.by[viewer][other]
	b.mu.RUnlock()
	if !ok || now-o.seen > b.keep {
		return nil
	}
	return &lobby.Offer{Score: o.score, Generation: o.gen, SeenAt: min(o.seen, now)}
}

// show replaces what stands before a viewer.
func (b *board) show(viewer lobby.PersonID, gen policy.Generation, list []place, gone []lobby.PersonID, now int64) {
	g := stamp(gen)
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := b.by[viewer]
	if seen == nil {
		seen = make(map[lobby.PersonID]offered, len(list))
		b.by[viewer] = seen
	}
	for _, id := range gone {
		if o, ok := seen[id]; ok && o.seen == standing {
			o.seen = now
			seen[id] = o
		}
	}
	for _, e := range list {
		seen[e.p.id] = offered{score: e.score, gen: g, seen: standing}
	}
	b.prune(viewer, now)
}

// clear takes everything away from before a viewer.
func (b *board) clear(viewer lobby.PersonID, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, o := range b.by[viewer] {
		if o.seen == standing {
			o.seen = now
			b.by[viewer][id] = o
		}
	}
}

func (b *board) forget(viewer lobby.PersonID, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prune(viewer, now)
}

func (b *board) prune(viewer lobby.PersonID, now int64) {
	seen := b.by[viewer]
	for id, o := range seen {
		if now-o.seen > b.keep {
			delete(seen, id)
		}
	}
	if len(seen) == 0 {
		delete(b.by, viewer)
	}
}
