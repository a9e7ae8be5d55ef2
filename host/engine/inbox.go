package engine

import (
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
)

// message is something the engine's goroutine applies to itself.
type message interface{ apply(*Engine) }

// inbox is one line, in order of arrival, with reserved room: people's wishes
// are refused when too many wait, answers to what the engine itself asked are
// bounded by the questions and so always find room.
type inbox struct {
	mu       sync.Mutex
	line     []message
	spare    []message // the last line, to be used again
	wishes   int       // how many of the line are people's
	limit    int
	isClosed bool
	wake     chan struct{} // holds one token while there is something to take
}

func (q *inbox) init(limit int) {
	q.limit = limit
	q.wake = make(chan struct{}, 1)
}

// wish queues a person's wish: conn.ErrOverloaded when full.
func (q *inbox) wish(m message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.isClosed {
		return conn.ErrClosed
	}
	if q.wishes >= q.limit {
		return conn.ErrOverloaded
	}
	q.wishes++
	q.push(m)
	return nil
}

// patience is how many messages without hurry may wait for one with.
const patience = 64

// aside queues a person's message that brings nothing about, so the engine is
// not woken for it alone.
func (q *inbox) aside(m message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.isClosed {
		return conn.ErrClosed
	}
	if q.wishes >= q.limit {
		return conn.ErrOverloaded
	}
	q.wishes++
	if q.line = append(q.line, m); len(q.line) >= patience {
		q.rouse()
	}
	return nil
}

// answer queues what must not be refused. It reports false once the engine has ended.
func (q *inbox) answer(m message) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.isClosed {
		return false
	}
	q.push(m)
	return true
}

func (q *inbox) push(m message) {
	q.line = append(q.line, m)
	q.rouse()
}

func (q *inbox) rouse() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take empties the line. The slice is good until the next take.
func (q *inbox) take() []message {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.spare)
	all := q.line
	q.line, q.spare, q.wishes = q.spare[:0], all, 0
	return all
}

func (q *inbox) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.isClosed = true
}

// queue hands work to a few goroutines. It is unbounded because what stands in
// it is bounded by the people in the lobby: each has a handful of open questions.
type queue[T any] struct {
	mu     sync.Mutex
	cond   sync.Cond
	items  []T
	due    bool // whoever waits for work may have it
	closed bool
}

func (q *queue[T]) init() { q.cond.L = &q.mu }

func (q *queue[T]) put(v T) {
	q.mu.Lock()
	q.items = append(q.items, v)
	q.due = true
	q.mu.Unlock()
	q.cond.Signal()
}

// putLazily adds work that waits for company, in its place in the line: for
// what is put after it, or else for so long.
func (q *queue[T]) putLazily(v T, most time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.items = append(q.items, v); len(q.items) == 1 {
		time.AfterFunc(most, q.rouse)
	}
}

func (q *queue[T]) rouse() {
	q.mu.Lock()
	q.due = len(q.items) > 0
	q.mu.Unlock()
	q.cond.Signal()
}

// takeAll waits for work and takes what there is, at most limit; nil means closed and empty.
func (q *queue[T]) takeAll(limit int) []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.due && !q.closed {
		q.cond.Wait()
	}
	n := min(limit, len(q.items))
	batch := append([]T(nil), q.items[:n]...)
	q.items = append(q.items[:0], q.items[n:]...)
	q.due = len(q.items) > 0
	return batch
}

func (q *queue[T]) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.cond.Broadcast()
}
