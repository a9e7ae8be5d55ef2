package api

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxTracked bounds how many keys a limiter remembers.
const maxTracked = 1 << 15

// limiter allows each key so many acts a minute. It forgets keys that have been
// quiet long enough to be as good as new, and beyond maxTracked those that were
// quiet longest. Safe for concurrent use.
type limiter[K comparable] struct {
	limit rate.Limit
	burst int
	idle  time.Duration // after this a bucket is full again

	mu     sync.Mutex
	byKey  map[K]*list.Element
	recent *list.List // of *bucket[K], the latest in front
}

type bucket[K comparable] struct {
	key  K
	used time.Time
	rate *rate.Limiter
}

// newLimiter: perMinute 0 allows everything; a burst below 1 is 1.
func newLimiter[K comparable](perMinute, burst int) *limiter[K] {
	burst = max(burst, 1)
	l := &limiter[K]{limit: rate.Inf, burst: burst, byKey: map[K]*list.Element{}, recent: list.New()}
	if perMinute > 0 {
		l.limit = rate.Limit(float64(perMinute) / 60)
		l.idle = time.Minute * time.Duration(burst) / time.Duration(perMinute)
	}
	return l
}

// take counts one act of key at now. It answers 0 if that is allowed, otherwise
// how long until the next one would be (and counts nothing).
func (l *limiter[K]) take(key K, now time.Time) (wait time.Duration) {
	if l.limit == rate.Inf {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byKey[key]
	if !ok {
		l.forget(now)
		e = l.recent.PushFront(&bucket[K]{key: key, rate: rate.NewLimiter(l.limit, l.burst)})
		l.byKey[key] = e
	}
	l.recent.MoveToFront(e)
	b := e.Value.(*bucket[K])
	b.used = now
	r := b.rate.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// give takes back one act of key that take allowed.
func (l *limiter[K]) give(key K, now time.Time) {
	if l.limit == rate.Inf {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.byKey[key]; ok {
		e.Value.(*bucket[K]).rate.ReserveN(now, -1) // a bucket never holds more than its burst
	}
}

// forget makes room: at most two keys a call, so that no call pays for many.
func (l *limiter[K]) forget(now time.Time) {
	for range 2 {
		last := l.recent.Back()
		if last == nil {
			return
		}
		if b := last.Value.(*bucket[K]); len(l.byKey) >= maxTracked || now.Sub(b.used) > l.idle {
			l.recent.Remove(last)
			delete(l.byKey, b.key)
		}
	}
}
