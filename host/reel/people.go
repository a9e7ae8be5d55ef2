package reel

import (
	"cmp"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// person is someone in the lobby, or someone who only watches so far.
type person struct {
	id     lobby.PersonID
	slot   int            // row number; absent while not in the lobby
	row    *policy.Person // what the rows should say; replaced, never changed
	card   []byte
	busy   bool
	bars   map[lobby.PersonID]int64 // other -> until, as told about this person
	seenBy []*viewer                // whose visible list they stand in, by viewer's id
	view   *viewer                  // nil while no connection of theirs watches

	tries   int   // failed admissions in a row
	retryAt int64 // of the next; 0: none due
	mark    uint64
}

const absent = -1

// barredUntil tells until when (ms) the two cannot meet; 0 is not at all.
func (r *Reel) barredUntil(a, b *person) int64 {
	until := max(a.bars[b.id], b.bars[a.id])
	if until <= r.now {
		delete(a.bars, b.id)
		delete(b.bars, a.id)
		return 0
	}
	return until
}

// person finds or makes the record of id.
func (r *Reel) person(id lobby.PersonID) *person {
	p := r.people[id]
	if p == nil {
		p = &person{id: id, slot: absent, bars: map[lobby.PersonID]int64{}}
		r.people[id] = p
	}
	return p
}

// takeSlot gives p the lowest free row. No call of the scorer is in flight:
// they are all made by this goroutine, which is here.
func (r *Reel) takeSlot(p *person) {
	p.slot = slices.Index(r.slots, nil)
	if p.slot < 0 {
		p.slot = len(r.slots)
		r.slots = append(r.slots, nil)
	}
	r.slots[p.slot] = p
	r.count.People++
}

func (r *Reel) freeSlot(p *person) {
	for _, t := range r.tables {
		t.leave(p)
	}
	r.slots[p.slot] = nil
	p.slot = absent
	for len(r.slots) > 0 && r.slots[len(r.slots)-1] == nil {
		r.slots = r.slots[:len(r.slots)-1]
	}
	r.count.People--
}

// viewer is someone's reel.
type viewer struct {
	p       *person
	conns   []lobby.ConnID // have the reel and get deltas
	joining []lobby.ConnID // get it whole with the next update

	table   *table // whose scores the list holds; nil: none, or of a scorer that is closed
	gen     policy.Generation
	visible []place // in order
	reserve []place // in order; may name people who have left or are at their limit
	more    bool    // there may be others to show beyond the reserve

	ranked    int64 // when the list was ranked
	refreshAt int64 // when it is next
	fails     int   // rankings failed in a row

	told    bool // an update went out
	toldGen policy.Generation
	sent    []shown // what the connections show, in order
	sentAt  int64
	flushAt int64 // when the next update may go out; 0: none is wanted
}

// place is a place in a list. One above the face's exposure limit is extra.
type place struct {
	p     *person
	score int32
	extra bool
}

// before orders places as clients do: by score, highest first, then id.
func before(a, b place) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.p.id, b.p.id))
}

func (v *viewer) find(p *person) int {
	return slices.IndexFunc(v.visible, func(e place) bool { return e.p == p })
}

// unreserve takes p out of the reserve.
func (v *viewer) unreserve(p *person) {
	v.reserve = slices.DeleteFunc(v.reserve, func(e place) bool { return e.p == p })
}

// sees tells whether p stands in v's visible list.
func (v *viewer) sees(p *person) bool {
	_, ok := p.seenIndex(v)
	return ok
}

func (p *person) seenIndex(v *viewer) (int, bool) {
	return slices.BinarySearchFunc(p.seenBy, v.p.id, func(o *viewer, id lobby.PersonID) int { return cmp.Compare(o.p.id, id) })
}
