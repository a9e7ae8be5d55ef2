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
			r.mask(p)
		}
	case lobby.Recast:
		r.recast(ctx, n.Person, it.Face)
	case lobby.Barred:
		r.barred(ctx, n)
	case lobby.Watch:
		r.watch(n)
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
		r.slots.take(p)
		r.count.People++
	}
	p.busy = false
	p.wear(f, n.Since)
	p.bars, p.barAt = make(bars, 0, len(n.Bars)), 0
	for _, b := range n.Bars {
		if b.Until > r.now {
			r.setBar(p, b.Other, b.Until)
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
	p.row, p.face = &row, f
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
		for _, t := range r.tables {
			t.leave(p)
		}
		r.slots.free(p)
		r.count.People--
	}
	delete(r.people, id)
	for len(p.seenBy) > 0 {
		r.part(p.seenBy[len(p.seenBy)-1], p)
	}
}

// mask has everyone who sees p told whether p is busy.
func (r *Reel) mask(p *person) {
	for _, v := range p.seenBy {
		r.glance(v)
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
	r.mask(p)
	if p.row.Since == n.Since {
		return
	}
	for _, v := range p.seenBy {
		r.stir(v)
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

func (r *Reel) watch(n lobby.Watch) {
	p := r.person(n.Person)
	v := p.view
	if v == nil {
		v = &viewer{p: p, visible: make([]place, 0, r.cfg.K), reserve: make([]place, 0, r.cfg.Reserve)}
		p.view = v
		r.count.Watchers++
	}
	v.conns = without(v.conns, n.Conn)
	v.joining = append(without(v.joining, n.Conn), n.Conn)
	if v.ranked == 0 && p.slot != absent && len(r.tables) > 0 {
		r.rankSoon(v) // and then they are told
	} else {
		r.touch(v)
	}
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
	if !slices.Contains(conns, c) {
		return conns[:len(conns):len(conns)]
	}
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
	if v.p.slot != absent {
		r.slots.floor[v.p.slot] = deaf
	}
	if v.shelf != nil {
		r.offers.drop(v.shelf, r.now)
		r.chores.set(r.now+r.cfg.OfferFor.Milliseconds()+1, forgetDue, v.p.id)
	}
}

// touchAll has everyone who sees p told what changed.
func (r *Reel) touchAll(p *person) {
	for _, v := range p.seenBy {
		r.touch(v)
	}
}
