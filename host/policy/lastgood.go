package policy

import (
	"context"
	"sync"
)

// LastGood keeps publishing going while a trim plugin fails: it answers the
// last good plan for that kind and audience, or, if there never was one, the
// empty plan, which lets out everything public. failed hears of each failure;
// nil hears nothing. Safe for concurrent use.
//
// The other two hooks need no such wrapper: without a cooldown answer the
// lobby's own figure stands, and the reel keeps the ranking it has.
func LastGood(inner Trim, failed func(kind, audience string, err error)) Trim {
	if failed == nil {
		failed = func(string, string, error) {}
	}
	return &lastGood{Trim: inner, failed: failed, plans: map[[2]string]Plan{}}
}

// maxPlans bounds the memory; kinds and audiences are the host's own and few.
const maxPlans = 256

type lastGood struct {
	Trim
	failed func(kind, audience string, err error)

	mu    sync.Mutex
	plans map[[2]string]Plan
}

func (l *lastGood) Plan(ctx context.Context, kind, audience string) (Plan, error) {
	key := [2]string{kind, audience}
	p, err := l.Trim.Plan(ctx, kind, audience)
	if err != nil {
		l.failed(kind, audience, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		return l.plans[key], nil
	}
	if _, known := l.plans[key]; known || len(l.plans) < maxPlans {
		l.plans[key] = p
	}
	return p, nil
}
