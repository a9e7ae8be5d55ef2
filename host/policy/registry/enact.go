package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
)

// saveLimit bounds a write for which nobody waits.
const saveLimit = 10 * time.Second

// step puts a version in service of one hook.
type step struct {
	slot   *slot
	run    *running // leased by the caller
	back   int      // the revision a roll back returns to
	paused bool
	was    *Generation // what it replaces; nil: what serves now
}

// placed is a generation on its way into its slot.
type placed struct {
	slot *slot
	next *serving
}

// enact writes a change down and swaps it in: all steps or, with an error, none.
// In a quarantine (bad, with its reason) what must not serve is swapped out even
// if that cannot be stored now. Under acting.
func (r *Registry) enact(ctx context.Context, who, action string, steps []step, bad *version) ([]Generation, error) {
	if err := r.isClosed(); err != nil {
		return nil, err
	}
	if len(steps) == 0 {
		return nil, nil
	}
	now := time.UnixMilli(r.deps.Now().UnixMilli())
	fresh := action == "load" || action == loadAgain || action == "seed" // the operator stands in for it: what it did before is forgotten
	save, changes, next := store.PluginSave{}, []Change{}, []placed{}
	for _, st := range steps {
		s, v := st.slot, st.run.version
		s.rev++ // even if it comes to nothing: a write of unknown outcome may have used it
		gen := Generation{
			Hook: s.hook, Digest: v.digest, Name: v.title(), Params: st.run.params,
			Rev: s.rev, Since: now, By: who, Paused: st.paused,
		}
		sv, err := newServing(gen, st.back, st.run, s.answers(gen, st.run))
		if err != nil {
			giveUp(next)
			return nil, err
		}
		next = append(next, placed{s, sv})
		c := Change{At: r.tick(), Who: who, Action: action, Hook: s.hook, Digest: v.digest, Before: s.name(st.was), After: gen.inFull(), Result: "ok"}
		if bad != nil {
			c.Digest, c.Result = bad.digest, bad.quarantined
		}
		changes = append(changes, c)
		save.Generations = append(save.Generations, rowOf(gen, st.back))
	}
	for _, c := range changes {
		save.Changes = append(save.Changes, changeRow(c))
	}
	if err := r.addVersions(&save, steps, fresh, now, bad); err != nil {
		giveUp(next)
		return nil, err
	}
	if err := r.save(ctx, save, bad != nil); err != nil {
		if bad == nil {
			giveUp(next)
			return nil, fmt.Errorf("registry: %s: %w", action, err)
		}
		r.log.Error("a quarantine could not be stored yet", "digest", bad.digest, "err", err)
	}
	if fresh {
		r.renew(next, now)
	}
	r.swap(next)
	var gens []Generation
	for i, p := range next {
		r.warnOfZeros(p.next.gen, p.next.own)
		gens = append(gens, p.next.gen.public())
		r.announce(changes[i])
	}
	return gens, nil
}

func giveUp(all []placed) {
	for _, p := range all {
		p.next.giveUp()
	}
}

// name of what serves, for the audit log.
func (s *slot) name(was *Generation) string {
	if was != nil {
		return was.inFull()
	}
	if v := s.now.Load(); v != nil {
		return v.gen.inFull()
	}
	return ""
}

// inFull is a generation with its knobs, for the audit log.
func (g Generation) inFull() string {
	text := g.String()
	for _, name := range slices.Sorted(maps.Keys(g.Params)) {
		text += fmt.Sprintf(" %s=%d", name, g.Params[name])
	}
	return text
}

// addVersions adds what is to be remembered of the files concerned.
func (r *Registry) addVersions(save *store.PluginSave, steps []step, fresh bool, now time.Time, bad *version) error {
	rows := map[string]store.PluginVersion{}
	add := func(v *version, change func(*store.PluginVersion)) error {
		r.mu.Lock()
		row, err := v.row()
		r.mu.Unlock()
		change(&row)
		rows[v.digest] = row
		return err
	}
	var err error
	if bad != nil {
		err = add(bad, func(*store.PluginVersion) {})
	}
	for _, st := range steps {
		if v := st.run.version; fresh && !v.isNative() {
			err = errors.Join(err, add(v, func(row *store.PluginVersion) { row.LoadedAt, row.Quarantined = now.UnixMilli(), "" }))
		}
	}
	for _, row := range rows {
		save.Versions = append(save.Versions, row)
	}
	return err
}

