package reel

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// shown is a place as the viewer's connections show it.
type shown struct {
	id    lobby.PersonID
	face  *Face
	score int32
	busy  bool
}

func (s shown) entry() Entry {
	return Entry{Person: s.id, Card: s.face.Card, Score: s.score, Busy: s.busy}
}

// in is where id stands in a list, or -1.
func in(list []shown, id lobby.PersonID) int {
	for i := range list {
		if list[i].id == id {
			return i
		}
	}
	return -1
}

// touch has v told of what changed, as soon as the interval allows. What comes
// and goes until then is never sent.
func (r *Reel) touch(v *viewer) { r.flushBy(v, r.earliest(v)) }

// glance has v told who is busy and who is free, as soon as its pace allows:
// there is much of it, none of it is worth a frame of its own.
func (r *Reel) glance(v *viewer) { r.flushBy(v, max(r.earliest(v), v.paceAt)) }

func (r *Reel) earliest(v *viewer) int64 {
	if !v.told {
		return r.now
	}
	return max(r.now, v.sentAt+r.cfg.MinInterval.Milliseconds())
}

func (r *Reel) flushBy(v *viewer, at int64) {
	if v.flushAt == 0 || at < v.flushAt {
		v.flushAt = at
		r.chores.set(at, flushDue, v.p.id)
	}
}

// flush brings v's connections up to date: a delta for those that have the
// list, the whole for those that join, the whole for all of them where the
// generation changed.
func (r *Reel) flush(v *viewer) {
	v.flushAt = 0
	if v.shelf == nil {
		v.shelf = r.offers.hold(v.p.id, r.cfg.K)
	}
	whole := !v.told || v.toldGen != v.gen
	d, late := r.diff(v, whole)
	changed := len(d.Gone)+len(d.Put)+len(d.Scores)+len(d.Busy)+len(d.Free) > 0
	if whole || changed {
		gen := v.shelf.gen
		if whole {
			gen = stamp(v.gen)
		}
		r.offers.show(v.shelf, gen, r.next, r.now)
	}
	joining := v.joining
	if whole {
		joining = append(slices.Clone(v.conns), v.joining...)
	} else if len(v.conns) > 0 && changed {
		d.Conns, d.At, d.Gen = v.conns, r.seq, v.gen
		r.emit(v, d)
	}
	if len(joining) > 0 {
		full := Update{Conns: joining, At: r.seq, Full: true, Gen: v.gen, Put: make([]Entry, len(r.next))}
		for i, s := range r.next {
			full.Put[i] = s.entry()
		}
		r.emit(v, full)
		v.conns, v.joining = append(slices.Clip(v.conns), v.joining...), nil
	}
	v.told, v.toldGen = true, v.gen
	if late {
		r.glance(v)
	}
}

func (r *Reel) emit(v *viewer, u Update) {
	u.Viewer = v.p.id
	v.sentAt = r.now
	r.count.Updates++
	r.count.Cards += len(u.Put)
	if u.Full {
		r.count.Fulls++
	}
	r.deps.Emit(u)
}

// diff makes r.next, what v's connections will show next, and tells what takes
// them there from what they show. Scores that all moved alike, or a little, are
// left as they are while everyone stays in order: the client only orders by
// them. Late: busy and free were told just now, and have to wait.
func (r *Reel) diff(v *viewer, whole bool) (d Update, late bool) {
	sent, next := v.shelf.sent, r.next[:0]
	paced := r.now < v.paceAt
	var least, most int64 // by how much the scores at the client would be behind
	for i, e := range v.visible {
		s := shown{e.p.id, e.p.face, e.score, e.p.busy}
		at := -1
		if !whole {
			// Mostly they stand where they stood.
			if at = i; at >= len(sent) || sent[at].id != s.id {
				at = in(sent, s.id)
			}
		}
		if at < 0 || sent[at].face != s.face && !bytes.Equal(sent[at].face.Card, s.face.Card) {
			d.Put = append(d.Put, s.entry())
		} else {
			had := sent[at]
			switch {
			case s.busy == had.busy:
			case paced:
				s.busy, late = had.busy, true
			case s.busy:
				d.Busy = append(d.Busy, s.id)
			default:
				d.Free = append(d.Free, s.id)
			}
			s.score = had.score
		}
		behind := int64(e.score) - int64(s.score)
		if i == 0 {
			least, most = behind, behind
		}
		least, most = min(least, behind), max(most, behind)
		next = append(next, s)
	}
	r.next = next
	if most-least >= margin(v.visible) || !slices.IsSortedFunc(next, inOrder) {
		for i, e := range v.visible {
			if next[i].score != e.score {
				next[i].score = e.score
				d.Scores = append(d.Scores, Entry{Person: e.p.id, Score: e.score})
			}
		}
	}
	for i := range sent {
		if id := sent[i].id; (i >= len(next) || next[i].id != id) && in(next, id) < 0 {
			d.Gone = append(d.Gone, id)
		}
	}
	if len(d.Busy)+len(d.Free) > 0 {
		v.paceAt = r.now + r.cfg.Presence.Milliseconds()
	}
	return d, late
}

func inOrder(a, b shown) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}
