package reel

import (
	"slices"

	"github.com/napalmsky/napalmsky/host/policy"
)

// How a list is kept.
//
// A face has at most limit regular viewers, so that not everyone queues for
// the same few. Where that would leave a viewer with fewer than Few faces they
// are given faces above their limit ("extra"), the least exposed first; an
// extra stands only in a list of at most Few, and yields to the first regular
// face that could stand there instead. In a lobby of up to limit people the
// limit binds nobody.
//
// Who is visible stays visible until they leave, are barred, become
// ineligible, or someone clearly better is found at a refresh: a reel that
// changes under the finger is worse than one that is slightly out of order.

// show gives e a place among the visible if there is one for them. They must
// be eligible, not barred, and not there yet.
func (r *Reel) show(v *viewer, e place) bool {
	full := len(e.p.seenBy) >= r.limit
	extra := -1
	if len(v.visible) <= r.cfg.Few {
		extra = r.worstExtra(v)
	}
	switch {
	case full && len(v.visible) >= r.cfg.Few:
		return false
	case !full && extra >= 0 && len(v.visible) == r.cfg.Few:
		r.hide(v, extra)
	case len(v.visible) >= r.cfg.K:
		return false
	}
	e.extra = full
	at, _ := slices.BinarySearchFunc(v.visible, e, before)
	v.visible = slices.Insert(v.visible, at, e)
	e.p.seenBy = append(e.p.seenBy, v)
	r.exposed(e.p, len(e.p.seenBy)-1)
	r.stir(v)
	return true
}

// worstExtra finds the last extra place of v (or -1), once those that are
// within their limit by now have become regular.
func (r *Reel) worstExtra(v *viewer) int {
	worst := -1
	for i := range v.visible {
		e := &v.visible[i]
		e.extra = e.extra && len(e.p.seenBy) > r.limit
		if e.extra {
			worst = i
		}
	}
	return worst
}

// hide takes the i-th visible place away.
func (r *Reel) hide(v *viewer, i int) place {
	e := v.visible[i]
	v.visible = slices.Delete(v.visible, i, i+1)
	by := e.p.seenBy
	last := len(by) - 1
	by[slices.Index(by, v)] = by[last]
	by[last] = nil
	e.p.seenBy = by[:last]
	r.exposed(e.p, last+1)
	r.stir(v)
	return e
}

// exposed keeps the count of faces by their viewers, of whom p had so many; its
// length is the greatest exposure and one.
func (r *Reel) exposed(p *person, was int) {
	is := len(p.seenBy)
	if p.slot != absent {
		r.slots.full[p.slot] = is >= r.limit
	}
	for len(r.exposure) <= is {
		r.exposure = append(r.exposure, 0)
	}
	r.exposure[was]--
	r.exposure[is]++
	for n := len(r.exposure) - 1; n > 0 && r.exposure[n] == 0; n-- {
		r.exposure = r.exposure[:n]
	}
}

// part makes sure that v does not see p.
func (r *Reel) part(v *viewer, p *person) {
	if v == nil {
		return
	}
	v.unreserve(p)
	if i := v.find(p); i >= 0 {
		r.hide(v, i)
		r.refill(v)
		r.touch(v)
	}
}

// refill fills free places from the reserve, and asks for a ranking when it has run dry.
func (r *Reel) refill(v *viewer) {
	for len(v.visible) < r.cfg.K {
		i := slices.IndexFunc(v.reserve, func(e place) bool { return e.p.slot != absent && len(e.p.seenBy) < r.limit })
		if i < 0 {
			break
		}
		e := v.reserve[i]
		v.reserve = slices.Delete(v.reserve, i, i+1)
		r.show(v, e)
	}
	if len(v.visible) < r.cfg.K && (v.more || len(v.visible) < r.cfg.Few && len(v.reserve) > 0) {
		r.rescoreBy(v, max(r.now, v.ranked+r.dryWait(v)))
	}
}

// consider takes note of how much v wishes to see p now.
func (r *Reel) consider(v *viewer, p *person, score int32) {
	if i := v.find(p); i >= 0 {
		if score == policy.Ineligible {
			r.hide(v, i)
			r.refill(v)
		} else {
			v.visible[i].score = score
			slices.SortFunc(v.visible, before)
		}
		r.touch(v)
		return
	}
	v.unreserve(p)
	r.welcome(v, p, score)
}

// welcome is consider for someone who stands in no list.
func (r *Reel) welcome(v *viewer, p *person, score int32) {
	if score == policy.Ineligible || r.barredUntil(v.p, p) > 0 {
		return
	}
	e := place{p: p, score: score}
	if r.show(v, e) {
		r.touch(v)
		return
	}
	if last := len(v.visible) - 1; last >= 0 && int64(score) > int64(v.visible[last].score)+margin(v.visible) {
		r.stir(v) // the next ranking will show them
	}
	if at, _ := slices.BinarySearchFunc(v.reserve, e, before); at < r.cfg.Reserve {
		v.reserve = slices.Insert(v.reserve[:min(len(v.reserve), r.cfg.Reserve-1)], at, e)
	}
	if len(v.reserve) == r.cfg.Reserve {
		r.settleFloor(v, v.reserve[r.cfg.Reserve-1].score)
	}
}

// settleFloor has newcomers no better than this pass v by. More: that leaves
// people out who could be shown.
func (r *Reel) settleFloor(v *viewer, score int32) {
	if v.p.slot != absent {
		r.slots.floor[v.p.slot] = score
	}
	v.more = v.more || score != policy.Ineligible
}
