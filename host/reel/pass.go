package reel

import (
	"context"
	"time"
)

// A pass is one turn of the goroutine: news, rankings, updates, in this order
// and each within an allowance, so that none keeps the others waiting for long
// however many people come at once. The allowance is counted in rows, never in
// time: the same feed has the same passes.
const (
	allowance = 16_384 // rows that each of the three may score: well below a millisecond
	chore     = 64     // what a piece of news or an update costs beside its scores, in rows
)

// pass does what is due now, and tells how long nothing will be (ok: if
// anything ever is, without news).
func (r *Reel) pass(ctx context.Context) (wait time.Duration, ok bool) {
	r.now = r.clock.ms()
	r.renew(ctx)
	r.follow(ctx)
	r.spend(ctx, &r.ranks)
	r.spend(ctx, &r.chores)
	r.ranks.tidy(r.counts)
	r.chores.tidy(r.counts)
	r.retire(ctx)
	r.publish()
	if r.heard < len(r.news) {
		return 0, true
	}
	at, ok := r.ranks.next()
	if then, is := r.chores.next(); is && (!ok || then < at) {
		at, ok = then, true
	}
	return time.Duration(max(0, at-r.clock.ms())) * time.Millisecond, ok
}

// follow applies news, in order; what is too much for one pass waits for the next.
func (r *Reel) follow(ctx context.Context) {
	if r.heard == len(r.news) {
		clear(r.news)
		r.mu.Lock()
		r.news, r.inbox = r.inbox, r.news[:0]
		r.mu.Unlock()
		r.heard = 0
	}
	for r.credit = allowance; r.heard < len(r.news) && r.credit > 0; r.heard++ {
		it := r.news[r.heard]
		r.clock.heed(it.At)
		r.now = r.clock.ms()
		r.seq = max(r.seq, it.Seq)
		r.apply(ctx, it)
		r.credit -= chore
	}
}

// spend rings the alarms that are due.
func (r *Reel) spend(ctx context.Context, of *alarms) {
	for r.credit = allowance; r.credit > 0 && ctx.Err() == nil; r.credit -= chore {
		a, due := of.due(r.now)
		if !due {
			return
		}
		r.ring(ctx, a)
	}
}

// ring does what an alarm is for, unless it was overtaken.
func (r *Reel) ring(ctx context.Context, a alarm) {
	if !r.counts(a) {
		return
	}
	p := r.people[a.who]
	switch a.kind {
	case forgetDue:
		r.offers.forget(a.who, r.now)
	case renewDue:
		r.renew(ctx)
	case admitDue:
		p.retryAt = 0
		r.admit(ctx, p)
	case barDue:
		r.unbar(ctx, p)
	case flushDue:
		r.flush(p.view)
	case refreshDue:
		r.rescore(ctx, p.view)
	}
}

// counts says that whoever an alarm is for still waits for it.
func (r *Reel) counts(a alarm) bool {
	if a.kind == forgetDue || a.kind == renewDue {
		return true
	}
	p := r.people[a.who]
	if p == nil {
		return false
	}
	switch v := p.view; a.kind {
	case admitDue:
		return p.retryAt == a.at
	case barDue:
		return p.barAt == a.at
	case flushDue:
		return v != nil && v.flushAt == a.at
	case refreshDue:
		return v != nil && v.refreshAt == a.at
	}
	return false
}

func (r *Reel) publish() {
	r.count.ExposureMax = max(0, len(r.exposure)-1)
	r.mu.Lock()
	r.stats = r.count
	r.mu.Unlock()
}
