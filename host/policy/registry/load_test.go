package registry_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func TestLoadServesEveryHook(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	var steps []string
	v, gens, err := r.LoadFor(t.Context(), "ada", guest(7).Bytes(), nil, registry.LoadOptions{Progress: func(s string) { steps = append(steps, s) }})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, " "); got != "verify compile self-check swap" {
		t.Error(got)
	}
	if v.Name != "plain" || v.Version != "1.0.7" || len(v.Hooks) != 3 || v.State != registry.Serving || v.Bytes == 0 || len(gens) != 3 {
		t.Errorf("%+v, %+v", v, gens)
	}
	seconds, digest, err := r.Decide(t.Context(), lobby.Case{What: "call"})
	if err != nil || seconds != 7 || digest != v.Digest+"/2" {
		t.Error(seconds, digest, err)
	}
	plan, err := r.Plan(t.Context(), "card", "public")
	if err != nil || plan.Text["bio"] != 7 {
		t.Error(plan, err)
	}
	m, err := r.Match(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(t.Context())
	var out [2]int32
	if err := m.Score(t.Context(), 0, 5, 0, out[:]); err != nil || out != [2]int32{7, 7} {
		t.Error(out, err)
	}
	if g := m.Generation(); g.Digest != v.Digest || g.Params != 2 || r.MatchStale(g) || !r.MatchStale(policy.Generation{}) {
		t.Errorf("%+v", g)
	}
	use := state(r, v.Digest).Use
	if len(use) != 3 || use[0].Calls != 1 || use[1].Calls != 1 || use[2].Calls != 1 || use[0].Instances != 2 || use[0].MemBytes < 2*4*65536 {
		t.Errorf("%+v", use)
	}
	info, err := os.Stat(filepath.Join(h.cfg.Dir, v.Digest+".wasm"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

// TestRefusedKeepsWhatRan: whatever is wrong with a module is said in one
// sentence, stands in the audit log, and changes nothing.
func TestRefusedKeepsWhatRan(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(7).Bytes())
	before := fmt.Sprint(r.Status().Serving)
	inHook := func(export string, ops ...[]byte) []byte { return guest(8).Body(export, ops...).Bytes() }
	count := policytest.Ops(policytest.GetGlobal(2), policytest.Const(1), policytest.Add, policytest.SetGlobal(2))
	type bad struct {
		name   string
		module []byte
		why    string
	}
	var all []bad
	for _, g := range policytest.RefusedGuests() {
		all = append(all, bad{g.Name, g.Module, g.Why})
	}
	for _, g := range policytest.HostileGuests() {
		all = append(all, bad{g.Name, g.Module, "self-check"})
	}
	all = append(all,
		bad{"answers a cooldown differently each time", inHook(abi.SkyCooldown, count, policytest.GetGlobal(2), []byte{0xac}), "seconds to the same case"},
		bad{"has a plan of another host", inHook(abi.SkyTrimPlan, policytest.Const64(abi.Pack(16, 60))), "self-check of trim"},
		bad{"contradicts itself", guest(8).Body(abi.SkyScoreFor, guest(9).Func(abi.SkyScore).Body).Bytes(), "of the same pair"})
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			_, _, err := r.Load(t.Context(), "eve", b.module, nil)
			if !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), b.why) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q does not say %q in one line", err, b.why)
			}
			if after := fmt.Sprint(r.Status().Serving); after != before {
				t.Errorf("serving\n%s before,\n%s now", before, after)
			}
			last, errH := r.History(t.Context(), 0, 1)
			if errH != nil || len(last) != 1 || last[0].Who != "eve" || last[0].Action != "load" || last[0].Result != err.Error() || len(last[0].Digest) != 64 {
				t.Errorf("audit log: %+v, %v", last, errH)
			}
			if _, errC := registry.Check(t.Context(), h.cfg, h.deps(), b.module, nil); errC == nil || errC.Error() != err.Error() {
				t.Errorf("Check says %v", errC)
			}
		})
	}
	if seconds, _, err := r.Decide(t.Context(), lobby.Case{What: "call"}); seconds != 7 || err != nil {
		t.Error(seconds, err)
	}
	if n := len(r.Status().Versions); n != 5 {
		t.Errorf("%d versions are known", n)
	}
	if _, err := r.Inspect(t.Context(), all[0].module); !errors.Is(err, policy.ErrRefused) {
		t.Error(err)
	}
}

