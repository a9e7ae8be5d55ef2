package journal

import (
	"math/bits"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

// world is what the replayed lobby's effects say of who is where: read off the
// same feed as the reel's, so that it cannot know more than the reel did.
type world struct {
	rows    map[lobby.PersonID]policy.Person // the latest numbers
	people  map[lobby.PersonID]*guest        // in the lobby
	met     map[lobby.Pair]bool              // have talked in this journal
	rings   map[lobby.CallID]lobby.Pair
	invites []invite // of the latest step
}

type guest struct {
	row      policy.Person
	watching map[lobby.ConnID]bool
	free     bool
	since    int64 // ms: of this spell of being free
	invited  bool  // in this spell
}

type invite struct{ from, to lobby.PersonID }

func newWorld() *world {
	return &world{rows: map[lobby.PersonID]policy.Person{}, people: map[lobby.PersonID]*guest{},
		met: map[lobby.Pair]bool{}, rings: map[lobby.CallID]lobby.Pair{}}
}

// step follows a step's effects and answers the feed for the reel, in order.
func (w *world) step(at int64, effects []lobby.Effect) (items []reel.Item) {
	w.invites = w.invites[:0]
	for _, ef := range effects {
		switch ef := ef.(type) {
		case lobby.Feed:
			if face, ok := w.news(at, ef.News); ok {
				items = append(items, reel.Item{Seq: ef.Seq, At: at, News: ef.News, Face: face})
			}
		case lobby.Tell:
			if n, ok := ef.Notice.(lobby.Incoming); ok && w.rings[n.Call] == (lobby.Pair{}) {
				w.rings[n.Call] = lobby.PairOf(ef.To, n.Other)
				w.invites = append(w.invites, invite{n.Other, ef.To})
			}
		case lobby.Store:
			if x, ok := ef.Write.(lobby.CallEnd); ok {
				w.met[lobby.PairOf(x.A, x.B)] = true
			}
		}
	}
	return items
}

// news answers the face that goes with it; ok is false where nobody knows the
// numbers of who comes (they were erased, or lost in a gap).
func (w *world) news(at int64, n lobby.News) (face *reel.Face, ok bool) {
	switch n := n.(type) {
	case lobby.Entered:
		row, known := w.rows[n.Person]
		if !known {
			return nil, false
		}
		row.Since = n.Since
		w.people[n.Person] = &guest{row: row, watching: map[lobby.ConnID]bool{}, free: true, since: at}
		return &reel.Face{Row: row}, true
	case lobby.Recast:
		g, row := w.people[n.Person], w.rows[n.Person]
		if g == nil {
			return nil, false
		}
		row.Since = g.row.Since
		g.row = row
		return &reel.Face{Row: row}, true
	case lobby.Left:
		delete(w.people, n.Person)
	case lobby.Free:
		if g := w.people[n.Person]; g != nil {
			g.free, g.since, g.invited, g.row.Since = true, at, false, n.Since
		}
	case lobby.Busy:
		if g := w.people[n.Person]; g != nil {
			g.free = false
		}
	case lobby.Watch:
		g := w.people[n.Person]
		if g == nil {
			return nil, false
		}
		g.watching[n.Conn] = true
	case lobby.Unwatch:
		if g := w.people[n.Person]; g != nil {
			delete(g.watching, n.Conn)
		}
	}
	return nil, true
}

// watches tells whether somebody is in the lobby and looks at the reel.
func (w *world) watches(id lobby.PersonID) bool {
	g := w.people[id]
	return g != nil && len(g.watching) > 0
}

// common counts the tags and the languages two people share.
func (w *world) common(a, b lobby.PersonID) (tags, langs int) {
	x, y := w.rows[a], w.rows[b]
	return bits.OnesCount64(x.Tags & y.Tags), bits.OnesCount64(x.Langs & y.Langs)
}

// seat keeps the judge's rows as the world's.
func (w *world) seat(j *judge, items []reel.Item) {
	for _, it := range items {
		switch n := it.News.(type) {
		case lobby.Entered:
			w.seatOne(j, n.Person)
		case lobby.Recast:
			w.seatOne(j, n.Person)
		case lobby.Free:
			w.seatOne(j, n.Person)
		case lobby.Left:
			j.leave(n.Person)
		}
	}
}

func (w *world) seatOne(j *judge, id lobby.PersonID) {
	if g := w.people[id]; g != nil {
		j.seat(id, g.row)
	} else {
		j.leave(id)
	}
}

// screens are the reels of everyone under one rule, as their viewers see them.
type screens struct {
	lists  map[lobby.PersonID]map[lobby.PersonID]bool
	seenBy map[lobby.PersonID]int
	// came is told of everyone who comes into somebody's sight.
	came func(at int64, viewer, other lobby.PersonID)
}

func newScreens(came func(at int64, viewer, other lobby.PersonID)) *screens {
	return &screens{map[lobby.PersonID]map[lobby.PersonID]bool{}, map[lobby.PersonID]int{}, came}
}

func (s *screens) apply(at int64, viewer lobby.PersonID, full bool, put, gone []lobby.PersonID) {
	list := s.lists[viewer]
	if list == nil {
		list = map[lobby.PersonID]bool{}
		s.lists[viewer] = list
	}
	if full {
		stays := make(map[lobby.PersonID]bool, len(put))
		for _, id := range put {
			stays[id] = true
		}
		for id := range list {
			if !stays[id] {
				s.hide(list, id)
			}
		}
	}
	for _, id := range gone {
		s.hide(list, id)
	}
	for _, id := range put {
		if !list[id] {
			list[id] = true
			s.seenBy[id]++
			s.came(at, viewer, id)
		}
	}
}

func (s *screens) hide(list map[lobby.PersonID]bool, id lobby.PersonID) {
	if !list[id] {
		return
	}
	delete(list, id)
	if s.seenBy[id]--; s.seenBy[id] == 0 {
		delete(s.seenBy, id)
	}
}

// close forgets the list of someone who looks no more.
func (s *screens) close(viewer lobby.PersonID) {
	for id := range s.lists[viewer] {
		s.hide(s.lists[viewer], id)
	}
	delete(s.lists, viewer)
}

func idsOf(put []Place) []lobby.PersonID {
	out := make([]lobby.PersonID, len(put))
	for i, p := range put {
		out[i] = p.Person
	}
	return out
}
