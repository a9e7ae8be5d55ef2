package reel

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/napalmsky/napalmsky/host/policy"
)

// table is one generation's scorer with the people it knows. Row numbers are
// the reel's; a person the scorer failed on is missing from it.
type table struct {
	match policy.Match
	gen   policy.Generation
	rows  []row
	views int // lists that hold its scores
}

type row struct {
	p    *person
	data *policy.Person
}

func (t *table) holds(p *person) bool {
	return p.slot != absent && p.slot < len(t.rows) && t.rows[p.slot].p == p
}

func (t *table) set(slot int, w row) {
	if slot >= len(t.rows) {
		t.rows = append(t.rows, make([]row, slot+1-len(t.rows))...)
	}
	t.rows[slot] = w
	data := w.data
	if w.p == nil {
		data = &policy.Person{} // a plugin keeps nothing of those who left
	}
	t.match.Set(slot, data)
}

func (t *table) leave(p *person) {
	if !t.holds(p) {
		return
	}
	t.set(p.slot, row{})
	for len(t.rows) > 0 && t.rows[len(t.rows)-1].p == nil {
		t.rows = t.rows[:len(t.rows)-1]
	}
}

// stamp names a generation in an offer.
func stamp(g policy.Generation) string {
	return g.Digest[:min(12, len(g.Digest))] + "/" + strconv.Itoa(g.Params)
}

type scoring func(ctx context.Context, now int64, one, first int, out []int32) error

// scoreRows scores one against all rows of t at this moment. The scores are scratch, good until
// the next pass; none are given unless all could be had.
func (r *Reel) scoreRows(ctx context.Context, t *table, one int, score scoring) ([]int32, bool) {
	if cap(r.scores) < len(t.rows) {
		r.scores = make([]int32, 2*len(t.rows))
	}
	all := r.scores[:len(t.rows)]
	for first := 0; first < len(all); first += policy.MaxRowsPerCall {
		if !r.ask(ctx, t, score, one, first, all[first:min(first+policy.MaxRowsPerCall, len(all))]) {
			return nil, false
		}
	}
	return all, true
}

// ask is one call of a scorer.
func (r *Reel) ask(ctx context.Context, t *table, score scoring, one, first int, out []int32) bool {
	r.credit -= len(out)
	err := score(ctx, r.now, one, first, out)
	if err != nil && ctx.Err() == nil {
		r.count.MatchFailures++
		r.warn("match failed", err, t.gen)
	}
	return err == nil
}

// warn logs at most once a second: a broken plugin fails for everyone.
func (r *Reel) warn(msg string, err error, gen policy.Generation) {
	if r.now-r.loggedAt >= 1000 {
		r.loggedAt = r.now
		r.deps.Log.Warn("reel: "+msg, "err", err, "plugin", gen.Name, "generation", stamp(gen),
			"match_failures", r.count.MatchFailures, "ranker_errors", r.count.RankerErrors)
	}
}

// admit has every scorer take p as they are now, and those who watch consider
// them. While a scorer fails on p, p is missing from it (or stands there as
// before), and is tried again: a row that breaks a plugin breaks nobody's list.
func (r *Reel) admit(ctx context.Context, p *person) {
	if p.slot == absent {
		return
	}
	ok := true
	for _, t := range r.tables {
		if !t.holds(p) || t.rows[p.slot].data != p.row {
			ok = r.seat(ctx, t, p) && ok
		}
	}
	if p.view != nil {
		r.rankSoon(p.view)
	}
	for _, v := range p.seenBy {
		if v.table == nil {
			r.rescoreBy(v, r.now) // no scorer is left that could have told
		}
	}
	if ok {
		p.tries, p.retryAt = 0, 0
	} else {
		p.tries++
		p.retryAt = r.now + r.backoff(p.tries)
		r.ranks.set(p.retryAt, admitDue, p.id)
	}
}

func (r *Reel) seat(ctx context.Context, t *table, p *person) bool {
	was := row{}
	if t.holds(p) {
		was = t.rows[p.slot]
	}
	t.set(p.slot, row{p, p.row})
	scores, ok := r.scoreRows(ctx, t, p.slot, t.match.ScoreFor)
	if !ok {
		t.set(p.slot, was)
		return false
	}
	if was.p == nil {
		r.introduce(t, p, scores)
		return true
	}
	for slot, score := range scores {
		if o := t.rows[slot].p; o != nil && o != p && o.view != nil && o.view.table == t {
			r.consider(o.view, p, score)
		}
	}
	return true
}

