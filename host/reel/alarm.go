package reel

import (
	"container/heap"
	"context"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// clock counts Unix milliseconds from where it was started, by the monotonic
// reading: a wall clock set back must not silence the reel for an hour.
type clock struct {
	now   func() time.Time
	start time.Time // on a whole millisecond
	base  int64
}

func startClock(now func() time.Time) clock {
	t := now()
	t = t.Add(-time.Duration(t.Nanosecond() % int(time.Millisecond)))
	return clock{now: now, start: t, base: t.UnixMilli()}
}

func (c *clock) ms() int64 { return c.base + c.now().Sub(c.start).Milliseconds() }

// heed follows the lobby's clock where it is ahead, so that a bar is over here
// when it is over there.
func (c *clock) heed(at int64) {
	if ahead := at - c.ms(); ahead > 0 {
		c.base += ahead
	}
}

type kind uint8

const (
	flushDue   kind = iota // a viewer's update may go out
	refreshDue             // a viewer's list is to be ranked
	admitDue               // a person whom the scorer failed is tried again
	forgetDue              // what a viewer was offered is too old
	renewDue               // the ranker is asked again
)

// alarm is something to do at a time. One that was overtaken is left in the
// heap; whoever it is for knows the time of theirs that counts.
type alarm struct {
	at   int64
	nth  uint64 // among equal times the first set rings first: same feed, same order
	kind kind
	who  lobby.PersonID
}

type alarms struct {
	heap alarmHeap
	nth  uint64
}

func (s *alarms) set(at int64, k kind, who lobby.PersonID) {
	s.nth++
	heap.Push(&s.heap, alarm{at, s.nth, k, who})
}

func (s *alarms) next() (at int64, ok bool) {
	if len(s.heap) == 0 {
		return 0, false
	}
	return s.heap[0].at, true
}

func (s *alarms) due(now int64) (alarm, bool) {
	if at, ok := s.next(); !ok || at > now {
		return alarm{}, false
	}
	return heap.Pop(&s.heap).(alarm), true
}

type alarmHeap []alarm

func (h alarmHeap) Len() int { return len(h) }
func (h alarmHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].nth < h[j].nth
}
func (h alarmHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *alarmHeap) Push(x any)   { *h = append(*h, x.(alarm)) }
func (h *alarmHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// ring does what an alarm is for, unless it was overtaken.
func (r *Reel) ring(ctx context.Context, a alarm) {
	switch a.kind {
	case forgetDue:
		r.offers.forget(a.who, r.now)
		return
	case renewDue:
		r.renew(ctx)
		return
	}
	p := r.people[a.who]
	if p == nil {
		return
	}
	switch v := p.view; {
	case a.kind == admitDue && p.retryAt == a.at:
		p.retryAt = 0
		r.admit(ctx, p)
	case a.kind == flushDue && v != nil && v.flushAt == a.at:
		r.flush(v)
	case a.kind == refreshDue && v != nil && v.refreshAt == a.at:
		r.rescore(ctx, v)
	}
}

// backoff is the wait before try n+1, in ms: 250, 500, … up to a refresh.
func (r *Reel) backoff(n int) int64 {
	return min(int64(250)<<min(n-1, 10), r.cfg.Refresh.Milliseconds())
}

// phase is the next moment that is this viewer's own in the refresh period:
// spread over it however many came at once.
func (r *Reel) phase(id lobby.PersonID) int64 {
	period := r.cfg.Refresh.Milliseconds()
	own := int64(uint64(id)*0x9E3779B97F4A7C15>>33) % period
	return r.now + period - (r.now-own)%period
}
