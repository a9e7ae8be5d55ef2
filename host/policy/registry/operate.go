package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/host/store"
)

// LoadOptions narrow a load.
type LoadOptions struct {
	Hooks    []Hook // only these; none: all the module serves
	Again    bool   // even though it is in quarantine
	Progress Progress
}

// loadAgain is the action of a load that ends a quarantine.
const loadAgain = "load again"

// Load takes a module through the whole pipeline and puts it in service of every
// hook it serves, with its knobs at their defaults. On any error what was running
// runs on; errors wrap policy.ErrRefused, ErrUnsigned, ErrQuarantined, a store's, ctx's.
// Loads wait for each other. module is the registry's to keep.
func (r *Registry) Load(ctx context.Context, who string, module, signature []byte) (Version, []Generation, error) {
	return r.LoadFor(ctx, who, module, signature, LoadOptions{})
}

// LoadFor is Load with options.
func (r *Registry) LoadFor(ctx context.Context, who string, module, signature []byte, o LoadOptions) (Version, []Generation, error) {
	who, digest := short(who), digestOf(module)
	gens, err := r.load(ctx, who, digest, module, signature, o)
	if err != nil {
		c := Change{Who: who, Action: "load", Digest: digest, Result: sentence(err)}
		if len(o.Hooks) == 1 {
			c.Hook = o.Hooks[0]
		}
		r.note(ctx, c)
		return Version{}, nil, plain(err)
	}
	return r.version(r.known(digest)), gens, nil
}

func (r *Registry) load(ctx context.Context, who, digest string, module, signature []byte, o LoadOptions) ([]Generation, error) {
	for _, h := range o.Hooks {
		if _, err := r.slot(h); err != nil {
			return nil, err
		}
	}
	if err := r.loading.take(ctx); err != nil {
		return nil, err
	}
	defer r.loading.free()
	action := "load"
	if why := r.whyNot(digest); why != "" {
		if !o.Again {
			return nil, fmt.Errorf("%s is %w: %s", r.known(digest).title(), ErrQuarantined, why)
		}
		action = loadAgain
	}
	run, err := r.admit(ctx, module, signature, o.Hooks, o.Progress)
	if err != nil {
		return nil, err
	}
	defer run.release()
	tell(o.Progress, "swap")
	if err := r.acting.take(ctx); err != nil {
		return nil, err
	}
	defer r.acting.free()
	var steps []step
	for _, h := range run.version.about.Hooks {
		if len(o.Hooks) == 0 || slices.Contains(o.Hooks, h) {
			steps = append(steps, r.onto(r.slots[h], run))
		}
	}
	return r.enactNew(ctx, who, action, steps)
}

// onto is the step that puts run in place of what serves, to which a roll back returns.
func (r *Registry) onto(s *slot, run *running) step {
	st := step{slot: s, run: run}
	if now := s.now.Load(); now != nil {
		st.back = now.gen.Rev
	}
	return st
}

// enactNew enacts the steps that change anything, and answers what serves after
// all of them. Where nothing changes, the audit log still says that it was asked for.
func (r *Registry) enactNew(ctx context.Context, who, action string, steps []step) ([]Generation, error) {
	var real []step
	var idle []*slot
	for _, st := range steps {
		if now := st.slot.now.Load(); now != nil && now.own.key == st.run.key && now.gen.Paused == st.paused {
			idle = append(idle, st.slot)
			continue
		}
		real = append(real, st)
	}
	gens, err := r.enact(ctx, who, action, real, nil)
	if err != nil {
		return nil, err
	}
	for _, s := range idle {
		g := s.now.Load().gen
		gens = append(gens, g.public())
		c := Change{At: r.tick(), Who: who, Action: action, Hook: s.hook, Digest: g.Digest, Before: g.String(), After: g.String(), Result: "ok"}
		if err := r.save(ctx, store.PluginSave{Changes: []store.PluginChange{changeRow(c)}}, false); err != nil {
			return nil, fmt.Errorf("registry: %s: %w", action, err)
		}
		r.announce(c)
	}
	slices.SortFunc(gens, func(a, b Generation) int { return slices.Index(Hooks[:], a.Hook) - slices.Index(Hooks[:], b.Hook) })
	return gens, nil
}

// Set turns knobs of a plugin that serves (by name, or name@version): those
// named; the others stay. It answers the first hook's new generation. Errors
// wrap ErrNoSuch, ErrBadParam, policy.ErrRefused, a store's, ctx's.
func (r *Registry) Set(ctx context.Context, who, plugin string, params map[string]int64) (Generation, error) {
	who = short(who)
	gens, digest, err := r.set(ctx, who, plugin, params)
	if err != nil {
		r.note(ctx, Change{Who: who, Action: "set", Digest: digest, Result: sentence(err)})
		return Generation{}, plain(err)
	}
	return gens[0], nil
}

func (r *Registry) set(ctx context.Context, who, plugin string, params map[string]int64) (_ []Generation, digest string, err error) {
	if err := r.loading.take(ctx); err != nil {
		return nil, "", err
	}
	defer r.loading.free()
	var before []*serving
	var steps []step
	defer func() {
		for _, st := range steps {
			st.run.release()
		}
	}()
	for _, h := range Hooks {
		s := r.slots[h]
		now := s.now.Load()
		if now == nil || now.gen.Name != plugin && now.own.version.about.Name != plugin {
			continue
		}
		digest = now.gen.Digest
		knobs, err := now.own.version.turn(now.gen.Params, params)
		if err != nil {
			return nil, digest, err
		}
		run, err := r.reopen(ctx, h, digest, knobs)
		if err != nil {
			return nil, digest, err
		}
		st := r.onto(s, run)
		st.paused = now.gen.Paused
		before, steps = append(before, now), append(steps, st)
	}
	if len(steps) == 0 {
		return nil, "", fmt.Errorf("%w: no %.60q serves", ErrNoSuch, plugin)
	}
	if err := r.acting.take(ctx); err != nil {
		return nil, digest, err
	}
	defer r.acting.free()
	for i, st := range steps {
		if st.slot.now.Load() != before[i] {
			return nil, digest, fmt.Errorf("%w: %s no longer serves %s", ErrNoSuch, before[i].gen.Name, st.slot.hook)
		}
	}
	gens, err := r.enactNew(ctx, who, "set", steps)
	return gens, digest, err
}

