package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/plugins/trimessential"
)

// policies are the three hooks' answerers: wasm plugins from the plugins
// folder, or the reference rules compiled in where the configuration says native.
type policies struct {
	log     *slog.Logger
	plugins []loadedPlugin

	match    func(ctx context.Context) (policy.Match, error) // one more scorer of the generation
	cooldown policy.Cooldown
	backup   policy.Cooldown // answers when cooldown fails; nil: the lobby's own figure stands
	trim     policy.Trim
}

// nativeHook is the plugin name that means the reference rule compiled in.
const nativeHook = "native"

func loadPolicies(ctx context.Context, cfg config.Config, log *slog.Logger) (_ *policies, err error) {
	p := &policies{log: log}
	defer func() {
		if err != nil {
			p.close(context.WithoutCancel(ctx))
		}
	}()
	if err := p.loadMatch(ctx, cfg); err != nil {
		return nil, fmt.Errorf("match policy: %w", err)
	}
	if err := p.loadCooldown(ctx, cfg); err != nil {
		return nil, fmt.Errorf("cooldown policy: %w", err)
	}
	if err := p.loadTrim(ctx, cfg); err != nil {
		return nil, fmt.Errorf("trim policy: %w", err)
	}
	return p, nil
}

func (p *policies) loadMatch(ctx context.Context, cfg config.Config) error {
	if cfg.Policy.Match.Plugin == nativeHook {
		p.match = func(context.Context) (policy.Match, error) { return native.Match(matchmutual.Plugin, nil, 1) }
		return nil
	}
	plugin, err := p.load(ctx, cfg, cfg.Policy.Match)
	if err != nil {
		return err
	}
	p.match = plugin.Match
	// A plugin that does not rank is refused now rather than at the first newcomer.
	try, err := plugin.Match(ctx)
	if err != nil {
		return err
	}
	return try.Close(ctx)
}

func (p *policies) loadCooldown(ctx context.Context, cfg config.Config) error {
	hook := cfg.Policy.Cooldown
	baseline, err := native.Cooldown(cooldownstandard.Plugin, nil, 1)
	if err != nil {
		return err
	}
	if hook.Plugin == nativeHook {
		p.cooldown = baseline
		return nil
	}
	if hook.OnFailure == nativeHook {
		p.backup = baseline
	}
	plugin, err := p.load(ctx, cfg, hook)
	if err != nil {
		return err
	}
	p.cooldown, err = plugin.Cooldown()
	return err
}

func (p *policies) loadTrim(ctx context.Context, cfg config.Config) error {
	hook := cfg.Policy.Trim
	baseline, err := native.Trim(trimessential.Plugin, nil, 1)
	if err != nil {
		return err
	}
	if hook.Plugin == nativeHook {
		p.trim = baseline
		return nil
	}
	plugin, err := p.load(ctx, cfg, hook)
	if err != nil {
		return err
	}
	asked, err := plugin.Trim()
	if err != nil {
		return err
	}
	inner := &onceTrim{Trim: asked, plans: map[[2]string]policy.Plan{}}
	failed := func(kind, audience string, err error) {
		p.log.Warn("trim policy failed", "kind", kind, "audience", audience, "err", err)
	}
	if hook.OnFailure == nativeHook {
		p.trim = trimBackup{inner, baseline, failed}
	} else {
		p.trim = policy.LastGood(inner, failed)
	}
	return nil
}

