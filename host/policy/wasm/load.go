// Package wasm answers the policy hooks with sandboxed WebAssembly plugins. It
// is the only package that knows the engine.
//
// Each loaded plugin has an engine runtime of its own, so that its memory cap
// is its own too. An instance runs one call at a time; one that trapped, or
// answered out of contract, is thrown away and never used again.
package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Options say how a plugin is run. The zero value is a sound default.
type Options struct {
	// MemoryPages caps each instance's memory, in pages of 64 KB; 0 is 512
	// (32 MB). Standard Go wants 128 at least, C and Rust get by with 2.
	MemoryPages uint32
	// Instances is how many calls of cooldown and trim may run at once; further
	// ones wait. 0 is 2. Each Match has an instance of its own besides.
	Instances int
	// Params are the plugin's knobs by name; those missing have their default.
	Params map[string]int64
	// Revision counts the params' versions, from 1; 0 is 1.
	Revision int
	// CacheDir keeps compiled code between starts; empty keeps none. It holds
	// native code that will be run: it is made private to this user (0700). One
	// that cannot be written is done without, which the log says.
	CacheDir string
	// Compiler compiles in a process of its own; nil compiles in this one, which
	// has no limits then but the caller's patience.
	Compiler *Compiler
	// Fuel limits the plugin's computing.
	Fuel Fuel
	// Meter rewrites the module before it is compiled, and may refuse it; nil is
	// meter.Meter. A module that comes back without meter.FuelGlobal has no limit.
	Meter func(module []byte) ([]byte, error)
	// Log receives what the plugin writes to its standard output and error, at a
	// bounded rate; nil drops it.
	Log *slog.Logger
	// Now times calls and the log's rate; nil is time.Now. Plugins never see it.
	Now func() time.Time
}

// MaxModule is how many bytes a module may have.
const MaxModule = 16 << 20

// Plugin is one loaded plugin with one revision of its params. Safe for
// concurrent use; the Matches it gives are not.
type Plugin struct {
	options    Options
	generation policy.Generation
	manifest   abi.Manifest
	params     []byte
	log        *pluginLog
	counts     counts
	gauge      gauge
	pool       *pool

	engine *engine // nil until it is compiled

	mu      sync.Mutex
	matches int // open ones
	closed  bool
}

// Load checks, compiles and starts a plugin. What is wrong with the plugin
// comes back as an error that wraps policy.ErrRefused and names the culprit;
// other errors are the host's own. The caller closes the Plugin.
func Load(ctx context.Context, module []byte, o Options) (*Plugin, error) {
	p := &Plugin{options: o.withDefaults()}
	digest := sha256.Sum256(module)
	p.generation = policy.Generation{Digest: hex.EncodeToString(digest[:]), Params: p.options.Revision}
	p.log = &pluginLog{to: p.options.Log.With("plugin", p.generation.Digest[:12]), now: p.options.Now}
	p.pool = newPool(p.options.Instances, p.newInstance)
	if err := p.open(ctx, module); err != nil {
		return nil, errors.Join(fmt.Errorf("wasm: load: %w", err), p.free(ctx))
	}
	return p, nil
}

func (o Options) withDefaults() Options {
	if o.MemoryPages == 0 {
		o.MemoryPages = 512
	}
	if o.Meter == nil {
		o.Meter = meterModule(o.MemoryPages)
	}
	o.Fuel = o.Fuel.withDefaults()
	if o.Instances < 1 {
		o.Instances = 2
	}
	if o.Revision < 1 {
		o.Revision = 1
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (p *Plugin) open(ctx context.Context, module []byte) (err error) {
	if err := checkBytes(module); err != nil {
		return err
	}
	if module, err = p.options.Meter(module); err != nil {
		return refuse("it does not compile: %w", err)
	}
	if p.engine, err = p.options.compile(ctx, module); err != nil {
		return err
	}
	if err := checkExports(p.engine.compiled, "always"); err != nil {
		return err
	}
	if err := offerImports(ctx, p.engine.runtime, p.engine.compiled); err != nil {
		return err
	}
	return p.introduce()
}

// introduce starts a first instance, asks it who it is, and keeps it warm.
func (p *Plugin) introduce() error {
	in, err := p.start()
	if err != nil {
		return refuse("it does not start: %w", err)
	}
	if err := p.meet(in); err != nil {
		in.close()
		return err
	}
	p.pool.put(in)
	return nil
}

func (p *Plugin) meet(in *instance) error {
	version, err := in.call(in.fuel.Setup, in.abi)
	if err != nil {
		return refuse("%s: %w", abi.SkyABI, err)
	}
	if uint32(version) != abi.Version {
		return refuse("it speaks ABI version %d; this host speaks %d", uint32(version), abi.Version)
	}
	packed, err := in.call(in.fuel.Setup, in.manifest)
	if err != nil {
		return refuse("%s: %w", abi.SkyManifest, err)
	}
	text, err := in.unpack(int64(packed), abi.MaxManifest)
	if err != nil {
		return refuse("%s: %w", abi.SkyManifest, err)
	}
	if p.manifest, err = policy.ParseManifest(text); err != nil {
		return err
	}
	if p.manifest.MemoryPages > p.options.MemoryPages {
		return refuse("it asks for %d pages of memory; %d are allowed", p.manifest.MemoryPages, p.options.MemoryPages)
	}
	needed := append([]string{}, p.manifest.Hooks...)
	if p.manifest.Params != nil {
		needed = append(needed, "params")
	}
	if err := checkExports(p.engine.compiled, needed...); err != nil {
		return err
	}
	if p.params, err = policy.EncodeParams(p.manifest.Params, p.options.Params); err != nil {
		return err
	}
	p.generation.Name = p.manifest.Name + "@" + p.manifest.Version
	if err := p.prepare(in); err != nil {
		return refuse("it does not start: %w", err)
	}
	return nil
}

// Manifest is what the plugin says of itself. Read only.
func (p *Plugin) Manifest() abi.Manifest { return p.manifest }

// Generation names the plugin and its params.
func (p *Plugin) Generation() policy.Generation { return p.generation }

// Stats counts the calls so far.
func (p *Plugin) Stats() policy.Stats { return p.counts.stats() }

// Close waits for the calls that run and frees everything, in the order that
// really returns the memory. Close every Match first: as long as one is open,
// or if ctx ends before the calls do, Close fails and may be tried again.
// Nothing can be asked of a closed Plugin.
func (p *Plugin) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.matches > 0 {
		p.mu.Unlock()
		return fmt.Errorf("wasm: close: %d matches are still open", p.matches)
	}
	p.closed = true
	p.mu.Unlock()
	if err := p.pool.close(ctx); err != nil {
		return fmt.Errorf("wasm: close: %w", err)
	}
	return p.free(ctx)
}

// free closes the instances that idle, and the engine after them.
func (p *Plugin) free(ctx context.Context) error {
	p.pool.drop()
	if p.engine == nil {
		return nil
	}
	return p.engine.free(ctx)
}