// renew makes versions that were put in service known, and forgets what they did before.
func (r *Registry) renew(next []placed, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range next {
		v := p.next.own.version
		if !v.isNative() {
			v.loadedAt, v.quarantined = now, ""
			r.versions[v.digest] = v
		}
		v.fuse.mend()
	}
}

// swap puts generations in their slots. From here on every new call is theirs.
func (r *Registry) swap(next []placed) {
	var gone []*serving
	r.mu.Lock()
	for _, p := range next {
		gone = append(gone, p.slot.put(p.next, r.cfg.KeepWarm, func(v *serving) { r.cool(p.slot, v) })...)
	}
	r.mu.Unlock()
	for _, v := range gone {
		v.giveUp()
	}
}

// cool ends what was kept warm, unless something else is by now.
func (r *Registry) cool(s *slot, v *serving) {
	r.mu.Lock()
	still := s.warm.Load() == v
	if still {
		s.keep(nil, 0, nil)
	}
	r.mu.Unlock()
	if still {
		v.giveUp()
	}
}

// save stores a change, with what an earlier one left behind. Kept has it left
// behind in turn if that fails. Under acting.
func (r *Registry) save(ctx context.Context, s store.PluginSave, kept bool) error {
	all := store.PluginSave{
		Versions:    append(append([]store.PluginVersion{}, r.unsaved.Versions...), s.Versions...),
		Generations: append(append([]store.PluginGeneration{}, r.unsaved.Generations...), s.Generations...),
		Changes:     append(append([]store.PluginChange{}, r.unsaved.Changes...), s.Changes...),
		Gone:        s.Gone, // after the versions: what is forgotten stays so
	}
	err := r.deps.Store.SavePlugins(ctx, all)
	for range 2 { // it may be there: a repeat tells
		if errors.Is(err, store.ErrUnknown) {
			err = r.deps.Store.SavePlugins(ctx, all)
		}
	}
	switch {
	case err == nil:
		r.unsaved = store.PluginSave{}
	case kept:
		r.unsaved = all
	}
	return err
}

// saveLeft is the last try at what could not be stored before.
func (r *Registry) saveLeft(ctx context.Context) error {
	if len(r.unsaved.Changes) == 0 {
		return nil
	}
	return r.save(ctx, store.PluginSave{}, true)
}

// tick is the time of the next line of the audit log: no two have the same.
func (r *Registry) tick() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastAt = max(r.deps.Now().UnixMilli(), r.lastAt+1)
	return time.UnixMilli(r.lastAt)
}

// note appends a line that changes nothing. Not under acting.
func (r *Registry) note(ctx context.Context, c Change) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveLimit)
	defer cancel()
	err := r.acting.take(ctx)
	if err == nil {
		c.At = r.tick()
		err = r.save(ctx, store.PluginSave{Changes: []store.PluginChange{changeRow(c)}}, false)
		r.acting.free()
	}
	if err != nil {
		r.log.Error("audit log not written", "who", c.Who, "action", c.Action, "hook", c.Hook, "digest", c.Digest, "result", c.Result, "err", err)
	}
	r.announce(c)
}

// announce tells the log and those who subscribed.
func (r *Registry) announce(c Change) {
	say := r.log.Info
	if c.Result != "ok" {
		say = r.log.Warn
	}
	say("plugin "+c.Action, "who", c.Who, "hook", c.Hook, "digest", c.Digest, "before", c.Before, "after", c.After, "result", c.Result)
	r.feed.publish(c)
}

func changeRow(c Change) store.PluginChange {
	return store.PluginChange{
		At: c.At.UnixMilli(), Who: c.Who, Action: c.Action, Hook: string(c.Hook), Digest: c.Digest,
		Before: c.Before, After: c.After, Result: c.Result,
	}
}