// load finds and opens a hook's wasm file.
func (p *policies) load(ctx context.Context, cfg config.Config, hook config.Hook) (*wasm.Plugin, error) {
	path, err := findPlugin(cfg.Plugins, hook.Plugin)
	if err != nil {
		return nil, err
	}
	for _, loaded := range p.plugins { // one file may serve several hooks
		if loaded.Path == path {
			return loaded.Plugin, nil
		}
	}
	module, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	plugin, err := wasm.Load(ctx, module, wasm.Options{
		MemoryPages: uint32(hook.MemoryPages), Instances: hook.Instances,
		CacheDir: filepath.Join(cfg.Data, "cache", "wasm"), Log: p.log,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p.plugins = append(p.plugins, loadedPlugin{plugin, path})
	return plugin, nil
}

// loadedPlugin remembers where a plugin came from.
type loadedPlugin struct {
	*wasm.Plugin
	Path string
}

// findPlugin resolves a hook's plugin: a path to a .wasm file as it is, a name
// in the plugins folder, or (no folder configured) in bin/plugins here or
// plugins beside the binary.
func findPlugin(dir, name string) (string, error) {
	if strings.HasSuffix(name, ".wasm") {
		return name, nil
	}
	dirs := []string{dir}
	if dir == "" {
		dirs = []string{filepath.Join("bin", "plugins")}
		if exe, err := os.Executable(); err == nil {
			dirs = append(dirs, filepath.Join(filepath.Dir(exe), "plugins"))
		}
	}
	for _, d := range dirs {
		path := filepath.Join(d, name+".wasm")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s.wasm in %s (make plugins builds the reference ones)", name, strings.Join(dirs, " or "))
}

// decide asks the cooldown policy how long a pair is kept apart; see engine.Deps.
func (p *policies) decide(ctx context.Context, c lobby.Case) (int64, string, error) {
	seconds, err := p.cooldown.Decide(ctx, c)
	if err == nil {
		return seconds, p.cooldown.Generation().Digest, nil
	}
	if p.backup == nil || ctx.Err() != nil {
		return 0, "", err
	}
	p.log.Warn("cooldown policy failed; the reference rule answers", "err", err)
	seconds, err = p.backup.Decide(ctx, c)
	return seconds, p.backup.Generation().Digest, err
}

// trimmed applies the trim policy's plan for this kind and audience to a payload.
func (p *policies) trimmed(ctx context.Context, kind, audience string, payload []byte) ([]byte, error) {
	plan, err := p.trim.Plan(ctx, kind, audience)
	if err != nil {
		return nil, err
	}
	return plan.Apply(nil, payload, optionalIn(kind))
}

// optionalIn tells which fields of a payload a plan may touch: those that the
// wire schema does not require.
func optionalIn(kind string) func(field string) bool {
	return func(field string) bool {
		return kind != "card" || field != "id" && field != "v" && field != "name"
	}
}

func (p *policies) close(ctx context.Context) {
	var errs []error
	for _, plugin := range p.plugins {
		errs = append(errs, plugin.Close(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		p.log.Error("plugins not closed cleanly", "err", err)
	}
}

// onceTrim asks a plugin once per kind and audience; failures are asked again.
type onceTrim struct {
	policy.Trim
	mu    sync.Mutex
	plans map[[2]string]policy.Plan
}

func (t *onceTrim) Plan(ctx context.Context, kind, audience string) (policy.Plan, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [2]string{kind, audience}
	if plan, known := t.plans[key]; known {
		return plan, nil
	}
	plan, err := t.Trim.Plan(ctx, kind, audience)
	if err == nil {
		t.plans[key] = plan
	}
	return plan, err
}

// trimBackup answers with the reference rule where the plugin fails.
type trimBackup struct {
	policy.Trim
	baseline policy.Trim
	failed   func(kind, audience string, err error)
}

func (t trimBackup) Plan(ctx context.Context, kind, audience string) (policy.Plan, error) {
	plan, err := t.Trim.Plan(ctx, kind, audience)
	if err == nil {
		return plan, nil
	}
	t.failed(kind, audience, err)
	return t.baseline.Plan(ctx, kind, audience)
}

// names says who answers, for the log.
func (p *policies) names() string {
	names := []string{p.cooldown.Generation().String(), p.trim.Generation().String()}
	for _, l := range p.plugins {
		names = append(names, l.Generation().Name)
	}
	return strings.Join(names, ", ")
}
