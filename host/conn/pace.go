package conn

import (
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// paces holds the buckets of people, which outlive their connections. Safe for
// concurrent use.
//
// It keeps two generations of people and nothing has to tell it who is idle: a
// generation begins when every bucket of the one before the last has had the
// time to fill up, so forgetting those loses nothing.
type paces struct {
	quotas quotas
	span   time.Duration // the longest refill
	most   int           // people in a generation; more begin the next early

	mu         sync.Mutex
	began      time.Time // the young generation
	young, old map[lobby.PersonID]*buckets
}

func newPaces(q quotas, most int) *paces {
	p := &paces{quotas: q, most: most, young: map[lobby.PersonID]*buckets{}}
	for _, q := range q {
		if q.person {
			p.span = max(p.span, q.refill())
		}
	}
	return p
}

// wait returns 0 if the person may do something of this class now, else how
// long until they may.
func (p *paces) wait(id lobby.PersonID, k class, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.young[id]
	if b == nil {
		b = p.old[id]
	}
	if now.Sub(p.began) >= p.span || len(p.young) >= p.most {
		p.began, p.old, p.young = now, p.young, map[lobby.PersonID]*buckets{}
	}
	if b == nil {
		b = new(buckets)
	}
	p.young[id] = b
	return b.wait(k, p.quotas[k], now)
}
