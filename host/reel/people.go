package reel

import (
	"cmp"
	"math"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// person is someone in the lobby, or someone who only watches so far.
type person struct {
	id     lobby.PersonID
	slot   int            // row number; absent while not in the lobby
	row    *policy.Person // what the rows should say; replaced, never changed
	face   *Face          // whose card is shown
	bars   bars
	barAt  int64     // when the first of them ends; 0: none does
	seenBy []*viewer // whose visible list they stand in
	view   *viewer   // nil while no connection of theirs watches
	busy   bool

	tries   int   // failed admissions in a row
	retryAt int64 // of the next; 0: none due
}

const absent = -1

// person finds or makes the record of id.
func (r *Reel) person(id lobby.PersonID) *person {
	p := r.people[id]
	if p == nil {
		p = &person{id: id, slot: absent}
		r.people[id] = p
	}
	return p
}

// slots is what a scan over everyone reads, by row number: side by side, for
// ten thousand people are too many to be looked up one by one.
type slots struct {
	people []*person // nil is a free row
	full   []bool    // as many viewers as a face may have, or more
	floor  []int32   // a newcomer's score must be above it to matter to who stands in this row
}

// deaf is the floor of those whom no newcomer concerns.
const deaf = math.MaxInt32

// take gives p the lowest free row. No call of the scorer is in flight: they
// are all made by the goroutine that is here.
func (s *slots) take(p *person) {
	p.slot = slices.Index(s.people, nil)
	if p.slot < 0 {
		p.slot = len(s.people)
		s.people, s.full, s.floor = append(s.people, nil), append(s.full, false), append(s.floor, 0)
	}
	s.people[p.slot], s.full[p.slot], s.floor[p.slot] = p, false, deaf
}

func (s *slots) free(p *person) {
	s.people[p.slot], s.full[p.slot], s.floor[p.slot] = nil, false, deaf
	p.slot = absent
	n := len(s.people)
	for n > 0 && s.people[n-1] == nil {
		n--
	}
	s.people, s.full, s.floor = s.people[:n], s.full[:n], s.floor[:n]
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

	ranked    int64 // when the list was ranked; 0: never
	refreshAt int64 // when it is next
	fails     int   // rankings failed in a row
	moved     bool  // something happened to the list since its last ranking
	quiet     uint8 // rankings in a row that found nothing to do; at most mostQuiet

	told    bool // an update went out
	toldGen policy.Generation
	shelf   *shelf // what the connections show
	sentAt  int64
	flushAt int64 // when the next update may go out; 0: none is wanted
	paceAt  int64 // when busy and free may be told again
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

// find is where p stands in v's visible list, or -1.
func (v *viewer) find(p *person) int {
	for i := range v.visible {
		if v.visible[i].p == p {
			return i
		}
	}
	return -1
}

// unreserve takes p out of the reserve.
func (v *viewer) unreserve(p *person) {
	for i := range v.reserve {
		if v.reserve[i].p == p {
			v.reserve = slices.Delete(v.reserve, i, i+1)
			return
		}
	}
}
