package reel

import (
	"cmp"
	"context"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// bar keeps a person from another.
type bar struct {
	other lobby.PersonID
	until int64 // ms
}

// bars are all of one person's, by the other's id. A pair's bar is written down
// with both people as far as they are here, and holds if either has it.
type bars []bar

func (b bars) find(other lobby.PersonID) (int, bool) {
	return slices.BinarySearchFunc(b, other, func(x bar, id lobby.PersonID) int { return cmp.Compare(x.other, id) })
}

func (b bars) until(other lobby.PersonID) int64 {
	if i, ok := b.find(other); ok {
		return b[i].until
	}
	return 0
}

// setBar replaces what keeps p from other; an until that is over is none.
func (r *Reel) setBar(p *person, other lobby.PersonID, until int64) {
	i, ok := p.bars.find(other)
	switch {
	case until <= r.now && ok:
		p.bars = slices.Delete(p.bars, i, i+1)
	case until <= r.now:
	case ok:
		p.bars[i].until = until
	default:
		p.bars = slices.Insert(p.bars, i, bar{other, until})
	}
	if until > r.now {
		r.barEnds(p, until)
	}
}

// barEnds has p looked after when a bar ends, if not before.
func (r *Reel) barEnds(p *person, until int64) {
	if until != lobby.Forever && (p.barAt == 0 || until < p.barAt) {
		p.barAt = until
		r.chores.set(until, barDue, p.id)
	}
}

// barredUntil tells until when (ms) the two cannot meet; 0 is not at all.
func (r *Reel) barredUntil(a, b *person) int64 {
	if until := max(a.bars.until(b.id), b.bars.until(a.id)); until > r.now {
		return until
	}
	return 0
}

func (r *Reel) barred(ctx context.Context, n lobby.Barred) {
	a, b := r.people[n.A], r.people[n.B]
	if a != nil {
		r.setBar(a, n.B, n.Until)
	}
	if b != nil {
		r.setBar(b, n.A, n.Until)
	}
	switch {
	case a == nil || b == nil:
	case n.Until > r.now:
		r.keepApart(a, b)
	default:
		r.reunite(ctx, a, b)
	}
}

// keepApart takes each of two barred people out of the other's list.
func (r *Reel) keepApart(a, b *person) {
	if b != nil {
		r.part(a.view, b)
		r.part(b.view, a)
	}
}

// unbar forgets p's bars that are over. Each costs two scores, not two rankings.
func (r *Reel) unbar(ctx context.Context, p *person) {
	p.barAt = 0
	var over []lobby.PersonID
	p.bars = slices.DeleteFunc(p.bars, func(b bar) bool {
		if b.until > r.now {
			r.barEnds(p, b.until)
			return false
		}
		over = append(over, b.other)
		return true
	})
	for _, id := range over {
		if o := r.people[id]; o != nil && r.barredUntil(p, o) == 0 {
			r.setBar(o, p.id, 0)
			r.reunite(ctx, p, o)
		}
	}
}

// reunite lets two people consider each other whom nothing keeps apart any more.
func (r *Reel) reunite(ctx context.Context, a, b *person) {
	r.reconsider(ctx, a.view, b)
	r.reconsider(ctx, b.view, a)
}

func (r *Reel) reconsider(ctx context.Context, v *viewer, p *person) {
	if v == nil || v.table == nil || !v.table.holds(v.p) || !v.table.holds(p) {
		return // the list that is ranked next knows
	}
	var score [1]int32
	if !r.ask(ctx, v.table, v.table.match.Score, v.p.slot, p.slot, score[:]) {
		r.rescoreBy(v, r.phase(v.p.id))
		return
	}
	r.consider(v, p, score[0])
}
