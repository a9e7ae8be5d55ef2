package api

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// wide is how many times the guesses at one account from one address are
// allowed for an address in all, and for an account in all.
const wide = 10

// accountKey stands for a folded email, whether there is such an account or not.
type accountKey [sha256.Size]byte

type pairKey struct {
	account accountKey
	address addressKey
}

// guesses limits wrong passwords: for one account from one address, from one
// address in all, and for one account from all addresses. An address from which
// the account's owner has logged in is not held to the last, so that strangers
// who guess cannot lock out whom they guess at. Safe for concurrent use.
type guesses struct {
	pair    *limiter[pairKey]
	address *limiter[addressKey]
	account *limiter[accountKey]
	owners  *lately[pairKey]
}

func newGuesses(perMinute, burst int) *guesses {
	burst = max(burst, 1)
	return &guesses{
		pair:    newLimiter[pairKey](perMinute, burst),
		address: newLimiter[addressKey](wide*perMinute, wide*burst),
		account: newLimiter[accountKey](wide*perMinute, wide*burst),
		owners:  newLately[pairKey](maxTracked),
	}
}

// guess is one try at a password, counted as wrong until it proves right.
type guess struct {
	of   *guesses
	key  pairKey
	free bool // the address is not limited by itself
	at   time.Time
}

// begin counts a try at now. It answers 0 if it is allowed, otherwise how long
// until the next would be (and counts nothing).
func (g *guesses) begin(account accountKey, address addressKey, free bool, now time.Time) (one guess, wait time.Duration) {
	one = guess{g, pairKey{account, address}, free, now}
	if wait = g.pair.take(one.key, now); wait > 0 {
		return one, wait
	}
	if !free {
		if wait = g.address.take(address, now); wait > 0 {
			g.pair.give(one.key, now)
			return one, wait
		}
	}
	if !g.owners.has(one.key) {
		if wait = g.account.take(account, now); wait > 0 {
			g.pair.give(one.key, now)
			if !free {
				g.address.give(address, now)
			}
		}
	}
	return one, wait
}

// undo uncounts the try: nothing was learned of the password.
func (o guess) undo() {
	o.of.pair.give(o.key, o.at)
	if !o.free {
		o.of.address.give(o.key.address, o.at)
	}
	if !o.of.owners.has(o.key) {
		o.of.account.give(o.key.account, o.at)
	}
}

// right uncounts the try and remembers the address as the owner's.
func (o guess) right() {
	o.undo()
	o.of.owners.add(o.key)
}

// lately is a set that forgets what was added longest ago. Safe for concurrent use.
type lately[K comparable] struct {
	mu    sync.Mutex
	most  int
	byKey map[K]*list.Element
	order *list.List // of K, the latest in front
}

func newLately[K comparable](most int) *lately[K] {
	return &lately[K]{most: most, byKey: map[K]*list.Element{}, order: list.New()}
}

func (l *lately[K]) has(k K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.byKey[k]
	return ok
}

func (l *lately[K]) add(k K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.byKey[k]; ok {
		l.order.MoveToFront(e)
		return
	}
	if l.order.Len() >= l.most {
		last := l.order.Back()
		delete(l.byKey, last.Value.(K))
		l.order.Remove(last)
	}
	l.byKey[k] = l.order.PushFront(k)
}
