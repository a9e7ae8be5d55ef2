// Package admintest has a registry in memory, for tests of what operators see.
// Its modules are lines of text, not wasm: "NAME VERSION HOOK[,HOOK]".
package admintest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// ErrBroken is what a Registry that is Broken answers: trouble of the server's own.
var ErrBroken = errors.New("registry: the disk is full")

// Registry is a registry in memory. Its exported fields are set before use.
// Safe for concurrent use.
type Registry struct {
	Signed bool            // modules need a signature: any but none will do
	Broken bool            // everything but Status and History fails with ErrBroken
	Hold   chan struct{}   // a load waits for one value
	Held   chan struct{}   // a load that waits says so
	Loaded chan [32]byte   // gets the digest of each module put in service
	Start  time.Time       // of the clock: each change is one second later
	Called func(op string) // hears of each change asked for

	mu      sync.Mutex
	clock   time.Duration
	lines   map[registry.Hook][]registry.Generation // by hook, the serving one last
	known   map[string]registry.Version
	calls   uint64
	changes []registry.Change
	subs    map[chan registry.Change]bool
}

// Knobs are what every module of a fake Registry offers.
var Knobs = []abi.Param{
	{Name: "age_window", Type: abi.I32, Default: 0, Min: 0, Max: 20, Unit: "years", Help: "years tolerated outside the wished range"},
	{Name: "tag_weight", Type: abi.I32, Default: 10, Min: -1000, Max: 1000, Unit: "points", Help: "for each tag in common"},
	{Name: "strict", Type: abi.U8, Default: 1, Min: 0, Max: 1, Help: "refuse rather than guess"},
	{Name: "seed", Type: abi.I64, Default: 9007199254740993, Min: 0, Max: 9223372036854775807, Help: "of the shuffle"},
}

// New makes a registry with one module serving each hook.
func New() *Registry {
	r := &Registry{
		Start: time.Date(2026, 5, 4, 20, 0, 0, 0, time.UTC), Loaded: make(chan [32]byte, 100),
		lines: map[registry.Hook][]registry.Generation{}, known: map[string]registry.Version{},
		subs: map[chan registry.Change]bool{},
	}
	for _, m := range []string{"match-mutual 1.0.0 match", "cooldown-standard 1.0.0 cooldown", "trim-essential 1.0.0 trim", "trim-signalling 1.0.0 signalling"} {
		if _, _, err := r.LoadFor(context.Background(), "seed", []byte(m), []byte{1}, registry.LoadOptions{}); err != nil {
			panic(err) // these modules are as this package wants them
		}
		<-r.Loaded
	}
	return r
}

func (r *Registry) begin(op string) (func(), error) {
	if r.Called != nil {
		r.Called(op)
	}
	r.mu.Lock()
	r.clock += time.Second
	if r.Broken {
		return r.mu.Unlock, ErrBroken
	}
	return r.mu.Unlock, nil
}

// read takes a module apart.
func (r *Registry) read(module []byte) (registry.Version, error) {
	words := strings.Fields(string(module))
	if len(words) < 3 {
		return registry.Version{}, fmt.Errorf("%w: it does not export memory", policy.ErrRefused)
	}
	sum := sha256.Sum256(module)
	v := registry.Version{
		Digest: hex.EncodeToString(sum[:]), Name: words[0], Version: words[1], Params: Knobs, Bytes: len(module),
		State: registry.Stored, LoadedAt: r.Start.Add(r.clock),
	}
	for h := range strings.SplitSeq(words[2], ",") {
		if !slices.Contains(registry.Hooks[:], registry.Hook(h)) {
			return v, fmt.Errorf("%w: its manifest names the hook %q, which there is not", policy.ErrRefused, h)
		}
		v.Hooks = append(v.Hooks, registry.Hook(h))
	}
	return v, nil
}

func (r *Registry) Inspect(_ context.Context, module []byte) (registry.Version, error) {
	unlock, err := r.begin("inspect")
	defer unlock()
	if err != nil {
		return registry.Version{}, err
	}
	v, err := r.read(module)
	if known, is := r.known[v.Digest]; is {
		v = known
	}
	return v, err
}

func (r *Registry) LoadFor(ctx context.Context, who string, module, signature []byte, o registry.LoadOptions) (registry.Version, []registry.Generation, error) {
	if r.Hold != nil {
		if r.Held != nil {
			r.Held <- struct{}{}
		}
		select {
		case <-r.Hold:
		case <-ctx.Done():
			return registry.Version{}, nil, ctx.Err()
		}
	}
	unlock, err := r.begin("load")
	defer unlock()
	if err != nil {
		return registry.Version{}, nil, err
	}
	v, err := r.read(bytes.Clone(module))
	if err == nil && r.Signed && len(signature) == 0 {
		err = registry.ErrUnsigned
	}
	was := r.known[v.Digest]
	if err == nil && was.State == registry.Quarantined && !o.Again {
		err = fmt.Errorf("%s@%s is %w: %s", v.Name, v.Version, registry.ErrQuarantined, was.Reason)
	}
	if err != nil {
		r.note(registry.Change{Who: who, Action: "load", Digest: v.Digest, Result: err.Error()})
		return v, nil, err
	}
	action := "load"
	if was.State == registry.Quarantined {
		action = "load again"
	}
	r.known[v.Digest] = v
	var generations []registry.Generation
	for _, h := range v.Hooks {
		params := map[string]int64{}
		for _, k := range Knobs {
			params[k.Name] = k.Default
		}
		generations = append(generations, r.serve(h, who, action, func(g *registry.Generation) {
			*g = registry.Generation{Digest: v.Digest, Name: v.Name + "@" + v.Version, Params: params}
		}))
	}
	v.State = registry.Serving
	r.Loaded <- sha256.Sum256(module)
	return v, generations, nil
}

