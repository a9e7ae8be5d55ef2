package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
)

// saw counts a call of who answers in v and, if it failed, takes note: at one
// failure too many the version goes into quarantine.
func (r *Registry) saw(v *serving, began time.Time, err error) {
	now, version, hook := r.deps.Now(), v.by.version, v.gen.Hook
	if !version.use[hook].add(now.Sub(began), err) {
		return
	}
	s := r.slots[hook]
	if last := s.grumbled.Load(); now.Unix() != last && s.grumbled.CompareAndSwap(last, now.Unix()) {
		r.log.Warn("plugin failed", "hook", hook, "plugin", version.title(), "digest", version.digest, "revision", v.gen.Rev, "err", err)
	}
	if version.isNative() || !version.fuse.failed(now, r.cfg.Quarantine) {
		return
	}
	q := r.cfg.Quarantine
	why := sentence(fmt.Errorf("%s UTC, %d failures within %s, the last one: %w", now.UTC().Format(time.DateTime), q.Failures, q.Window, err))
	r.spawn(func() { r.quarantine(version, hook, why) })
}

// quarantine takes a version out of service wherever it serves, and off what is
// kept warm. The generation before takes over if it is ready, else the rule compiled in.
func (r *Registry) quarantine(bad *version, h Hook, why string) {
	ctx := context.Background()
	if r.acting.take(ctx) != nil {
		return // a context without end: cannot be
	}
	defer r.acting.free()
	ctx, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	r.mu.Lock()
	bad.quarantined = why
	r.mu.Unlock()

	var steps []step
	for _, hook := range Hooks {
		s := r.slots[hook]
		if now := s.now.Load(); now != nil && now.own.version == bad {
			steps = append(steps, r.instead(s, now))
		}
	}
	defer func() {
		for _, st := range steps {
			st.run.release()
		}
	}()
	var err error
	if len(steps) > 0 {
		_, err = r.enact(ctx, us, "quarantine", steps, bad)
	} else {
		err = r.quarantineIdle(ctx, bad, h)
	}
	if err != nil {
		r.log.Error("quarantine", "plugin", bad.title(), "digest", bad.digest, "err", err)
	}
	for _, hook := range Hooks {
		if w := r.slots[hook].warm.Load(); w != nil && w.own.version == bad {
			r.cool(r.slots[hook], w)
		}
	}
}

// instead is who takes over from now in a quarantine.
func (r *Registry) instead(s *slot, now *serving) step {
	w := s.warm.Load()
	if s.onFailure != Baseline && w != nil && w.own.version != now.own.version && r.whyNot(w.gen.Digest) == "" && w.own.acquire() {
		return step{slot: s, run: w.own, back: w.back, paused: now.gen.Paused}
	}
	s.base.own.acquire()
	return step{slot: s, run: s.base.own, back: now.back, paused: now.gen.Paused}
}

// quarantineIdle writes down a version that serves no more: a list that still
// stood on it had it fail.
func (r *Registry) quarantineIdle(ctx context.Context, bad *version, h Hook) error {
	if err := r.isClosed(); err != nil {
		return nil
	}
	c := Change{At: r.tick(), Who: us, Action: "quarantine", Hook: h, Digest: bad.digest, Result: bad.quarantined}
	r.mu.Lock()
	row, err := bad.row()
	r.mu.Unlock()
	if err != nil {
		return err
	}
	err = r.save(ctx, store.PluginSave{Versions: []store.PluginVersion{row}, Changes: []store.PluginChange{changeRow(c)}}, true)
	r.announce(c)
	return err
}
