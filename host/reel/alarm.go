package reel

import (
	"slices"
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
	barDue                 // a person's first bar ends
	forgetDue              // what a viewer was offered is too old
	renewDue               // the ranker is asked again
)

// alarm is something to do at a time. One that was overtaken is left in the
// heap for a while; whoever it is for knows the time of theirs that counts.
type alarm struct {
	at   int64
	nth  uint64 // among equal times the first set rings first: same feed, same order
	who  lobby.PersonID
	kind kind
}

func (a alarm) before(b alarm) bool { return a.at < b.at || a.at == b.at && a.nth < b.nth }

// alarms is a binary heap, the first to ring on top. It is written out because
// container/heap boxes each element, thousands a second.
type alarms struct {
	heap []alarm
	nth  uint64
	kept int // so many counted when it was last tidied
}

func (s *alarms) set(at int64, k kind, who lobby.PersonID) {
	s.nth++
	s.heap = append(s.heap, alarm{at, s.nth, who, k})
	h := s.heap
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (s *alarms) next() (at int64, ok bool) {
	if len(s.heap) == 0 {
		return 0, false
	}
	return s.heap[0].at, true
}

// due takes the next alarm if its time has come.
func (s *alarms) due(now int64) (alarm, bool) {
	if at, ok := s.next(); !ok || at > now {
		return alarm{}, false
	}
	h := s.heap
	top, last := h[0], len(h)-1
	h[0] = h[last]
	s.heap = h[:last]
	s.sink(0)
	return top, true
}

func (s *alarms) sink(i int) {
	h := s.heap
	for {
		down := 2*i + 1
		if down >= len(h) {
			return
		}
		if down+1 < len(h) && h[down+1].before(h[down]) {
			down++
		}
		if !h[down].before(h[i]) {
			return
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}

// tidy drops the alarms that count no more, whenever there are twice as many as
// counted the last time: a bar that ends tomorrow need not be waited for when its
// people have left. In all that is a few steps for each alarm set.
func (s *alarms) tidy(counts func(alarm) bool) {
	if len(s.heap) < 2*s.kept+256 {
		return
	}
	s.heap = slices.Clone(slices.DeleteFunc(s.heap, func(a alarm) bool { return !counts(a) }))
	s.kept = len(s.heap)
	for i := s.kept/2 - 1; i >= 0; i-- {
		s.sink(i)
	}
}