// serve makes the next generation of a hook from a copy of the last.
func (r *Registry) serve(h registry.Hook, who, action string, change func(*registry.Generation)) registry.Generation {
	var before string
	var g registry.Generation
	rev := 0
	if line := r.lines[h]; len(line) > 0 {
		g = line[len(line)-1]
		before, rev = g.String(), g.Rev
	}
	change(&g)
	g.Hook, g.Rev, g.By, g.Since = h, rev+1, who, r.Start.Add(r.clock)
	r.lines[h] = append(r.lines[h], g)
	r.note(registry.Change{Who: who, Action: action, Hook: h, Digest: g.Digest, Before: before, After: g.String(), Result: "ok"})
	return g
}

func (r *Registry) note(c registry.Change) {
	c.At = r.Start.Add(r.clock)
	r.changes = append(r.changes, c)
	for sub := range r.subs {
		select {
		case sub <- c:
		default: // a test that reads so slowly does not count them
		}
	}
}

func (r *Registry) Subscribe() (<-chan registry.Change, func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := make(chan registry.Change, 16)
	r.subs[c] = true
	return c, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.subs, c)
	}
}

// Subscribers is how many listen now.
func (r *Registry) Subscribers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.subs)
}

func (r *Registry) Set(_ context.Context, who, name string, params map[string]int64) (registry.Generation, error) {
	unlock, err := r.begin("set")
	defer unlock()
	if err != nil {
		return registry.Generation{}, err
	}
	for _, h := range registry.Hooks {
		line := r.lines[h]
		if plain, _, _ := strings.Cut(line[len(line)-1].Name, "@"); plain != name {
			continue
		}
		all := map[string]int64{}
		for _, k := range Knobs {
			all[k.Name] = line[len(line)-1].Params[k.Name]
			if n, is := params[k.Name]; is {
				if n < k.Min || n > k.Max {
					return registry.Generation{}, fmt.Errorf("%w: %s goes from %d to %d, not %d", registry.ErrBadParam, k.Name, k.Min, k.Max, n)
				}
				all[k.Name] = n
			}
		}
		for k := range params {
			if _, is := all[k]; !is {
				return registry.Generation{}, fmt.Errorf("%w: %s has no knob %q", registry.ErrBadParam, name, k)
			}
		}
		return r.serve(h, who, "set", func(g *registry.Generation) { g.Params = all }), nil
	}
	return registry.Generation{}, fmt.Errorf("%w: %s", registry.ErrNoSuch, name)
}

func (r *Registry) Rollback(_ context.Context, who string, h registry.Hook) (registry.Generation, error) {
	unlock, err := r.begin("rollback")
	defer unlock()
	if err != nil {
		return registry.Generation{}, err
	}
	line := r.lines[h]
	for _, before := range slices.Backward(line) {
		if before.Digest != line[len(line)-1].Digest {
			return r.serve(h, who, "rollback", func(g *registry.Generation) { *g = before }), nil
		}
	}
	return registry.Generation{}, registry.ErrNothingBefore
}

func (r *Registry) Pause(_ context.Context, who string, h registry.Hook) (registry.Generation, error) {
	unlock, err := r.begin("pause")
	defer unlock()
	if err != nil {
		return registry.Generation{}, err
	}
	return r.serve(h, who, "pause", func(g *registry.Generation) { g.Paused = true }), nil
}

func (r *Registry) Resume(_ context.Context, who string, h registry.Hook) (registry.Generation, error) {
	unlock, err := r.begin("resume")
	defer unlock()
	if err != nil {
		return registry.Generation{}, err
	}
	return r.serve(h, who, "resume", func(g *registry.Generation) { g.Paused = false }), nil
}

// Status makes up figures that grow with every look.
func (r *Registry) Status() (s registry.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls += 1234
	for _, h := range registry.Hooks {
		line := r.lines[h]
		s.Serving = append(s.Serving, line[len(line)-1])
	}
	for _, v := range r.known {
		v.Use = nil
		for _, h := range v.Hooks {
			line := r.lines[h]
			f := registry.HookFigure{Hook: h, Calls: 5}
			if line[len(line)-1].Digest == v.Digest {
				if v.State != registry.Quarantined {
					v.State = registry.Serving
				}
				f = registry.HookFigure{Hook: h, Calls: r.calls, Trapped: 3, Exhausted: 2, Invalid: 1, P50us: 14.2, P99us: 1840, Fuel: r.calls * 25_000, MemBytes: 7 << 20, Instances: 2}
			}
			v.Use = append(v.Use, f)
		}
		s.Versions = append(s.Versions, v)
	}
	slices.SortFunc(s.Versions, func(a, b registry.Version) int {
		return strings.Compare(a.Name+a.Digest, b.Name+b.Digest)
	})
	return s
}

// Quarantine takes a version out of service as the registry would by itself.
func (r *Registry) Quarantine(digest, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.known[digest]
	v.State, v.Reason = registry.Quarantined, reason
	r.known[digest] = v
}

func (r *Registry) History(_ context.Context, before int64, limit int) ([]registry.Change, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var page []registry.Change
	for _, c := range slices.Backward(r.changes) {
		if len(page) < limit && (before == 0 || c.At.UnixMilli() < before) {
			page = append(page, c)
		}
	}
	return page, nil
}
