package journal

import (
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
)

type (
	stepped struct {
		at      lobby.Stamp
		ev      lobby.Event
		effects []lobby.Effect
	}
	shown struct {
		at int64
		u  reel.Update
	}
)

// queue holds what is to be written, up to a bound. Whatever finds no room is
// counted and forgotten; the count takes its place as soon as there is some.
type queue struct {
	mu     sync.Mutex
	items  []any
	bytes  int // about what the items keep in memory
	limit  int
	gap    Gap
	lost   uint64
	closed bool
	wake   chan struct{} // holds one token while there is something to take
}

func (q *queue) init(limit int) { q.limit, q.wake = limit, make(chan struct{}, 1) }

func (q *queue) put(it any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	size := sizeOf(it)
	limit := q.limit
	if _, ok := it.(shown); ok {
		limit /= 2 // without reels an evening can still be verified, without steps it cannot
	}
	if q.bytes+size > limit {
		q.lost++
		q.gap.count(it)
		return
	}
	if q.gap != (Gap{}) {
		q.items = append(q.items, q.gap)
		q.gap = Gap{}
	}
	q.items = append(q.items, it)
	q.bytes += size
	if q.bytes >= q.limit/8 {
		q.signal() // before that the next flush is soon enough
	}
}

// count counts a record that is lost.
func (g *Gap) count(it any) {
	switch it.(type) {
	case stepped:
		g.Steps++
	case Row:
		g.Rows++
	case shown:
		g.Shown++
	}
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take empties the queue.
func (q *queue) take() (items []any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	items = q.items
	q.items, q.bytes = nil, 0
	if q.closed && q.gap != (Gap{}) {
		items = append(items, q.gap)
		q.gap = Gap{}
	}
	return items
}

// close lets nothing in any more; what is in is still taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

// isClosed says that nothing will come any more.
func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *queue) lostInAll() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}

// sizeOf guesses at the memory an item keeps from being reused.
func sizeOf(it any) int {
	const record, effect, place = 256, 128, 64
	switch it := it.(type) {
	case stepped:
		n := record + effect*len(it.effects)
		switch ev := it.ev.(type) {
		case lobby.Signal:
			n += len(ev.Body)
		case lobby.Chat:
			n += len(ev.Body)
		case lobby.Share:
			n += len(ev.Body)
		case lobby.Report:
			n += len(ev.Body)
		case lobby.Loaded:
			n += place * len(ev.Bars)
		case lobby.Recovered:
			n += place * len(ev.Calls)
		}
		return n
	case shown:
		n := record + place*(len(it.u.Put)+len(it.u.Scores)+len(it.u.Gone))
		for _, e := range it.u.Put {
			n += len(e.Card)
		}
		return n
	}
	return record
}