func TestInspectChangesNothing(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	v, err := r.Inspect(t.Context(), guest(3).Bytes())
	if err != nil || v.Version != "1.0.3" || v.State != registry.Stored {
		t.Errorf("%+v %v", v, err)
	}
	if files, _ := os.ReadDir(h.cfg.Dir); len(files) != 0 || len(r.Status().Versions) != 4 {
		t.Errorf("it left %v behind", files)
	}
	if v, err := registry.Check(t.Context(), registry.Config{}, registry.Deps{}, guest(3).Bytes(), nil); err != nil || v.Name != "plain" {
		t.Errorf("%+v %v", v, err)
	}
}

func TestLoadForSomeHooks(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	only := func(hooks ...registry.Hook) registry.LoadOptions { return registry.LoadOptions{Hooks: hooks} }
	_, gens, err := r.LoadFor(t.Context(), "ada", guest(3).Bytes(), nil, only(registry.Trim))
	if err != nil || len(gens) != 1 || gens[0].Hook != registry.Trim || serving(r, registry.Match).Name == "plain@1.0.3" {
		t.Errorf("%+v %v", gens, err)
	}
	cooldowns := policytest.Introduced(strings.Replace(policytest.PlainManifest, `"match","cooldown","trim"`, `"cooldown"`, 1)).Bytes()
	if _, _, err := r.LoadFor(t.Context(), "ada", cooldowns, nil, only(registry.Trim)); !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), "trim") {
		t.Error(err)
	}
	if _, _, err := r.LoadFor(t.Context(), "ada", cooldowns, nil, only("mind")); !errors.Is(err, registry.ErrNoSuch) {
		t.Error(err)
	}
	if _, gens, err := r.Load(t.Context(), "ada", cooldowns, nil); err != nil || len(gens) != 1 || gens[0].Hook != registry.Cooldown {
		t.Errorf("%+v %v", gens, err)
	}
}

// TestLoadedTwiceIsOneGeneration: lists do not flip, and what a roll back
// returns to is not lost.
func TestLoadedTwiceIsOneGeneration(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	_, first := h.load(r, guest(3).Bytes())
	_, again := h.load(r, guest(3).Bytes())
	if len(again) != 3 || fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("%+v\n%+v", first, again)
	}
	if log, err := r.History(t.Context(), 0, 100); err != nil || len(log) != 4+3+3 || log[0].Before != log[0].After {
		t.Errorf("%+v %v", log, err)
	}
}

func TestTooLargeAndTooMuch(t *testing.T) {
	h := newHouse(t)
	h.cfg.Limits.ModuleBytes = 2000
	h.cfg.Hooks[registry.Trim] = registry.HookLimits{MemoryPages: 3}
	r := h.open()
	if _, _, err := r.Load(t.Context(), "ada", append(guest(1).Bytes(), make([]byte, 2000)...), nil); !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), "2000 are allowed") {
		t.Error(err)
	}
	if _, _, err := r.Load(t.Context(), "ada", guest(1).Bytes(), nil); !errors.Is(err, policy.ErrRefused) {
		t.Error("a trim plugin started with 4 pages where 3 are allowed:", err)
	}
}

