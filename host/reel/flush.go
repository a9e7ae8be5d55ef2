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
	card  []byte
	score int32
	busy  bool
}

func (s shown) entry() Entry { return Entry{Person: s.id, Card: s.card, Score: s.score, Busy: s.busy} }

// touch has v told of what changed, as soon as the interval allows. What comes
// and goes until then is never sent.
func (r *Reel) touch(v *viewer) {
	if v.flushAt == 0 {
		v.flushAt = r.now
		if v.told {
			v.flushAt = max(r.now, v.sentAt+r.cfg.MinInterval.Milliseconds())
		}
		r.alarms.set(v.flushAt, flushDue, v.p.id)
	}
}

// flush brings v's connections up to date: a delta for those that have the
// list, the whole for those that join, the whole for all of them where the
// generation changed.
func (r *Reel) flush(v *viewer) {
	v.flushAt = 0
	whole := !v.told || v.toldGen != v.gen
	next, d := r.diff(v, whole)
	d.At, d.Gen = r.seq, v.gen
	if len(next) > 0 || len(v.sent) > 0 {
		r.offers.show(v.p.id, v.gen, v.visible, d.Gone, r.now)
	}
	v.sent = next
	joining := v.joining
	if whole {
		joining = append(slices.Clone(v.conns), v.joining...)
	} else if len(v.conns) > 0 && len(d.Gone)+len(d.Put)+len(d.Scores)+len(d.Busy)+len(d.Free) > 0 {
		d.Conns = v.conns
		r.emit(v, d)
	}
	if len(joining) > 0 {
		full := Update{Conns: joining, At: r.seq, Full: true, Gen: v.gen, Put: make([]Entry, len(next))}
		for i, s := range next {
			full.Put[i] = s.entry()
		}
		r.emit(v, full)
	}
	v.conns, v.joining = append(slices.Clip(v.conns), v.joining...), nil
	v.told, v.toldGen = true, v.gen
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

// diff tells what v's connections will show next, and what takes them there
// from what they show. Scores that all moved alike, or a little, are left as
// they are while everyone stays in order: the client only orders by them.
func (r *Reel) diff(v *viewer, whole bool) (next []shown, d Update) {
	next = make([]shown, len(v.visible))
	var least, most int64 // by how much the scores at the client would be behind
	for i, e := range v.visible {
		s := shown{e.p.id, e.p.card, e.score, e.p.busy}
		at := -1
		if !whole {
			at = slices.IndexFunc(v.sent, func(o shown) bool { return o.id == s.id })
		}
		if at < 0 || !bytes.Equal(v.sent[at].card, s.card) {
			d.Put = append(d.Put, s.entry())
		} else {
			had := v.sent[at]
			if s.busy && !had.busy {
				d.Busy = append(d.Busy, s.id)
			} else if had.busy && !s.busy {
				d.Free = append(d.Free, s.id)
			}
			s.score = had.score
		}
		behind := int64(e.score) - int64(s.score)
		if i == 0 {
			least, most = behind, behind
		}
		least, most = min(least, behind), max(most, behind)
		next[i] = s
	}
	if most-least >= margin(v.visible) || !slices.IsSortedFunc(next, inOrder) {
		for i, e := range v.visible {
			if next[i].score != e.score {
				next[i].score = e.score
				d.Scores = append(d.Scores, Entry{Person: e.p.id, Score: e.score})
			}
		}
	}
	d.Gone = gone(v.sent, next)
	return next, d
}

func inOrder(a, b shown) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
}

// gone are those of was who are not in is.
func gone(was, is []shown) []lobby.PersonID {
	var ids []lobby.PersonID
	for _, s := range was {
		if !slices.ContainsFunc(is, func(o shown) bool { return o.id == s.id }) {
			ids = append(ids, s.id)
		}
	}
	return ids
}
