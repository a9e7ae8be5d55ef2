package registry

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
)

// slot is one hook: who serves it and who would take over. Readers take now and
// warm without a lock; the registry's lock guards changing them.
type slot struct {
	hook      Hook
	onFailure OnFailure
	base      *serving                // the rule compiled in, always there
	now       atomic.Pointer[serving] // nil before the registry is open and after it is closed
	warm      atomic.Pointer[serving] // what a roll back returns to, while it is ready
	cooling   *time.Timer             // ends warm
	rev       int                     // the last one given out
	good      plans                   // trim's last good answers, of whichever generation
	grumbled  atomic.Int64            // Unix s of the last failure that was logged
}

// serving is one generation in service. Immutable but for its plans.
type serving struct {
	gen  Generation
	back int               // the revision a roll back returns to
	id   policy.Generation // what answers are stamped with
	own  *running          // gen's, leased for as long as this stands in a slot
	by   *running          // who answers: own or, while paused, the rule compiled in; leased likewise

	cooldown policy.Cooldown   // by's, for the hook cooldown
	trim     policy.Trim       // by's, for the hook trim
	signals  policy.Signalling // by's, for the hook signalling
	plans    plans
}

// newServing takes leases on own and by, which the caller holds leases on.
func newServing(gen Generation, back int, own, by *running) (*serving, error) {
	v := &serving{
		gen: gen, back: back, own: own, by: by,
		id: policy.Generation{Name: by.version.title(), Digest: by.version.digest, Params: gen.Rev},
	}
	var err error
	switch gen.Hook {
	case Cooldown:
		v.cooldown, err = by.plugin.Cooldown()
	case Trim:
		v.trim, err = by.plugin.Trim()
	case Signalling:
		v.signals, err = by.plugin.Signalling()
	}
	if err != nil {
		return nil, err
	}
	own.acquire()
	by.acquire()
	return v, nil
}

// giveUp gives the leases back. Not under the registry's lock.
func (v *serving) giveUp() {
	v.own.release()
	v.by.release()
}

// lease answers who serves now, with a lease on who answers.
func (s *slot) lease() (*serving, error) {
	for {
		v := s.now.Load()
		if v == nil {
			return nil, policy.ErrClosed
		}
		if v.by.acquire() {
			return v, nil
		}
		// Replaced and drained since it was read; its successor is there by now.
	}
}

// put swaps next in and keeps what a roll back from it would return to warm. It
// answers who is to give up their leases, once the registry's lock is free.
func (s *slot) put(next *serving, keepWarm time.Duration, cool func(*serving)) (gone []*serving) {
	prev, warm := s.now.Swap(next), s.warm.Load()
	for _, v := range []*serving{prev, warm} {
		if v != nil && (next == nil || v.gen.Rev != next.back) {
			gone = append(gone, v)
		}
	}
	switch {
	case next != nil && prev != nil && prev.gen.Rev == next.back:
		s.keep(prev, keepWarm, cool)
	case next != nil && warm != nil && warm.gen.Rev == next.back: // as it was
	default:
		s.keep(nil, 0, cool)
	}
	return gone
}

// keep has v warm for a while, in place of what was.
func (s *slot) keep(v *serving, d time.Duration, cool func(*serving)) {
	if s.cooling != nil {
		s.cooling.Stop()
		s.cooling = nil
	}
	s.warm.Store(v)
	if v != nil {
		s.cooling = time.AfterFunc(d, func() { cool(v) })
	}
}

// plans are a trim plugin's answers by kind and audience. Safe for concurrent use.
type plans struct {
	mu sync.RWMutex
	of map[[2]string]stampedPlan
}

// stampedPlan says whose plan it is.
type stampedPlan struct {
	plan policy.Plan
	by   policy.Generation
}

// maxPlans bounds the memory: kinds and audiences are the host's own and few.
const maxPlans = 256

func (p *plans) get(kind, audience string) (stampedPlan, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	plan, ok := p.of[[2]string{kind, audience}]
	return plan, ok
}

func (p *plans) set(kind, audience string, plan stampedPlan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[[2]string]stampedPlan{}
	}
	key := [2]string{kind, audience}
	if _, known := p.of[key]; known || len(p.of) < maxPlans {
		p.of[key] = plan
	}
}
