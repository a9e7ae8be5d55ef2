package registry_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/plugins/trimessential"
	"github.com/napalmsky/napalmsky/plugins/trimsignalling"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a registry's time, which only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// house is what outlives a registry: its folder and its store.
type house struct {
	t     *testing.T
	cfg   registry.Config
	store *storetest.Faulty
	clock *clock
	log   *lines
}

// plainHooks are those that a plain guest serves.
var plainHooks = []registry.Hook{registry.Match, registry.Cooldown, registry.Trim}

func newHouse(t *testing.T) *house {
	h := &house{
		t: t, store: storetest.NewFaulty(storetest.NewMemory(), nil), log: &lines{},
		clock: &clock{now: time.UnixMilli(1_790_000_000_000)},
	}
	h.cfg = registry.Config{
		Dir:       t.TempDir(),
		Seeds:     map[registry.Hook]string{registry.Match: registry.Native, registry.Cooldown: registry.Native, registry.Trim: registry.Native, registry.Signalling: registry.Native},
		Baselines: registry.Baselines{Match: matchmutual.Plugin, Cooldown: cooldownstandard.Plugin, Trim: trimessential.Plugin, Signalling: trimsignalling.Plugin},
		Hooks:     map[registry.Hook]registry.HookLimits{registry.Match: {MemoryPages: 64}, registry.Cooldown: {MemoryPages: 64}, registry.Trim: {MemoryPages: 64}, registry.Signalling: {MemoryPages: 64}},
	}
	return h
}

func (h *house) deps() registry.Deps {
	return registry.Deps{Store: h.store, Now: h.clock.Now, Log: slog.New(slog.NewTextHandler(h.log, nil))}
}

// open starts a registry, which the test closes or leaves to the end.
func (h *house) open() *registry.Registry {
	h.t.Helper()
	r, err := registry.Open(h.t.Context(), h.cfg, h.deps())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { h.close(r) })
	return r
}

func (h *house) close(r *registry.Registry) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		h.t.Error(err)
	}
}

func (h *house) load(r *registry.Registry, module []byte) (registry.Version, []registry.Generation) {
	h.t.Helper()
	v, gens, err := r.Load(h.t.Context(), "ada", module, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return v, gens
}

// lines is a log that a test may search.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lines) has(what string) bool { return l.count(what) > 0 }

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.all.String(), what)
}

// A talked of 238 s, a viewer of 254 years and a kind that begins with x are
// what a touchy guest cannot bear. The self-check asks about none of them.
const (
	badTalked = 238
	badAge    = 254
	badKind   = "xerox"
)

var (
	trap    = policytest.Unreachable
	nothing = []byte(nil)
	spin    = policytest.Ops(policytest.Loop, []byte{0x0c, 0}, policytest.End)
)

// guest serves all three hooks: everyone's score, every cooldown and every
// text cap are n.
func guest(n int) *policytest.Module {
	m := policytest.Introduced(strings.Replace(policytest.PlainManifest, "1.0.0", fmt.Sprintf("1.0.%d", n), 1))
	return answers(m, n)
}

func answers(m *policytest.Module, n int) *policytest.Module {
	score := policytest.Ops(policytest.Loop, policytest.Get(3), policytest.IfThen,
		policytest.Get(4), policytest.Const(int32(n)), policytest.Store32,
		policytest.Get(4), policytest.Const(4), policytest.Add, policytest.Set(4),
		policytest.Get(3), policytest.Const(1), policytest.Sub, policytest.Set(3),
		policytest.Again, policytest.End, policytest.End)
	plan := fmt.Sprintf(`{"text":{"bio":%d}}`, n)
	const planAt = 3072
	m.Data = append(m.Data, policytest.Data{At: planAt, Bytes: []byte(plan)})
	return m.Body(abi.SkyScore, score).Body(abi.SkyScoreFor, score).
		Body(abi.SkyCooldown, policytest.Const64(int64(n))).
		Body(abi.SkyTrimPlan, policytest.Const64(abi.Pack(planAt, uint32(len(plan)))))
}

// touchy is guest(n) with a way to make each hook do something else.
func touchy(n int, score, cooldown, plan []byte) *policytest.Module {
	m := guest(n)
	before := func(export string, condition, do []byte) {
		if do != nil {
			m.Body(export, condition, policytest.IfThen, do, policytest.End, m.Func(export).Body)
		}
	}
	before(abi.SkyScore, policytest.Ops(policytest.GetGlobal(1), policytest.Get(1), policytest.Const(8), policytest.Mul, policytest.Add,
		policytest.Load8, policytest.Const(badAge), policytest.Equal), score)
	before(abi.SkyCooldown, policytest.Ops(policytest.Get(0), policytest.Load8, policytest.Const(badTalked), policytest.Equal), cooldown)
	before(abi.SkyTrimPlan, policytest.Ops(policytest.Get(0), policytest.Load8, policytest.Const('x'), policytest.Equal), plan)
	return m
}

// answer64 returns from a function whose result is an i64.
func answer64(n int64) []byte { return policytest.Ops(policytest.Const64(n), []byte{0x0f}) }

// serving is what serves a hook.
func serving(r *registry.Registry, hook registry.Hook) registry.Generation {
	for _, g := range r.Status().Serving {
		if g.Hook == hook {
			return g
		}
	}
	return registry.Generation{}
}

func state(r *registry.Registry, digest string) registry.Version {
	for _, v := range r.Status().Versions {
		if v.Digest == digest {
			return v
		}
	}
	return registry.Version{}
}

// await reads changes until one is of this action.
func await(t *testing.T, changes <-chan registry.Change, action string) registry.Change {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case c := <-changes:
			if c.Action == action {
				return c
			}
		case <-timeout:
			t.Fatalf("no %s", action)
		}
	}
}

func moduleDigest(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}
