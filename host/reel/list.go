package reel

import (
	"cmp"
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
	i, _ := e.p.seenIndex(v)
	e.p.seenBy = slices.Insert(e.p.seenBy, i, v)
	r.exposed(len(e.p.seenBy)-1, len(e.p.seenBy))
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
	at, _ := e.p.seenIndex(v)
	e.p.seenBy = slices.Delete(e.p.seenBy, at, at+1)
	r.exposed(len(e.p.seenBy)+1, len(e.p.seenBy))
	return e
}

// exposed keeps the count of faces by their viewers; its length is the
// greatest exposure and one.
func (r *Reel) exposed(was, is int) {
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
		r.rescoreBy(v, max(r.now, v.ranked+r.cfg.MinInterval.Milliseconds()))
	}
}

// consider takes note of how much v wishes to see p now. New: p was in nobody's list.
func (r *Reel) consider(v *viewer, p *person, score int32, isNew bool) {
	e := place{p: p, score: score}
	switch {
	case isNew:
		// Most newcomers concern most viewers not at all: no more than this comparison.
		if len(v.visible) == r.cfg.K && len(v.reserve) == r.cfg.Reserve && before(v.reserve[len(v.reserve)-1], e) < 0 {
			v.more = v.more || score != policy.Ineligible
			return
		}
	case v.sees(p):
		i := v.find(p)
		if score == policy.Ineligible {
			r.hide(v, i)
			r.refill(v)
		} else {
			v.visible[i].score = score
			slices.SortFunc(v.visible, before)
		}
		r.touch(v)
		return
	default:
		v.unreserve(p)
	}
	if score == policy.Ineligible {
		return
	}
	if until := r.barredUntil(v.p, p); until > 0 {
		r.rescoreBy(v, until)
		return
	}
	if r.show(v, e) {
		r.touch(v)
		return
	}
	at, _ := slices.BinarySearchFunc(v.reserve, e, before)
	v.reserve = slices.Insert(v.reserve, at, e)
	if len(v.reserve) > r.cfg.Reserve {
		v.reserve = v.reserve[:r.cfg.Reserve]
		v.more = true
	}
}

// rank makes v's list from t's scores of every row, all of one moment.
func (r *Reel) rank(v *viewer, t *table, scores []int32) {
	flip := v.table != t
	for i := len(v.visible) - 1; i >= 0; i-- {
		p := v.visible[i].p
		// A new generation's list starts afresh: it owes the old order nothing.
		if flip || !t.holds(p) || scores[p.slot] == policy.Ineligible || r.barredUntil(v.p, p) > 0 {
			r.hide(v, i)
		} else {
			v.visible[i].score = scores[p.slot]
		}
	}
	slices.SortFunc(v.visible, before)

	v.more = false
	rest := r.best(v, t, scores)
	for len(rest) > 0 && r.show(v, rest[0]) {
		rest = rest[1:]
	}
	v.reserve = v.reserve[:0]
	beat := margin(v.visible)
	for len(rest) > 0 && len(v.visible) == r.cfg.K {
		last := v.visible[r.cfg.K-1]
		if int64(rest[0].score) <= int64(last.score)+beat {
			break
		}
		v.reserve = append(v.reserve, r.hide(v, r.cfg.K-1))
		r.show(v, rest[0])
		rest = rest[1:]
	}
	v.reserve = append(v.reserve, rest...)
	slices.SortFunc(v.reserve, before)
	if len(v.reserve) > r.cfg.Reserve {
		v.reserve = v.reserve[:r.cfg.Reserve]
		v.more = true
	}
	if len(v.visible) < r.cfg.Few && v.more {
		r.spare(v, t, scores)
	}
}

// best finds the K+Reserve best that v could be shown and does not see, in
// order, and sets v.more if there are others. The slice is scratch.
func (r *Reel) best(v *viewer, t *table, scores []int32) []place {
	r.mark++
	for _, e := range v.visible {
		e.p.mark = r.mark
	}
	want := r.cfg.K + r.cfg.Reserve
	pool, bound := r.pool[:0], place{}
	cut := func() {
		slices.SortFunc(pool, before)
		if len(pool) > want {
			v.more = true
			pool = pool[:want]
			bound = pool[want-1]
		}
	}
	for slot, score := range scores {
		p := t.rows[slot].p
		if score == policy.Ineligible || p == nil || p == v.p || p.mark == r.mark {
			continue
		}
		e := place{p: p, score: score}
		if bound.p != nil && before(bound, e) < 0 || len(p.seenBy) >= r.limit {
			v.more = true
			continue
		}
		if until := r.barredUntil(v.p, p); until > 0 {
			r.rescoreBy(v, until)
			continue
		}
		if pool = append(pool, e); len(pool) == 4*want {
			cut()
		}
	}
	cut()
	r.pool = pool[:0]
	return pool
}

// spare gives a viewer who would have fewer than Few faces some that are at
// their limit, the least exposed first.
func (r *Reel) spare(v *viewer, t *table, scores []int32) {
	var extra []place
	for slot, score := range scores {
		p := t.rows[slot].p
		if score != policy.Ineligible && p != nil && p != v.p && !v.sees(p) && r.barredUntil(v.p, p) == 0 {
			extra = append(extra, place{p: p, score: score})
		}
	}
	slices.SortFunc(extra, func(a, b place) int {
		return cmp.Or(cmp.Compare(len(a.p.seenBy), len(b.p.seenBy)), before(a, b))
	})
	for _, e := range extra[:min(len(extra), r.cfg.Few)] {
		r.show(v, e)
	}
}

// margin is by how much a score must differ to matter to a person looking at
// this list: an eighth of the list's own range, for only the plugin knows what
// its points are worth.
func margin(list []place) int64 {
	if len(list) == 0 {
		return 1
	}
	return max(1, (int64(list[0].score)-int64(list[len(list)-1].score))/8)
}
