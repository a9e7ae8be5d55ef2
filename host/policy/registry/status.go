package registry

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/store"
)

// Status is what serves and what there is, the latest loaded first. The copy is the caller's.
func (r *Registry) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{}
	for _, h := range Hooks {
		if v := r.slots[h].now.Load(); v != nil {
			s.Serving = append(s.Serving, v.gen.public())
		}
	}
	states := r.states()
	for _, v := range r.versions {
		s.Versions = append(s.Versions, r.describe(v, states))
	}
	for _, h := range Hooks {
		s.Past = append(s.Past, r.past[h].figure(h))
	}
	slices.SortFunc(s.Versions, func(a, b Version) int {
		return cmp.Or(cmp.Compare(isRule(a), isRule(b)), b.LoadedAt.Compare(a.LoadedAt), cmp.Compare(a.Digest, b.Digest))
	})
	return s
}

// isRule sorts the rules compiled in behind all files.
func isRule(v Version) int {
	if isNative(v.Digest) {
		return 1
	}
	return 0
}

func (r *Registry) version(v *version) Version {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.describe(v, r.states())
}

// states tells where versions stand that are not merely stored. Under mu.
func (r *Registry) states() map[*version]State {
	states := map[*version]State{}
	for run := range r.runs {
		states[run.version] = Draining
	}
	for _, s := range r.slots {
		states[s.base.own.version] = Warm
	}
	for _, s := range r.slots {
		if w := s.warm.Load(); w != nil {
			states[w.own.version] = Warm
		}
		if v := s.now.Load(); v != nil && v.own != v.by {
			states[v.own.version] = Warm
		}
	}
	for _, s := range r.slots {
		if v := s.now.Load(); v != nil {
			states[v.by.version] = Serving
		}
	}
	for _, v := range r.versions {
		if v.quarantined != "" && states[v] != Serving { // until its successor serves it does
			states[v] = Quarantined
		}
	}
	return states
}

// describe is under mu.
func (r *Registry) describe(v *version, states map[*version]State) Version {
	d := Version{
		Digest: v.digest, Name: v.about.Name, Version: v.about.Version,
		Hooks: slices.Clone(v.about.Hooks), Params: slices.Clone(v.about.Params),
		Bytes: v.bytes, State: cmp.Or(states[v], Stored), LoadedAt: v.loadedAt,
		Attrs: slices.Clone(v.about.Attrs), Missing: r.cfg.unknown(v.about.Attrs),
	}
	if d.State == Quarantined {
		d.Reason = v.quarantined
	}
	for _, h := range v.about.Hooks {
		d.Use = append(d.Use, v.use[h].figure(h))
	}
	for run := range r.runs {
		if p, is := run.plugin.(*wasm.Plugin); is && run.version == v {
			f := p.Figures()
			d.Use[0].Instances += f.Instances // of several hooks: they count for the first
			d.Use[0].MemBytes += f.MemBytes
			for i, u := range d.Use {
				d.Use[i].Fuel += fuelOf(run)[u.Hook]
			}
		}
	}
	return d
}

// fuelOf is what a wasm plugin has used so far, by hook, since it was first in
// service: the self-check was nobody's call.
func fuelOf(run *running) map[Hook]uint64 {
	p, is := run.plugin.(*wasm.Plugin)
	if !is {
		return nil
	}
	used, fuel := p.Stats(), map[Hook]uint64{}
	for h, s := range map[Hook]policy.HookStats{Match: used.Match, Cooldown: used.Cooldown, Trim: used.Trim, Signalling: used.Signalling} {
		if run.version.use[h] != nil {
			fuel[h] = s.Fuel - run.checked[h]
		}
	}
	return fuel
}

// Totals sums what all versions were asked since the start.
func (r *Registry) Totals() policy.HookStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t policy.HookStats
	uses := []map[Hook]*counters{r.past}
	for _, v := range r.versions {
		uses = append(uses, v.use)
	}
	for _, use := range uses {
		for _, c := range use {
			t.OK, t.Trapped, t.Invalid = t.OK+c.ok.Load(), t.Trapped+c.trapped.Load(), t.Invalid+c.invalid.Load()
			t.OutOfFuel, t.Nanos = t.OutOfFuel+c.exhausted.Load(), t.Nanos+c.nanos.Load()
		}
	}
	return t
}

// Inspect takes a module through the pipeline as Load does and changes nothing.
// A signature is not asked for. One in quarantine is no error: its State tells.
func (r *Registry) Inspect(ctx context.Context, module []byte) (Version, error) {
	if known := r.known(digestOf(module)); known != nil && len(r.cfg.unknown(known.about.Attrs)) == 0 {
		return r.version(known), nil // it passed before
	}
	if err := r.isClosed(); err != nil {
		return Version{}, err
	}
	v, err := r.loader.check(ctx, module)
	if err != nil {
		return Version{}, plain(err)
	}
	return v, nil
}

// History reads the audit log, newest first: what came before a moment (Unix
// ms; 0: everything), at most limit lines. No two lines have the same time.
func (r *Registry) History(ctx context.Context, before int64, limit int) ([]Change, error) {
	rows, err := r.deps.Store.PluginChanges(ctx, before, limit)
	if err != nil {
		return nil, fmt.Errorf("registry: history: %w", err)
	}
	changes := make([]Change, len(rows))
	for i, row := range rows {
		changes[i] = changeOf(row)
	}
	return changes, nil
}

func changeOf(row store.PluginChange) Change {
	return Change{
		At: time.UnixMilli(row.At), Who: row.Who, Action: row.Action, Hook: Hook(row.Hook), Digest: row.Digest,
		Before: row.Before, After: row.After, Result: row.Result,
	}
}