func TestSignatures(t *testing.T) {
	ours, key, _ := ed25519.GenerateKey(nil)
	also, other, _ := ed25519.GenerateKey(nil)
	_, foreign, _ := ed25519.GenerateKey(nil)
	module := guest(3).Bytes()
	digest := sha256.Sum256(module)
	sign := func(k ed25519.PrivateKey) []byte { return ed25519.Sign(k, digest[:]) }
	elsewhere := sha256.Sum256(guest(4).Bytes())
	flipped := sign(key)
	flipped[3] ^= 1
	for _, c := range []struct {
		name      string
		keys      []ed25519.PublicKey
		signature []byte
		ok        bool
	}{
		{"no keys, no signature", nil, nil, true},
		{"no keys, any signature", nil, []byte("scribble"), true},
		{"none", []ed25519.PublicKey{ours}, nil, false},
		{"ours", []ed25519.PublicKey{ours}, sign(key), true},
		{"the second key's", []ed25519.PublicKey{ours, also}, sign(other), true},
		{"a stranger's", []ed25519.PublicKey{ours, also}, sign(foreign), false},
		{"of another file", []ed25519.PublicKey{ours}, ed25519.Sign(key, elsewhere[:]), false},
		{"of the bytes and not the digest", []ed25519.PublicKey{ours}, ed25519.Sign(key, module), false},
		{"flipped", []ed25519.PublicKey{ours}, flipped, false},
		{"short", []ed25519.PublicKey{ours}, sign(key)[:63], false},
		{"a broken key", []ed25519.PublicKey{ours[:5]}, sign(key), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.cfg.TrustedKeys = c.keys
			r := h.open()
			_, _, err := r.Load(t.Context(), "ada", module, c.signature)
			if (err == nil) != c.ok || err != nil && !errors.Is(err, registry.ErrUnsigned) {
				t.Fatal(err)
			}
			if _, err := registry.Check(t.Context(), h.cfg, h.deps(), module, c.signature); (err == nil) != c.ok {
				t.Error("Check:", err)
			}
			if !c.ok || c.keys == nil {
				return
			}
			// Still trusted after a restart, until the key is not.
			h.close(r)
			r = h.open()
			if g := serving(r, registry.Match); g.Name != "plain@1.0.3" {
				t.Errorf("%+v serves", g)
			}
			h.close(r)
			h.cfg.TrustedKeys = []ed25519.PublicKey{foreign.Public().(ed25519.PublicKey)}
			if g := serving(h.open(), registry.Match); g.Name == "plain@1.0.3" || !h.log.has("no longer loads") {
				t.Errorf("%+v serves", g)
			}
		})
	}
}

// TestLoadsTakeTurns: whoever loads at once, every one is served for a while,
// and each hook ends up on one of them with every step in the audit log.
func TestLoadsTakeTurns(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() { h.load(r, guest(n+1).Bytes()) })
	}
	wg.Wait()
	for _, h := range plainHooks {
		if g := serving(r, h); g.Rev != 9 || g.Digest != serving(r, registry.Match).Digest {
			t.Errorf("%+v", g)
		}
	}
	log, err := r.History(t.Context(), 0, 100)
	if err != nil || len(log) != 4+8*3 {
		t.Fatal(len(log), err)
	}
	for i, c := range log[:len(log)-4] { // each hook's changes follow on each other
		before := log[i+3]
		if i >= len(log)-7 { // what was loaded first, after all four hooks were seeded
			before = log[i+4]
		}
		if c.Before != before.After || c.Hook != before.Hook {
			t.Errorf("line %d: %+v after %+v", i, c, before)
		}
	}
}

func TestWhatCannotBeStoredIsNotServed(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	v, _ := h.load(r, guest(3).Bytes())
	before := fmt.Sprint(r.Status().Serving)
	h.store.Play(storetest.FailNext(storetest.SavePlugins, 1000, store.ErrUnavailable))
	if _, _, err := r.Load(t.Context(), "ada", guest(4).Bytes(), nil); !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
	if _, err := r.Rollback(t.Context(), "ada", registry.Match); !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
	if _, err := r.Pause(t.Context(), "ada", registry.Match); !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
	if after := fmt.Sprint(r.Status().Serving); after != before {
		t.Errorf("%s\n%s", before, after)
	}
	if !h.log.has("audit log not written") {
		t.Error("nobody hears that the audit log has a gap")
	}
	// An answer that was lost is asked for again.
	h.store.Play(storetest.LoseNext(storetest.SavePlugins, 1))
	h.load(r, guest(4).Bytes())
	if g := serving(r, registry.Match); g.Name != "plain@1.0.4" || g.Rev < 3 {
		t.Errorf("%+v", g)
	}
	if s := state(r, v.Digest); s.State != registry.Warm {
		t.Errorf("%+v", s)
	}
}

func TestGivenUpByItsOperator(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Load(ctx, "ada", guest(3).Bytes(), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	log, err := r.History(t.Context(), 0, 1)
	if err != nil || log[0].Action != "load" || log[0].Result == "ok" {
		t.Errorf("%+v %v", log, err)
	}
}
