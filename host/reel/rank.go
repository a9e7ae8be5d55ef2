package reel

import (
	"cmp"
	"slices"

	"github.com/napalmsky/napalmsky/host/policy"
)

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
	rest, floor := r.best(v, t, scores)
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
	rest = append(rest, v.reserve...)
	slices.SortFunc(rest, before)
	if len(rest) > r.cfg.Reserve {
		rest = rest[:r.cfg.Reserve]
		floor = rest[len(rest)-1].score
	}
	v.reserve = append(v.reserve[:0], rest...)
	r.settleFloor(v, floor)
	if len(v.visible) < r.cfg.Few && v.more {
		r.spare(v, t, scores)
	}
}

// best finds the K+Reserve best that v could be shown and does not see, in
// order; nobody left out who could be shown has a score above floor. It sets
// v.more if there are any. The slice is scratch; who is passed over has become
// ineligible in scores.
func (r *Reel) best(v *viewer, t *table, scores []int32) (list []place, floor int32) {
	r.ignore(v, scores)
	want := r.cfg.K + r.cfg.Reserve
	keys := r.keys[:0]
	floor = policy.Ineligible
	cut := func() {
		slices.Sort(keys)
		if left := len(keys) - want; left > 0 {
			keys = keys[:copy(keys, keys[left:])]
			floor, v.more = scoreOf(keys[0]), true
		}
	}
	full := r.slots.full[:len(scores)]
	for slot, score := range scores {
		switch {
		case score <= floor: // nearly everyone, of many: no more than this comparison
		case full[slot]:
			v.more = true
		case t.rows[slot].p != nil:
			if keys = append(keys, keyOf(score, slot)); len(keys) == 4*want {
				cut()
			}
		}
	}
	cut()
	r.keys = keys[:0]
	list = r.pool[:0]
	for _, k := range slices.Backward(keys) {
		if p := t.rows[slotOf(k)].p; r.barredUntil(v.p, p) == 0 {
			list = append(list, place{p: p, score: scoreOf(k)})
		}
	}
	r.pool = list[:0]
	return list, floor
}

// ignore makes those ineligible whom a ranking of v passes over: themselves,
// whom they see already, and whom they may not.
func (r *Reel) ignore(v *viewer, scores []int32) {
	not := func(p *person) {
		if p != nil && p.slot != absent && p.slot < len(scores) {
			scores[p.slot] = policy.Ineligible
		}
	}
	not(v.p)
	for _, e := range v.visible {
		not(e.p)
	}
	for _, b := range v.p.bars {
		if b.until > r.now {
			not(r.people[b.other])
		}
	}
}

// A key is a score and a row in one number, so that many are sorted fast: the
// greater comes first, and of equal scores the lower row.
func keyOf(score int32, slot int) uint64 {
	return uint64(uint32(score)^1<<31)<<32 | uint64(^uint32(slot))
}

func scoreOf(key uint64) int32 { return int32(uint32(key>>32) ^ 1<<31) }
func slotOf(key uint64) int    { return int(^uint32(key)) }

// spare gives a viewer who would have fewer than Few faces some that are at
// their limit, the least exposed first.
func (r *Reel) spare(v *viewer, t *table, scores []int32) {
	extra := r.pool[:0]
	for slot, score := range scores {
		p := t.rows[slot].p
		if score != policy.Ineligible && p != nil && p != v.p && v.find(p) < 0 && r.barredUntil(v.p, p) == 0 {
			extra = append(extra, place{p: p, score: score})
		}
	}
	slices.SortFunc(extra, func(a, b place) int {
		return cmp.Or(cmp.Compare(len(a.p.seenBy), len(b.p.seenBy)), before(a, b))
	})
	for _, e := range extra[:min(len(extra), r.cfg.Few)] {
		r.show(v, e)
	}
	r.pool = extra[:0]
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
