package reel

import (
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// When lists are ranked.
//
// A list is ranked afresh once a period, because waiting times grow and faces
// reach their limit or fall below it; whoever comes meanwhile is held against
// it one by one (admit). A ranking costs as much as there are people, so the
// period grows with them, and what all rankings cost each person does not. A
// list to which nothing happens, and which a ranking leaves as it was, waits
// twice as long for the next, up to 1<<mostQuiet periods; whatever happens to
// it calls it back.
//
// Everyone has a phase of their own in the period, so that lists that began
// together are not ranked together, nor all at once when a generation changes.

const mostQuiet = 2

// period is between two rankings of a list to which something happens, in ms.
func (r *Reel) period() int64 {
	return max(r.cfg.Refresh, time.Duration(r.count.People)*r.cfg.RefreshEach).Milliseconds()
}

// phase is the next moment that is this viewer's own in the period: spread over
// it however many came at once.
func (r *Reel) phase(id lobby.PersonID) int64 {
	period := r.period()
	own := int64(uint64(id)*0x9E3779B97F4A7C15>>33) % period
	return r.now + period - (r.now-own)%period
}

// rescoreBy has v ranked at that time, if it is not to be earlier anyway.
func (r *Reel) rescoreBy(v *viewer, at int64) {
	if v.refreshAt == 0 || at < v.refreshAt {
		v.refreshAt = at
		r.ranks.set(at, refreshDue, v.p.id)
	}
}

// rankSoon has a list ranked before those that are merely due: someone is
// waiting for it.
func (r *Reel) rankSoon(v *viewer) { r.rescoreBy(v, soon) }

// soon is before any time.
const soon = 1

// paceRank plans the ranking after one that is done: after a list's first at
// its own phase, then a period later each time.
func (r *Reel) paceRank(v *viewer) {
	first := v.ranked == 0
	v.ranked = r.now
	if first {
		v.moved = false
		r.rescoreBy(v, r.phase(v.p.id))
		return
	}
	current := v.table == r.tables[len(r.tables)-1]
	if v.moved || !current || v.more && len(v.visible) < r.cfg.K {
		v.quiet = 0
	} else {
		v.quiet = min(v.quiet+1, mostQuiet)
	}
	v.moved = false
	r.rescoreBy(v, r.now+r.period()<<v.quiet)
}

// stir takes note that something happened to v's list, or to a face in it.
func (r *Reel) stir(v *viewer) {
	v.moved = true
	if v.quiet > 0 {
		v.quiet = 0
		r.rescoreBy(v, max(v.ranked+r.period(), r.phase(v.p.id)))
	}
}

// dryWait is how long after a ranking a list whose reserve ran dry waits for
// the next, in ms: where there is still something to look at, a tenth of a period.
func (r *Reel) dryWait(v *viewer) int64 {
	if len(v.visible) < r.cfg.Few {
		return r.cfg.MinInterval.Milliseconds()
	}
	return max(r.cfg.MinInterval.Milliseconds(), r.period()/10)
}

// backoff is the wait before try n+1, in ms: 250, 500, … up to a refresh.
func (r *Reel) backoff(n int) int64 {
	return min(int64(250)<<min(n-1, 10), r.cfg.Refresh.Milliseconds())
}
