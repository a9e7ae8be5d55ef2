package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/store"
)

// Registry serves the policy hooks and lets operators change who does. Safe for
// concurrent use. Make it with Open; close it after everyone who asks is gone.
type Registry struct {
	cfg    Config
	deps   Deps
	log    *slog.Logger
	files  files
	loader *loader
	slots  map[Hook]*slot // immutable

	loading lock             // held by one operator's pipeline at a time; never by calls
	acting  lock             // held while a change is written down and swapped in; taken after loading
	unsaved store.PluginSave // of a quarantine that could not be stored yet; guarded by acting

	mu       sync.Mutex // below it nothing blocks
	versions map[string]*version
	past     map[Hook]*counters // what versions did that are deleted
	runs     map[*running]bool  // that are not closed yet
	tasks    int                // goroutines of ours that run
	closed   bool
	lastAt   int64         // ms of the newest line of the audit log
	moved    chan struct{} // holds a token when runs or tasks got fewer

	feed feed
}

// lock is a mutex that one can stop waiting for.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try takes it only if nobody has it.
func (l lock) try() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l lock) free() { <-l }

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

// Open brings back, for every hook, the generation that served last. A hook
// that never had one starts with its seed, and an error of that is Open's. A
// stored one that no longer loads is replaced by the seed or else the rule
// compiled in, which the log and the audit log say.
func Open(ctx context.Context, cfg Config, d Deps) (_ *Registry, err error) {
	cfg, d = cfg.withDefaults(), d.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	r := &Registry{
		cfg: cfg, deps: d, log: d.Log, files: files{cfg.Dir}, slots: map[Hook]*slot{},
		loading: newLock(), acting: newLock(),
		versions: map[string]*version{}, past: map[Hook]*counters{}, runs: map[*running]bool{}, moved: make(chan struct{}, 1),
	}
	r.loader = newLoader(cfg, d, r.spawn)
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("registry: open: %w", err), r.Close(context.WithoutCancel(ctx)))
		}
	}()
	for _, h := range Hooks {
		r.past[h] = &counters{}
		if r.slots[h], err = r.newSlot(h); err != nil {
			return nil, err
		}
	}
	if err := r.files.tidy(); err != nil {
		return nil, err
	}
	if err := r.remember(ctx); err != nil {
		return nil, err
	}
	if err := r.files.settle(func(digest string) bool { return r.known(digest) != nil }); err != nil {
		return nil, err
	}
	for _, h := range Hooks {
		if err := r.restore(ctx, r.slots[h]); err != nil {
			return nil, fmt.Errorf("%s: %w", h, err)
		}
	}
	return r, nil
}

// newSlot opens the rule compiled in, which stands by for as long as the registry is open.
func (r *Registry) newSlot(h Hook) (*slot, error) {
	rule, err := newCompiledIn(h, r.cfg.Baselines, nil)
	if err != nil {
		return nil, err
	}
	v := newVersion(rule.(compiledIn).digest(), rule.Manifest(), 0, r.deps.Now())
	r.versions[v.digest] = v
	run := r.start(v, rule, v.knobs(nil))
	gen := Generation{Hook: h, Digest: v.digest, Name: v.title(), Params: run.params, Rev: 1}
	base, err := newServing(gen, 0, run, run)
	run.release()
	return &slot{hook: h, onFailure: r.cfg.OnFailure[h], base: base}, err
}

// remember reads what is known of versions, and how far the audit log goes.
func (r *Registry) remember(ctx context.Context) error {
	rows, err := r.deps.Store.PluginVersions(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		v, err := versionOf(row)
		if err != nil {
			return err
		}
		r.versions[v.digest] = v
	}
	last, err := r.deps.Store.PluginChanges(ctx, 0, 1)
	if len(last) > 0 {
		r.lastAt = last[0].At
	}
	return err
}

// start registers an opened version; the caller has its first lease.
func (r *Registry) start(v *version, p answerer, params map[string]int64) *running {
	run := newRunning(v, p, params, r.drained)
	run.checked = fuelOf(run)
	r.mu.Lock()
	r.runs[run] = true
	r.mu.Unlock()
	return run
}

// live finds a version that runs with these params already, and leases it.
func (r *Registry) live(digest string, params map[string]int64) *running {
	key := runKey(digest, params)
	r.mu.Lock()
	defer r.mu.Unlock()
	for run := range r.runs {
		if run.key == key && run.acquire() {
			return run
		}
	}
	return nil
}

// drained closes a version that nobody leases any more, off the caller's path.
func (r *Registry) drained(run *running) {
	r.spawn(func() {
		if err := run.plugin.Close(context.Background()); err != nil {
			r.log.Error("plugin not closed cleanly", "plugin", run.version.title(), "digest", run.version.digest, "err", err)
		}
		r.mu.Lock()
		for h, fuel := range fuelOf(run) {
			run.version.use[h].fuel.Add(fuel)
		}
		delete(r.runs, run)
		r.mu.Unlock()
	})
}

// spawn runs f in a goroutine that Close waits for.
func (r *Registry) spawn(f func()) {
	r.mu.Lock()
	r.tasks++
	r.mu.Unlock()
	go func() {
		f()
		r.mu.Lock()
		r.tasks--
		r.mu.Unlock()
		select {
		case r.moved <- struct{}{}:
		default:
		}
	}()
}

// Close takes every hook out of service and waits, as long as ctx allows, until
// the last lease is given back and all memory is freed. Open Matches hold it
// up: close them first.
func (r *Registry) Close(ctx context.Context) error {
	if err := r.acting.take(ctx); err != nil {
		return fmt.Errorf("registry: close: %w", err)
	}
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	var gone []*serving
	for _, h := range Hooks {
		if s := r.slots[h]; first && s != nil {
			gone = append(gone, s.put(nil, 0, nil)...)
			if s.base != nil {
				gone = append(gone, s.base)
			}
		}
	}
	r.mu.Unlock()
	err := r.saveLeft(ctx)
	r.acting.free()
	for _, v := range gone {
		v.giveUp()
	}
	r.feed.close()
	for {
		r.mu.Lock()
		runs, tasks := len(r.runs), r.tasks
		r.mu.Unlock()
		if runs == 0 && tasks == 0 {
			return err
		}
		select {
		case <-r.moved:
		case <-ctx.Done():
			return errors.Join(err, fmt.Errorf("registry: close: %d plugins are still leased: %w", runs, ctx.Err()))
		}
	}
}

// isClosed is asked under acting, so that nothing is swapped in after Close.
func (r *Registry) isClosed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fmt.Errorf("registry: %w", policy.ErrClosed)
	}
	return nil
}
