package app

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/plugins/trimessential"
	"github.com/napalmsky/napalmsky/plugins/trimsignalling"
)

// policies are the four hooks' answerers as the engine and the reel ask them.
type policies struct {
	log     *slog.Logger
	plugins *registry.Registry
	held    policy.Generation // the latest the reel took; its goroutine's own
}

// nativeHook is the plugin name that means the reference rule compiled in.
const nativeHook = registry.Native

// openPolicies brings back the plugins that served last; a hook that never had
// one starts with what the configuration names.
func openPolicies(ctx context.Context, cfg config.Config, plugins store.Plugins, o Options) (*policies, error) {
	c := registry.Config{
		Dir: filepath.Join(cfg.Data, "plugins"), CacheDir: cmp.Or(o.Cache, filepath.Join(cfg.Data, "cache", "wasm")), Compiler: o.Compiler,
		Seeds: map[registry.Hook]string{}, OnFailure: map[registry.Hook]registry.OnFailure{}, Hooks: map[registry.Hook]registry.HookLimits{},
		Attrs:     cfg.Product.AttrNames(),
		Baselines: registry.Baselines{Match: matchmutual.Plugin, Cooldown: cooldownstandard.Plugin, Trim: trimessential.Plugin, Signalling: trimsignalling.Plugin},
	}
	for hook, h := range map[registry.Hook]config.Hook{
		registry.Match: cfg.Policy.Match, registry.Cooldown: cfg.Policy.Cooldown, registry.Trim: cfg.Policy.Trim,
		registry.Signalling: cfg.Policy.Signalling,
	} {
		c.Seeds[hook] = findPlugin(cfg.Plugins, h.Plugin)
		c.OnFailure[hook] = registry.OnFailure(h.OnFailure)
		c.Hooks[hook] = registry.HookLimits{MemoryPages: uint32(h.MemoryPages), Instances: h.Instances}
	}
	p := cfg.Policy
	c.Limits = registry.Limits{ModuleBytes: int(p.ModuleBytes), CompileTimeout: p.CompileTimeout, Fuel: wasm.Fuel(p.Fuel)}
	c.Quarantine = registry.Quarantine{Failures: p.QuarantineFailures, Window: p.QuarantineWindow}
	c.KeepWarm, c.CacheBytes = p.KeepWarm, int64(p.CacheBytes)
	for _, key := range p.TrustedKeys {
		raw, err := base64.StdEncoding.DecodeString(key)
		if err != nil {
			return nil, fmt.Errorf("policy.trusted_keys: %w", err) // config.Validate has refused it
		}
		c.TrustedKeys = append(c.TrustedKeys, raw)
	}
	where := "a process of its own"
	if o.Compiler == nil {
		where = "the server's own process"
	}
	o.Log.Info("plugins are compiled", "in", where)
	r, err := registry.Open(ctx, c, registry.Deps{Store: plugins, Now: o.Now, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("policies (make plugins builds the reference ones): %w", err)
	}
	return &policies{log: o.Log, plugins: r}, nil
}

// findPlugin resolves a hook's plugin: "native" and a path to a .wasm file stay
// as they are, a name is looked for in the plugins folder or (no folder
// configured) in bin/plugins here and in plugins beside the binary.
func findPlugin(dir, name string) string {
	if name == nativeHook || strings.HasSuffix(name, ".wasm") {
		return name
	}
	if dir != "" {
		return filepath.Join(dir, name+".wasm")
	}
	here := filepath.Join("bin", "plugins", name+".wasm")
	exe, err := os.Executable()
	if err != nil {
		return here
	}
	beside := filepath.Join(filepath.Dir(exe), "plugins", name+".wasm")
	if _, err := os.Stat(here); err != nil {
		if _, err := os.Stat(beside); err == nil {
			return beside
		}
	}
	return here
}

// match and stale are the reel's; see reel.Deps.
func (p *policies) match(ctx context.Context) (policy.Match, error) {
	m, err := p.plugins.Match(ctx)
	if err != nil {
		return nil, err
	}
	p.held = m.Generation()
	return m, nil
}

func (p *policies) stale() bool { return p.plugins.MatchStale(p.held) }

// decide asks the cooldown policy how long a pair is kept apart; see engine.Deps.
func (p *policies) decide(ctx context.Context, c lobby.Case) (int64, string, error) {
	return p.plugins.Decide(ctx, c)
}

// watch calls changed at every change of plugins, and reface whenever another
// generation trims, until ctx ends.
func (p *policies) watch(ctx context.Context, changed, reface func()) error {
	changes, cancel := p.plugins.Subscribe()
	defer cancel()
	last := p.trimmer()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-changes:
			if !open {
				return nil
			}
			changed()
			if now := p.trimmer(); now != last {
				last = now
				reface()
			}
		}
	}
}

// trimmer is the revision that trims now.
func (p *policies) trimmer() (revision int) {
	for _, g := range p.plugins.Status().Serving {
		if g.Hook == registry.Trim {
			revision = g.Rev
		}
	}
	return revision
}

// names says who answers, for the log.
func (p *policies) names() string {
	var names []string
	for _, g := range p.plugins.Status().Serving {
		names = append(names, string(g.Hook)+" "+g.String())
	}
	return strings.Join(names, ", ")
}

func (p *policies) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := p.plugins.Close(ctx); err != nil {
		p.log.Error("plugins not closed cleanly", "err", err)
	}
}
