package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// Decide asks who serves the cooldown hook. digest names the plugin and the
// revision that decided ("<digest>/<revision>"), never empty without an error.
// Errors: policy's, where the failure policy has nobody else answer; ctx's.
func (r *Registry) Decide(ctx context.Context, c lobby.Case) (seconds int64, digest string, err error) {
	seconds, by, err := ask(ctx, r, r.slots[Cooldown], func(v *serving) (int64, error) { return v.cooldown.Decide(ctx, c) })
	if err != nil {
		return 0, "", err
	}
	return seconds, by.Digest + "/" + strconv.Itoa(by.Params), nil
}

// Plan answers what of a payload leaves the server. A plugin is asked once for
// each kind, audience and generation. The plan is shared: read only. Errors as
// Decide's.
func (r *Registry) Plan(ctx context.Context, kind, audience string) (policy.Plan, error) {
	s := r.slots[Trim]
	if v := s.now.Load(); v != nil {
		if p, known := v.plans.get(kind, audience); known {
			return p.plan, nil
		}
	}
	plan, _, err := ask(ctx, r, s, func(v *serving) (policy.Plan, error) {
		if p, known := v.plans.get(kind, audience); known {
			return p.plan, nil
		}
		plan, err := v.trim.Plan(ctx, kind, audience)
		if err == nil {
			v.plans.set(kind, audience, stampedPlan{plan, v.id})
			s.good.set(kind, audience, stampedPlan{plan, v.id})
		} else if p, known := s.good.get(kind, audience); known && s.onFailure == LastGood && pluginFailed(err) {
			return p.plan, lastGood{err}
		}
		return plan, err
	})
	return plan, err
}

// lastGood is a failure for which there is an answer all the same.
type lastGood struct{ error }

func (l lastGood) Unwrap() error { return l.error }

func pluginFailed(err error) bool {
	return errors.Is(err, policy.ErrTrap) || errors.Is(err, policy.ErrInvalid)
}

// ask puts a question to who serves a hook and, where that fails, to who stands
// in. by is who answered. No lock is held while a plugin runs.
func ask[T any](ctx context.Context, r *Registry, s *slot, question func(*serving) (T, error)) (answer T, by policy.Generation, err error) {
	v, err := s.lease()
	if err != nil {
		return answer, by, fmt.Errorf("registry: %s: %w", s.hook, err)
	}
	answer, err = put(r, v, question)
	if errors.As(err, new(lastGood)) {
		return answer, v.id, nil
	}
	if err == nil || !pluginFailed(err) || ctx.Err() != nil {
		return answer, v.id, err
	}
	for _, other := range s.standIns(v) {
		if !other.by.acquire() {
			continue // cooled down in between
		}
		if answer, instead := put(r, other, question); instead == nil {
			return answer, other.id, nil
		}
	}
	return answer, v.id, err
}

// put asks v, whose lease it gives back.
func put[T any](r *Registry, v *serving, question func(*serving) (T, error)) (T, error) {
	defer v.by.release()
	began := r.deps.Now()
	answer, err := question(v)
	r.saw(v, began, err)
	return answer, err
}

// standIns are who may answer a call that v failed at, in order. Not leased.
func (s *slot) standIns(v *serving) (all []*serving) {
	if s.onFailure == Refuse {
		return nil
	}
	if w := s.warm.Load(); s.onFailure == LastGood && w != nil && w != v {
		all = append(all, w)
	}
	if v.by != s.base.by {
		all = append(all, s.base)
	}
	return all
}
