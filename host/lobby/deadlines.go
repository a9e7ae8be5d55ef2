package lobby

import "container/heap"

// timer is one wait's deadline.
type timer struct {
	at  int64  // ms
	n   uint64 // timers of one moment fire in the order they were armed
	pos int    // in the heap; -1 once it is out
	due func()
}

// timers is a heap with the earliest deadline on top.
type timers struct {
	heap  []*timer
	armed uint64
}

func (t *timers) Len() int { return len(t.heap) }

func (t *timers) Less(i, j int) bool {
	a, b := t.heap[i], t.heap[j]
	return a.at < b.at || a.at == b.at && a.n < b.n
}

func (t *timers) Swap(i, j int) {
	t.heap[i], t.heap[j] = t.heap[j], t.heap[i]
	t.heap[i].pos, t.heap[j].pos = i, j
}

func (t *timers) Push(x any) {
	tm := x.(*timer)
	tm.pos = len(t.heap)
	t.heap = append(t.heap, tm)
}

func (t *timers) Pop() any {
	last := len(t.heap) - 1
	tm := t.heap[last]
	t.heap[last] = nil
	t.heap = t.heap[:last]
	tm.pos = -1
	return tm
}

// arm makes due run in the first step at or after at.
func (l *Lobby) arm(at int64, due func()) *timer {
	l.timers.armed++
	tm := &timer{at: at, n: l.timers.armed, due: due}
	heap.Push(&l.timers, tm)
	return tm
}

// disarm forgets a timer; nil and one that has fired are fine.
func (l *Lobby) disarm(tm *timer) {
	if tm != nil && tm.pos >= 0 {
		heap.Remove(&l.timers, tm.pos)
	}
}

// fire runs all that is due. Whatever a due wait arms anew lies in the future,
// except for a rule of 0 ms, which is then due in the same step.
func (l *Lobby) fire() {
	for len(l.timers.heap) > 0 && l.timers.heap[0].at <= l.now {
		heap.Pop(&l.timers).(*timer).due()
	}
}

// NextDeadline says when (Unix ms) the next wait is over; false if nothing waits.
// A Step at or after it is needed, if only with a Tick.
func (l *Lobby) NextDeadline() (ms int64, ok bool) {
	if len(l.timers.heap) == 0 {
		return 0, false
	}
	return l.timers.heap[0].at, true
}
