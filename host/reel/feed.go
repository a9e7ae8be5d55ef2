package reel

import (
	"context"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// apply follows one piece of news.
func (r *Reel) apply(ctx context.Context, it Item) {
	switch n := it.News.(type) {
	case lobby.Entered:
		r.entered(ctx, n, it.Face)
	case lobby.Left:
		r.left(n.Person)
	case lobby.Free:
		r.free(n)
	case lobby.Busy:
		if p := r.people[n.Person]; p != nil {
			p.busy = true
			r.touchAll(p)
		}
	case lobby.Recast:
		r.recast(ctx, n.Person, it.Face)
	case lobby.Barred:
		r.barred(n)
	case lobby.Watch:
		r.watch(ctx, n)
	case lobby.Unwatch:
		r.unwatch(n)
	}
}

func (r *Reel) entered(ctx context.Context, n lobby.Entered, f *Face) {
	if f == nil {
		r.deps.Log.Error("reel: entered without a face", "person", int64(n.Person))
		return
	}
	p := r.person(n.Person)
	if p.slot == absent {
		r.takeSlot(p)
	}
	p.busy = false
	p.wear(f, n.Since)
	p.bars = make(map[lobby.PersonID]int64, len(n.Bars))
	for _, b := range n.Bars {
		if b.Until > r.now {
			p.bars[b.Other] = b.Until
			r.keepApart(p, r.people[b.Other])
		}
	}
	r.touchAll(p)
	r.admit(ctx, p)
}

// wear gives p a new face. How long they wait is the lobby's to say.
func (p *person) wear(f *Face, since int64) {
	row := f.Row
	row.Since = since
	p.row, p.card = &row, f.Card
}

func (r *Reel) left(id lobby.PersonID) {
	p := r.people[id]
	if p == nil {
		return
	}
	if p.view != nil {
		r.dropView(p.view)
	}
	if p.slot != absent {
		r.freeSlot(p)
	}
	delete(r.people, id)
	for _, v := range slices.Clone(p.seenBy) {
		r.part(v, p)
	}
}

// free only lifts the mask. Their waiting begins anew, which shows when the
// lists that hold them come up for their refresh.
func (r *Reel) free(n lobby.Free) {
	p := r.people[n.Person]
	if p == nil || p.slot == absent {
		return
	}
	p.busy = false
	r.touchAll(p)
	if p.row.Since == n.Since {
		return
	}
	was, is := p.row, *p.row
	is.Since = n.Since
	p.row = &is
	for _, t := range r.tables {
		// One that refused their present row gets the new one when it is tried again.
		if t.holds(p) && t.rows[p.slot].data == was {
			t.set(p.slot, row{p, p.row})
		}
	}
}

func (r *Reel) recast(ctx context.Context, id lobby.PersonID, f *Face) {
	p := r.people[id]
	if p == nil || p.slot == absent || f == nil {
		return
	}
	p.wear(f, p.row.Since)
	r.touchAll(p)
	r.admit(ctx, p)
}

func (r *Reel) barred(n lobby.Barred) {
	a, b := r.people[n.A], r.people[n.B]
	if a != nil {
		a.bars[n.B] = n.Until
	}
	if b != nil {
		b.bars[n.A] = n.Until
	}
	if a == nil || b == nil {
		return
	}
	if n.Until > r.now {
		r.keepApart(a, b)
		return
	}
	r.barredUntil(a, b) // forgets what is over
	for _, p := range [...]*person{a, b} {
		if p.view != nil {
			r.rescoreBy(p.view, r.now)
		}
	}
}

// keepApart takes each of two barred people out of the other's list, until the bar ends.
func (r *Reel) keepApart(a, b *person) {
	if b == nil {
		return
	}
	until := r.barredUntil(a, b)
	for _, pair := range [...][2]*person{{a, b}, {b, a}} {
		if v := pair[0].view; v != nil {
			r.part(v, pair[1])
			r.rescoreBy(v, until)
		}
	}
}

func (r *Reel) watch(ctx context.Context, n lobby.Watch) {
	p := r.person(n.Person)
	v := p.view
	if v == nil {
		v = &viewer{p: p}
		p.view = v
		r.count.Watchers++
		if p.slot != absent && len(r.tables) > 0 {
			r.rescore(ctx, v)
		}
	}
	v.conns = without(v.conns, n.Conn)
	v.joining = append(without(v.joining, n.Conn), n.Conn)
	r.touch(v)
}

func (r *Reel) unwatch(n lobby.Unwatch) {
	p := r.people[n.Person]
	if p == nil || p.view == nil {
		return
	}
	v := p.view
	v.conns, v.joining = without(v.conns, n.Conn), without(v.joining, n.Conn)
	if len(v.conns)+len(v.joining) > 0 {
		return
	}
	r.dropView(v)
	if p.slot == absent {
		delete(r.people, p.id)
	}
}

// without copies: an emitted update may still name the old slice.
func without(conns []lobby.ConnID, c lobby.ConnID) []lobby.ConnID {
	return slices.DeleteFunc(slices.Clone(conns), func(o lobby.ConnID) bool { return o == c })
}

// dropView forgets a list that nobody looks at.
func (r *Reel) dropView(v *viewer) {
	for len(v.visible) > 0 {
		r.hide(v, len(v.visible)-1)
	}
	r.lease(v, nil)
	v.p.view = nil
	r.count.Watchers--
	r.offers.clear(v.p.id, r.now)
	r.alarms.set(r.now+r.cfg.OfferFor.Milliseconds()+1, forgetDue, v.p.id)
}

// touchAll has everyone who sees p told what changed.
func (r *Reel) touchAll(p *person) {
	for _, v := range p.seenBy {
		r.touch(v)
	}
}
