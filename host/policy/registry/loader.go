package registry

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
)

// Progress hears of each step of a load as it begins: "verify", "compile",
// "self-check", "swap". It must return at once.
type Progress func(step string)

// loader takes a module as far as one can without putting it in service.
type loader struct {
	cfg       Config
	now       func() time.Time
	log       *slog.Logger
	compiling chan struct{}                                                 // one at a time: it takes all the processors it can get
	spawn     func(func())                                                  // starts a goroutine that somebody waits for
	open      func(context.Context, []byte, wasm.Options) (answerer, error) // the engine
}

func newLoader(cfg Config, d Deps, spawn func(func())) *loader {
	return &loader{
		cfg: cfg, now: d.Now, log: d.Log, compiling: make(chan struct{}, 1), spawn: spawn,
		open: func(ctx context.Context, module []byte, o wasm.Options) (answerer, error) {
			p, err := wasm.Load(ctx, module, o)
			if err != nil {
				return nil, err // not a nil plugin in an interface that is none
			}
			return p, nil
		},
	}
}

// Check takes a module through the whole pipeline but the swap, without a
// server. cfg needs no more than Limits, Hooks, TrustedKeys, CacheDir, Compiler and Attrs; a nil
// error means that a registry of the same cfg would load it.
func Check(ctx context.Context, cfg Config, d Deps, module, signature []byte) (Version, error) {
	d = d.withDefaults()
	l := newLoader(cfg.withDefaults(), d, func(f func()) { go f() })
	if err := l.admit(module, signature); err != nil {
		return Version{}, plain(err)
	}
	v, err := l.check(ctx, module)
	if err != nil {
		return Version{}, plain(err)
	}
	return v, nil
}

func (l *loader) check(ctx context.Context, module []byte) (Version, error) {
	if err := l.fits(module); err != nil {
		return Version{}, err
	}
	p, err := l.build(ctx, module, nil, nil, nil)
	if err != nil {
		return Version{}, err
	}
	if err := l.cfg.knows(p.Manifest()); err != nil {
		return Version{}, errors.Join(err, p.Close(context.WithoutCancel(ctx)))
	}
	v := newVersion(digestOf(module), p.Manifest(), len(module), l.now())
	return Version{
		Digest: v.digest, Name: v.about.Name, Version: v.about.Version, Hooks: v.about.Hooks, Params: v.about.Params,
		Bytes: v.bytes, State: Stored, LoadedAt: v.loadedAt, Attrs: v.about.Attrs,
	}, p.Close(context.WithoutCancel(ctx))
}

// admit looks at size and signature. Errors wrap policy.ErrRefused or ErrUnsigned.
func (l *loader) admit(module, signature []byte) error {
	if err := l.fits(module); err != nil || len(l.cfg.TrustedKeys) == 0 {
		return err
	}
	digest := sha256.Sum256(module)
	for _, key := range l.cfg.TrustedKeys {
		if len(key) == ed25519.PublicKeySize && len(signature) == ed25519.SignatureSize && ed25519.Verify(key, digest[:], signature) {
			return nil
		}
	}
	return fmt.Errorf("%.12s is %w", digestOf(module), ErrUnsigned)
}

func (l *loader) fits(module []byte) error {
	if len(module) > l.cfg.Limits.ModuleBytes {
		return refuse("it has %d bytes; %d are allowed", len(module), l.cfg.Limits.ModuleBytes)
	}
	return nil
}

// build verifies, meters, compiles, starts and questions a module. hooks are
// those it is to serve, none for all it can. The caller closes the answerer.
// Errors wrap policy.ErrRefused where the plugin is to blame.
func (l *loader) build(ctx context.Context, module []byte, params map[string]int64, hooks []Hook, progress Progress) (answerer, error) {
	tell(progress, "compile")
	allowed := l.cfg.roomiest() // until it has said what it serves
	p, err := l.compile(ctx, module, params, allowed)
	if err != nil {
		return nil, err
	}
	serves := hooksOf(p.Manifest())
	for _, h := range hooks {
		if !slices.Contains(serves, h) {
			return nil, errors.Join(refuse("it serves no %s hook", h), p.Close(context.WithoutCancel(ctx)))
		}
	}
	if tightest := l.cfg.limits(serves); tightest != allowed {
		if err := p.Close(context.WithoutCancel(ctx)); err != nil {
			return nil, err
		}
		if p, err = l.compile(ctx, module, params, tightest); err != nil {
			return nil, err
		}
	}
	tell(progress, "self-check")
	if err := selfCheck(ctx, p); err != nil {
		return nil, errors.Join(err, p.Close(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func tell(progress Progress, step string) {
	if progress != nil {
		progress(step)
	}
}

// muchGarbage is from how large a module on what loading it leaves behind, five
// times as much, is given back at once: the heap of an idle server would stay at
// its height for hours.
const muchGarbage = 512 << 10

// compile opens a module within the limits. One that takes too long is given
// up; what it opens after all is closed.
func (l *loader) compile(ctx context.Context, module []byte, params map[string]int64, allowed HookLimits) (answerer, error) {
	limited, cancel := context.WithTimeout(ctx, l.cfg.Limits.CompileTimeout)
	defer cancel()
	select {
	case l.compiling <- struct{}{}:
	case <-limited.Done():
		return nil, l.tooSlow(ctx)
	}
	type result struct {
		p   answerer
		err error
	}
	done, left := make(chan result), make(chan struct{})
	off := context.WithoutCancel(ctx)
	l.spawn(func() {
		defer func() { <-l.compiling }()
		p, err := l.open(limited, module, wasm.Options{
			MemoryPages: allowed.MemoryPages, Instances: allowed.Instances, Params: params, Fuel: l.cfg.Limits.Fuel,
			CacheDir: l.cfg.CacheDir, Compiler: l.cfg.Compiler, Log: l.log, Now: l.now,
		})
		select {
		case done <- result{p, err}:
		case <-left:
			if p != nil {
				err = p.Close(off)
			}
			l.log.Warn("a plugin given up was compiled at last", "plugin", digestOf(module)[:12], "err", err)
		}
		l.trimCache()
		if len(module) > muchGarbage {
			debug.FreeOSMemory()
		}
	})
	select {
	case r := <-done:
		return r.p, r.err
	case <-limited.Done():
		close(left)
		return nil, l.tooSlow(ctx)
	}
}

func (l *loader) tooSlow(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("registry: load: %w", err)
	}
	return refuse("it was not compiled and started within %s", l.cfg.Limits.CompileTimeout)
}

func (l *loader) trimCache() {
	if l.cfg.CacheDir == "" {
		return
	}
	if err := trimCache(l.cfg.CacheDir, l.cfg.CacheBytes); err != nil {
		l.log.Warn("compilation cache not trimmed", "err", err)
	}
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{policy.ErrRefused}, args...)...)
}

// sentence is an error for people: one line, without the names of our packages.
func sentence(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	for _, ours := range []string{"registry: ", "wasm: ", "load: "} {
		line = strings.TrimPrefix(line, ours)
	}
	line = strings.ToValidUTF8(strings.ReplaceAll(line, "\x00", ""), "\uFFFD")
	if runes := []rune(line); len(runes) > 400 {
		line = string(runes[:399]) + "…"
	}
	return line
}
