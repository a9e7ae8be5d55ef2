package registry

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Native is the seed that means the rule compiled in.
const Native = "native"

// OnFailure says who answers a call that a plugin failed at, and who takes over
// when it is quarantined. No list of a reel ever mixes two generations: there a
// failed call answers its error and the list stands as it was.
type OnFailure string

const (
	// LastGood: the generation before, or where it is gone the rule compiled in.
	// Trim uses the last good plan for the same question first.
	LastGood OnFailure = "last_good"
	// Baseline: the rule compiled in.
	Baseline OnFailure = "native"
	// Refuse: nobody answers that call; in quarantine, as LastGood.
	Refuse OnFailure = "refuse"
)

// Config is what an operator decides. Zero fields have defaults, but for Dir,
// Seeds and Baselines.
type Config struct {
	Dir         string              // where plugins' bytes lie, as <digest>.wasm
	Seeds       map[Hook]string     // what a hook without a generation starts with: a .wasm file or Native
	OnFailure   map[Hook]OnFailure  // LastGood
	TrustedKeys []ed25519.PublicKey // none: signatures are not asked for
	Limits      Limits              //
	Hooks       map[Hook]HookLimits // a plugin of several hooks gets the tightest of them
	Quarantine  Quarantine          //
	KeepWarm    time.Duration       // how long a roll back is instant; 15 min
	CacheDir    string              // compiled code; "" keeps none
	Compiler    *wasm.Compiler      // a process of its own that compiles; nil: this one does
	CacheBytes  int64               // of the cache, the oldest goes first; 512 MB
	Baselines   Baselines           //
	Attrs       []string            // the product's own attributes, in order; empty: it has none; nil: not known here, and a plugin may read any
}

// Limits bound a plugin before anything is known of it.
type Limits struct {
	ModuleBytes    int           // wasm.MaxModule, which is also the most
	CompileTimeout time.Duration // until it is ready to be asked; 60 s
	Fuel           wasm.Fuel     // what calls may compute
}

// HookLimits bound a plugin that serves a hook.
type HookLimits struct {
	MemoryPages uint32 // of 64 KB, for each instance; 512
	Instances   int    // calls of cooldown and trim at once; 2
}

// Quarantine: a version is taken out of service at its Failures-th failure within Window.
type Quarantine struct {
	Failures int           // 5
	Window   time.Duration // 1 min
}

// Baselines are the rules compiled in; all four are needed.
type Baselines struct {
	Match      abi.MatchRule
	Cooldown   abi.CooldownRule
	Trim       abi.TrimRule
	Signalling abi.SignallingRule
}

// Deps is what a registry needs of the world.
type Deps struct {
	Store store.Plugins
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: drops all
}

func (c Config) withDefaults() Config {
	if c.Limits.ModuleBytes <= 0 || c.Limits.ModuleBytes > wasm.MaxModule {
		c.Limits.ModuleBytes = wasm.MaxModule
	}
	c.Limits.CompileTimeout = cmp.Or(c.Limits.CompileTimeout, time.Minute)
	hooks, failure := map[Hook]HookLimits{}, map[Hook]OnFailure{}
	for _, h := range Hooks {
		l := c.Hooks[h]
		hooks[h] = HookLimits{MemoryPages: cmp.Or(l.MemoryPages, 512), Instances: cmp.Or(l.Instances, 2)}
		failure[h] = cmp.Or(c.OnFailure[h], LastGood)
	}
	c.Hooks, c.OnFailure = hooks, failure
	c.Quarantine.Failures = cmp.Or(c.Quarantine.Failures, 5)
	c.Quarantine.Window = cmp.Or(c.Quarantine.Window, time.Minute)
	c.KeepWarm = cmp.Or(c.KeepWarm, 15*time.Minute)
	c.CacheBytes = cmp.Or(c.CacheBytes, 512<<20)
	return c
}

func (c Config) check() error {
	if c.Dir == "" {
		return fmt.Errorf("registry: no folder for plugins")
	}
	for _, h := range Hooks {
		if c.Seeds[h] == "" {
			return fmt.Errorf("registry: hook %s has no seed", h)
		}
		switch c.OnFailure[h] {
		case LastGood, Baseline, Refuse:
		default:
			return fmt.Errorf("registry: hook %s: on failure %q is unknown", h, c.OnFailure[h])
		}
	}
	if b := c.Baselines; b.Match == nil || b.Cooldown == nil || b.Trim == nil || b.Signalling == nil {
		return fmt.Errorf("registry: a rule compiled in is missing")
	}
	return nil
}

// limits of a plugin that serves these hooks: memory the least, instances the most of theirs.
func (c Config) limits(hooks []Hook) HookLimits {
	l := c.Hooks[hooks[0]]
	for _, h := range hooks[1:] {
		l.MemoryPages = min(l.MemoryPages, c.Hooks[h].MemoryPages)
		l.Instances = max(l.Instances, c.Hooks[h].Instances)
	}
	return l
}

// roomiest is what a plugin may use until it has said which hooks it serves.
func (c Config) roomiest() HookLimits {
	var l HookLimits
	for _, h := range Hooks {
		l.MemoryPages = max(l.MemoryPages, c.Hooks[h].MemoryPages)
		l.Instances = max(l.Instances, c.Hooks[h].Instances)
	}
	return l
}