// introduce has everyone take note of a newcomer. It concerns few of many.
func (r *Reel) introduce(t *table, p *person, scores []int32) {
	floor := r.slots.floor[:len(scores)]
	for slot, score := range scores {
		if score <= floor[slot] {
			continue
		}
		if o := t.rows[slot].p; o != nil && o != p && o.view != nil && o.view.table == t {
			r.welcome(o.view, p, score)
		}
	}
}

// rescore ranks v's list by the current generation. If that fails a list of
// the one before is better than none, but the way back from a newer list to an
// older one is not taken: then the list stands as it is.
func (r *Reel) rescore(ctx context.Context, v *viewer) {
	v.refreshAt = 0
	for _, t := range slices.Backward(r.tables) {
		if t.holds(v.p) {
			if scores, ok := r.scoreRows(ctx, t, v.p.slot, t.match.Score); ok {
				v.fails = 0
				r.rank(v, t, scores)
				r.lease(v, t)
				v.gen = t.gen
				r.paceRank(v)
				r.count.Rescored++
				r.touch(v)
				return
			}
		}
		if v.table == t {
			break
		}
	}
	v.fails++
	r.rescoreBy(v, r.now+r.backoff(v.fails))
	if len(v.joining) > 0 {
		r.touch(v)
	}
}

// lease has v's list stand on t (nil: on none).
func (r *Reel) lease(v *viewer, t *table) {
	if v.table != nil {
		v.table.views--
	}
	if v.table = t; t != nil {
		t.views++
	}
}

// renew takes the scorer of a new generation, if there is one. The lists move
// to it each at its own phase of one period; the old one is kept until the last
// has moved.
func (r *Reel) renew(ctx context.Context) {
	if r.now < r.renewAt || ctx.Err() != nil || len(r.tables) > 0 && !r.deps.Stale() {
		return
	}
	m, err := r.deps.Ranker(ctx)
	if err != nil {
		r.renewTries++
		r.count.RankerErrors++
		r.warn("no scorer", err, policy.Generation{})
		r.renewLater(r.backoff(r.renewTries))
		return
	}
	r.renewTries = 0
	t := &table{match: m, gen: m.Generation()}
	if len(r.tables) > 0 && r.tables[len(r.tables)-1].gen == t.gen {
		r.closeTable(ctx, t) // nothing new after all
		r.renewLater(r.backoff(1))
		return
	}
	r.count.Generations++
	t.rows = make([]row, 0, len(r.slots.people))
	for slot, p := range r.slots.people {
		if p != nil {
			t.set(slot, row{p, p.row})
			r.sweep(p.view)
		}
	}
	r.tables = append(r.tables, t)
	r.retire(ctx)
}

// sweep has a list move to a new generation: within a period, and soon if there
// is nothing in it to look at meanwhile.
func (r *Reel) sweep(v *viewer) {
	switch {
	case v == nil:
	case len(v.visible) == 0:
		r.rankSoon(v)
	default:
		r.rescoreBy(v, r.phase(v.p.id))
	}
}

func (r *Reel) renewLater(wait int64) {
	r.renewAt = r.now + wait
	r.chores.set(r.renewAt, renewDue, 0)
}

// retire closes the generations before the current one on which no list stands
// any more. Where new ones come faster than lists can follow, it keeps but one
// of them: lists of an older one stand, and nobody joins them until they move.
func (r *Reel) retire(ctx context.Context) {
	for i := len(r.tables) - 2; i >= 0; i-- {
		t := r.tables[i]
		if t.views > 0 && i == len(r.tables)-2 {
			continue
		}
		for _, p := range r.slots.people {
			if p != nil && p.view != nil && p.view.table == t {
				r.lease(p.view, nil)
				p.view.reserve, p.view.more = p.view.reserve[:0], true // nobody keeps it true any more
			}
		}
		r.tables = slices.Delete(r.tables, i, i+1)
		r.closeTable(ctx, t)
	}
}

func (r *Reel) closeTable(ctx context.Context, t *table) {
	if err := t.match.Close(ctx); err != nil && !errors.Is(err, context.Canceled) {
		r.warn("closing a scorer", err, t.gen)
	}
}
