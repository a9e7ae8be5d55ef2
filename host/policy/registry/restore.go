package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/store"
)

// us is who the registry is in its own audit log.
const us = "napalmsky"

// restore puts in service what served last, or what the hook starts with.
func (r *Registry) restore(ctx context.Context, s *slot) error {
	row, err := r.deps.Store.PluginGeneration(ctx, string(s.hook), 0)
	if errors.Is(err, store.ErrNotFound) {
		return r.seed(ctx, s)
	}
	if err != nil {
		return err
	}
	s.rev = row.Rev
	gen, err := generationOf(row)
	if err != nil {
		return err
	}
	run, err := r.reopen(ctx, s.hook, gen.Digest, gen.Params)
	if err != nil {
		return r.replace(ctx, s, gen, err)
	}
	defer run.release()
	return r.serve(s, gen, row.Back, run)
}

// serve puts a generation in its slot as it is, at the start.
func (r *Registry) serve(s *slot, gen Generation, back int, run *running) error {
	v, err := newServing(gen, back, run, s.answers(gen, run))
	if err != nil {
		return err
	}
	r.warnOfZeros(gen, run)
	r.log.Info("plugin serves", "hook", s.hook, "plugin", gen.Name, "digest", gen.Digest, "revision", gen.Rev, "paused", gen.Paused)
	r.swap([]placed{{s, v}})
	return nil
}

// answers is who answers for a generation.
func (s *slot) answers(gen Generation, own *running) *running {
	if gen.Paused {
		return s.base.own
	}
	return own
}

// seed starts a hook that never had a generation.
func (r *Registry) seed(ctx context.Context, s *slot) error {
	run, err := r.openSeed(ctx, s)
	if err != nil {
		return err
	}
	defer run.release()
	_, err = r.enact(ctx, us, "seed", []step{{slot: s, run: run}}, nil)
	return err
}

// replace starts a hook whose generation no longer loads with its seed or, if
// that does not load either, with the rule compiled in.
func (r *Registry) replace(ctx context.Context, s *slot, was Generation, why error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.log.Error("the plugin that served no longer loads", "hook", s.hook, "plugin", was.Name, "digest", was.Digest, "err", why)
	r.note(ctx, Change{Who: us, Action: "load", Hook: s.hook, Digest: was.Digest, Before: was.String(), Result: sentence(why)})
	run, err := r.openSeed(ctx, s)
	if err != nil {
		r.log.Error("the seed does not load either; the rule compiled in serves", "hook", s.hook, "err", err)
		run = s.base.own
		run.acquire()
	}
	defer run.release()
	_, err = r.enact(ctx, us, "seed", []step{{slot: s, run: run, was: &was, back: was.Rev}}, nil)
	return err
}

// openSeed opens what a hook starts with. The caller gives the lease back.
func (r *Registry) openSeed(ctx context.Context, s *slot) (*running, error) {
	path := r.cfg.Seeds[s.hook]
	if path == Native {
		s.base.own.acquire()
		return s.base.own, nil
	}
	module, signature, err := readPlugin(path, r.cfg.Limits.ModuleBytes)
	if err != nil {
		return nil, err
	}
	if why := r.whyNot(digestOf(module)); why != "" {
		return nil, refuse("%s is in quarantine: %s", path, why)
	}
	run, err := r.admit(ctx, module, signature, []Hook{s.hook}, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return run, nil
}

// admit takes a module through the pipeline up to where it could serve, and
// keeps its bytes. The caller gives the lease back.
func (r *Registry) admit(ctx context.Context, module, signature []byte, hooks []Hook, progress Progress) (*running, error) {
	tell(progress, "verify")
	if err := r.loader.admit(module, signature); err != nil {
		return nil, err
	}
	run, err := r.opened(ctx, digestOf(module), module, nil, hooks, progress)
	if err != nil {
		return nil, err
	}
	if err := r.cfg.knows(run.plugin.Manifest()); err != nil {
		run.release()
		return nil, err
	}
	if err := r.files.keep(run.version.digest, module, signature); err != nil {
		run.release()
		return nil, fmt.Errorf("registry: keep plugin: %w", err)
	}
	return run, nil
}

// opened answers a lease on a module with params, which runs already or is built.
func (r *Registry) opened(ctx context.Context, digest string, module []byte, params map[string]int64, hooks []Hook, progress Progress) (*running, error) {
	v := r.known(digest)
	if v != nil {
		if run := r.live(digest, v.knobs(params)); run != nil {
			if err := serves(v, hooks); err != nil {
				run.release()
				return nil, err
			}
			return run, nil
		}
	}
	p, err := r.loader.build(ctx, module, params, hooks, progress)
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = newVersion(digest, p.Manifest(), len(module), r.deps.Now())
	}
	return r.start(v, p, v.knobs(params)), nil
}

func serves(v *version, hooks []Hook) error {
	for _, h := range hooks {
		if v.use[h] == nil {
			return refuse("it serves no %s hook", h)
		}
	}
	return nil
}

func (r *Registry) known(digest string) *version {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.versions[digest]
}

// reopen answers a lease on a version by its digest: one that runs, the rule
// compiled in, or the file that was kept.
func (r *Registry) reopen(ctx context.Context, h Hook, digest string, params map[string]int64) (*running, error) {
	if run := r.live(digest, params); run != nil {
		return run, nil
	}
	if isNative(digest) {
		base := r.slots[h].base.own.version
		if digest != base.digest {
			return nil, fmt.Errorf("%w: %s is compiled into another release of this server", policy.ErrRefused, digest)
		}
		rule, err := newCompiledIn(h, r.cfg.Baselines, params)
		if err != nil {
			return nil, err
		}
		return r.start(base, rule, base.knobs(params)), nil
	}
	module, signature, err := r.files.read(digest, r.cfg.Limits.ModuleBytes)
	if err != nil {
		return nil, err
	}
	if err := r.loader.admit(module, signature); err != nil {
		return nil, err
	}
	return r.opened(ctx, digest, module, params, []Hook{h}, nil)
}

func generationOf(row store.PluginGeneration) (Generation, error) {
	g := Generation{
		Hook: Hook(row.Hook), Digest: row.Digest, Name: row.Name, Rev: row.Rev,
		Since: time.UnixMilli(row.Since), By: row.By, Paused: row.Paused,
	}
	if err := json.Unmarshal([]byte(row.Params), &g.Params); err != nil {
		return g, fmt.Errorf("generation %d: params: %w", row.Rev, err)
	}
	return g, nil
}

func rowOf(g Generation, back int) store.PluginGeneration {
	return store.PluginGeneration{
		Hook: string(g.Hook), Rev: g.Rev, Digest: g.Digest, Name: g.Name, Params: paramText(g.Params),
		Paused: g.Paused, Back: back, Since: g.Since.UnixMilli(), By: g.By,
	}
}