// Rollback puts the generation before in service again, at once if it is still
// warm and else from its file. Doing it again goes one further back; versions
// in quarantine and deleted ones (DropUnused) are passed over. Errors wrap ErrNothingBefore, ErrNoSuch,
// policy.ErrRefused, a store's, ctx's.
func (r *Registry) Rollback(ctx context.Context, who string, h Hook) (Generation, error) {
	return r.onHook(ctx, who, "rollback", h, r.rollback)
}

func (r *Registry) rollback(ctx context.Context, who string, s *slot) ([]Generation, error) {
	now := s.now.Load()
	if now == nil {
		return nil, r.isClosed()
	}
	st, err := r.before(ctx, s, now)
	if err != nil {
		return nil, err
	}
	defer st.run.release()
	if err := r.acting.take(ctx); err != nil {
		return nil, err
	}
	defer r.acting.free()
	if s.now.Load() != now || !r.canServe(st.run.version.digest) {
		return nil, fmt.Errorf("%s was changed by somebody else just now; look at it again", s.hook)
	}
	return r.enact(ctx, who, "rollback", []step{st}, nil)
}

// before finds what served before now, and leases it.
func (r *Registry) before(ctx context.Context, s *slot, now *serving) (step, error) {
	if w := s.warm.Load(); w != nil && w.gen.Rev == now.back && r.whyNot(w.gen.Digest) == "" && w.own.acquire() {
		return step{slot: s, run: w.own, back: w.back, paused: w.gen.Paused}, nil
	}
	row, err := r.former(ctx, s, now.back)
	if err != nil {
		return step{}, err
	}
	gen, err := generationOf(row)
	if err != nil {
		return step{}, err
	}
	run, err := r.reopen(ctx, s.hook, gen.Digest, gen.Params)
	if err != nil {
		return step{}, err
	}
	return step{slot: s, run: run, back: row.Back, paused: gen.Paused}, nil
}

// canServe: it is neither in quarantine nor deleted.
func (r *Registry) canServe(digest string) bool {
	return r.whyNot(digest) == "" && (isNative(digest) || r.known(digest) != nil)
}

// whyNot is why a version is in quarantine; "" it is not.
func (r *Registry) whyNot(digest string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.versions[digest]; v != nil {
		return v.quarantined
	}
	return ""
}

// Pause has the rule compiled in answer for a hook until Resume; the plugin
// stays ready. Errors wrap ErrNoSuch, a store's, ctx's.
func (r *Registry) Pause(ctx context.Context, who string, h Hook) (Generation, error) {
	return r.onHook(ctx, who, "pause", h, func(ctx context.Context, who string, s *slot) ([]Generation, error) {
		return r.hold(ctx, who, s, true)
	})
}

// Resume ends a Pause; see there.
func (r *Registry) Resume(ctx context.Context, who string, h Hook) (Generation, error) {
	return r.onHook(ctx, who, "resume", h, func(ctx context.Context, who string, s *slot) ([]Generation, error) {
		return r.hold(ctx, who, s, false)
	})
}

func (r *Registry) hold(ctx context.Context, who string, s *slot, paused bool) ([]Generation, error) {
	if err := r.acting.take(ctx); err != nil {
		return nil, err
	}
	defer r.acting.free()
	now := s.now.Load()
	if now == nil {
		return nil, r.isClosed()
	}
	action := map[bool]string{true: "pause", false: "resume"}[paused]
	return r.enactNew(ctx, who, action, []step{{slot: s, run: now.own, back: now.back, paused: paused}})
}

// onHook runs an operator's action on one hook and has it in the audit log, come what may.
func (r *Registry) onHook(ctx context.Context, who, action string, h Hook, do func(context.Context, string, *slot) ([]Generation, error)) (Generation, error) {
	who = short(who)
	s, err := r.slot(h)
	var gens []Generation
	if err == nil {
		gens, err = do(ctx, who, s)
	}
	if err != nil {
		c := Change{Who: who, Action: action, Result: sentence(err)}
		if s != nil {
			c.Hook, c.Before = h, s.name(nil)
		}
		r.note(ctx, c)
		return Generation{}, plain(err)
	}
	return gens[0], nil
}

func (r *Registry) slot(h Hook) (*slot, error) {
	if s := r.slots[h]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("%w: no hook %.20q", ErrNoSuch, h)
}

// short bounds what the audit log keeps of who asked.
func short(who string) string {
	who = strings.ReplaceAll(strings.ToValidUTF8(who, "\uFFFD"), "\x00", "")
	return string([]rune(who)[:min(64, len([]rune(who)))])
}

// told is an error whose text is the one sentence that people are told.
type told struct {
	text string
	error
}

func (t told) Error() string { return t.text }
func (t told) Unwrap() error { return t.error }

func plain(err error) error { return told{sentence(err), err} }

// public is a copy that the caller may change.
func (g Generation) public() Generation {
	g.Params = maps.Clone(g.Params)
	return g
}
