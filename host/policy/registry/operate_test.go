package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// tunable answers every cooldown with its knob.
func tunable() []byte {
	manifest := strings.Replace(policytest.PlainManifest, `"someday"`,
		`"params":{"size":4,"fields":[{"name":"hours","offset":0,"type":"i32","default":3,"min":1,"max":48,"unit":"h"}]},"someday"`, 1)
	m := policytest.Introduced(manifest)
	m.Funcs = append(m.Funcs, &policytest.Func{Export: abi.SkyParams, Results: "i", Body: policytest.Const(3584)})
	return m.Body(abi.SkyCooldown, policytest.Const(3584), policytest.Load8, []byte{0xac}).Bytes()
}

func decided(t *testing.T, r *registry.Registry) int64 {
	t.Helper()
	seconds, _, err := r.Decide(t.Context(), lobby.Case{What: "call"})
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}

func TestKnobs(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	v, _ := h.load(r, tunable())
	if len(v.Params) != 1 || v.Params[0].Unit != "h" || decided(t, r) != 3 || serving(r, registry.Cooldown).Params["hours"] != 3 {
		t.Errorf("%+v", v)
	}
	g, err := r.Set(t.Context(), "ada", "plain", map[string]int64{"hours": 8})
	if err != nil || g.Params["hours"] != 8 || g.Rev != 3 || g.By != "ada" || decided(t, r) != 8 {
		t.Errorf("%+v %v", g, err)
	}
	if log, err := r.History(t.Context(), 0, 1); err != nil || !strings.HasSuffix(log[0].Before, " hours=3") || !strings.HasSuffix(log[0].After, " hours=8") {
		t.Errorf("the audit log does not say what changed: %+v %v", log, err)
	}
	g.Params["hours"] = 99 // ours to change, and nobody else's
	if serving(r, registry.Cooldown).Params["hours"] != 8 {
		t.Error("a caller turned a knob behind the registry's back")
	}
	for _, bad := range []struct {
		plugin string
		params map[string]int64
		err    error
		says   string
	}{
		{"plain", map[string]int64{"hours": 0}, registry.ErrBadParam, "hours must be from 1 to 48 h"},
		{"plain", map[string]int64{"hours": 49}, registry.ErrBadParam, "and not 49"},
		{"plain", map[string]int64{"days": 1}, registry.ErrBadParam, `has no "days"`},
		{"plain", nil, registry.ErrBadParam, "no value"},
		{"another", map[string]int64{"hours": 1}, registry.ErrNoSuch, "another"},
		{"trim-essential", map[string]int64{"hours": 1}, registry.ErrNoSuch, "trim-essential"}, // does not serve any more
	} {
		if _, err := r.Set(t.Context(), "eve", bad.plugin, bad.params); !errors.Is(err, bad.err) || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%v: %v", bad.params, err)
		}
		if log, _ := r.History(t.Context(), 0, 1); len(log) != 1 || log[0].Action != "set" || log[0].Who != "eve" || log[0].Result == "ok" {
			t.Errorf("audit log: %+v", log)
		}
	}
	if decided(t, r) != 8 {
		t.Error("a refused value was taken")
	}
	if g, err := r.Set(t.Context(), "ada", "plain@1.0.0", map[string]int64{"hours": 8}); err != nil || g.Rev != 3 {
		t.Errorf("the same value made another generation: %+v %v", g, err)
	}
	h.close(r)
	if r = h.open(); decided(t, r) != 8 || serving(r, registry.Cooldown).Rev != 3 {
		t.Error("a restart forgot the knob")
	}
	if g, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || g.Params["hours"] != 3 || decided(t, r) != 3 {
		t.Errorf("%+v %v", g, err)
	}
}

func TestKnobsOfTheRuleCompiledIn(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	g, err := r.Set(t.Context(), "ada", "match-mutual", map[string]int64{"age_window": 8})
	if err != nil || g.Params["age_window"] != 8 || g.Params["tag_weight"] != 10 {
		t.Fatalf("%+v %v", g, err)
	}
	h.close(r)
	r = h.open()
	m, err := r.Match(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(t.Context())
	m.Set(0, &policy.Person{Gender: 0, Seeking: 2, Age: 30, AgeMin: 25, AgeMax: 30})
	m.Set(1, &policy.Person{Gender: 1, Seeking: 1, Age: 38})
	var out [1]int32
	if err := m.Score(t.Context(), 0, 0, 1, out[:]); err != nil || out[0] == policy.Ineligible {
		t.Error("the age window did not open:", out, err)
	}
}

// TestRollback walks back through all that served, warm and cold.
func TestRollback(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	for n := range 4 {
		h.load(r, guest(n+1).Bytes())
	}
	// Warm: no file is needed, nor is anything compiled.
	hidden := filepath.Join(t.TempDir(), "hidden")
	if err := os.Rename(h.cfg.Dir, hidden); err != nil {
		t.Fatal(err)
	}
	if g, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || g.Name != "plain@1.0.3" || g.Rev != 6 || decided(t, r) != 3 {
		t.Fatalf("%+v %v", g, err)
	}
	// Cold, and the file is gone: what served goes on.
	if _, err := r.Rollback(t.Context(), "ada", registry.Cooldown); !errors.Is(err, os.ErrNotExist) || decided(t, r) != 3 {
		t.Fatal(err)
	}
	if err := os.Rename(hidden, h.cfg.Dir); err != nil {
		t.Fatal(err)
	}
	if g, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || g.Name != "plain@1.0.2" || decided(t, r) != 2 {
		t.Fatalf("%+v %v", g, err)
	}
	if err := os.WriteFile(filepath.Join(h.cfg.Dir, state(r, moduleDigest(guest(1).Bytes())).Digest+".wasm"), []byte("not it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err == nil || !strings.Contains(err.Error(), "changed on disk") {
		t.Fatal(err)
	}
	h.load(r, guest(1).Bytes()) // mends the file
	for _, want := range []string{"plain@1.0.2", "plain@1.0.1", "cooldown-standard@1.0.0"} {
		if g, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil || g.Name != want {
			t.Fatalf("%+v %v, want %s", g, err, want)
		}
	}
	if _, err := r.Rollback(t.Context(), "ada", registry.Cooldown); !errors.Is(err, registry.ErrNothingBefore) {
		t.Error(err)
	}
	if g := serving(r, registry.Match); g.Name != "plain@1.0.1" {
		t.Errorf("another hook moved: %+v", g)
	}
	if _, err := r.Rollback(t.Context(), "ada", "mind"); !errors.Is(err, registry.ErrNoSuch) {
		t.Error(err)
	}
}

// TestWarmForAWhile: what was replaced is closed when the time is over, and
// only then.
func TestWarmForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.cfg.KeepWarm = time.Hour
		r := h.open()
		defer h.close(r)
		v, _ := h.load(r, guest(1).Bytes())
		h.load(r, guest(2).Bytes())
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if s := state(r, v.Digest); s.State != registry.Warm || s.Use[0].Instances == 0 {
			t.Errorf("%+v", s)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s := state(r, v.Digest); s.State != registry.Stored || s.Use[0].Instances != 0 || s.Use[0].MemBytes != 0 {
			t.Errorf("%+v", s)
		}
		if g, err := r.Rollback(t.Context(), "ada", registry.Match); err != nil || g.Digest != v.Digest {
			t.Errorf("from its file: %+v %v", g, err)
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(7).Bytes())
	held, err := r.Match(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close(t.Context())
	if g, err := r.Pause(t.Context(), "ada", registry.Match); err != nil || !g.Paused || g.Name != "plain@1.0.7" {
		t.Fatalf("%+v %v", g, err)
	}
	if !r.MatchStale(held.Generation()) {
		t.Error("the reel does not hear of it")
	}
	m, err := r.Match(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(t.Context())
	if g := m.Generation(); g.Digest != "native:match-mutual@1.0.0" || g.Params != 3 {
		t.Errorf("%+v", g)
	}
	if again, err := r.Pause(t.Context(), "ada", registry.Match); err != nil || again.Rev != 3 {
		t.Errorf("%+v %v", again, err)
	}
	h.close2(r, m, held)
	r = h.open()
	if g := serving(r, registry.Match); !g.Paused || g.Rev != 3 {
		t.Errorf("after a restart: %+v", g)
	}
	g, err := r.Resume(t.Context(), "ada", registry.Match)
	if err != nil || g.Paused || g.Rev != 4 {
		t.Errorf("%+v %v", g, err)
	}
	m, err = r.Match(t.Context())
	if err != nil || m.Generation().Name != "plain@1.0.7" {
		t.Error(err)
	}
	m.Close(t.Context())
	if g, err := r.Rollback(t.Context(), "ada", registry.Match); err != nil || g.Name != "match-mutual@1.0.0" {
		t.Errorf("a pause is no generation to return to: %+v %v", g, err)
	}
}

// close2 closes tables, then their registry.
func (h *house) close2(r *registry.Registry, tables ...policy.Match) {
	h.t.Helper()
	for _, m := range tables {
		if err := m.Close(h.t.Context()); err != nil {
			h.t.Error(err)
		}
	}
	h.close(r)
}

// TestRestart: exactly what served serves, to the very generation.
func TestRestart(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(1).Bytes())
	h.load(r, tunable())
	for _, err := range []error{
		second(r.Set(t.Context(), "bob", "plain", map[string]int64{"hours": 5})),
		second(r.Rollback(t.Context(), "cleo", registry.Trim)),
		second(r.Pause(t.Context(), "dan", registry.Match)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before, versions := text(t, r.Status().Serving), len(r.Status().Versions)
	h.close(r)
	if _, _, err := r.Decide(t.Context(), lobby.Case{}); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
	if _, _, err := r.Load(t.Context(), "ada", guest(2).Bytes(), nil); !errors.Is(err, policy.ErrClosed) {
		t.Error(err)
	}
	r = h.open()
	if after := text(t, r.Status().Serving); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	if n := len(r.Status().Versions); n != versions {
		t.Errorf("%d versions, %d before", n, versions)
	}
}

func second[T any](_ T, err error) error { return err }

func text(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestWhatNoLongerLoads: a stored plugin that is lost, or was changed, gives
// way to the seed, else to the rule compiled in; the audit log says so.
func TestWhatNoLongerLoads(t *testing.T) {
	for _, c := range []struct {
		name, seed string
		spoil      func(path string) error
		want, why  string
	}{
		{"lost", registry.Native, os.Remove, "trim-essential@1.0.0", "no such file"},
		{"changed", "seed.wasm", func(p string) error { return os.WriteFile(p, guest(9).Bytes(), 0o600) }, "plain@1.0.5", "changed on disk"},
		{"lost with its seed", "missing.wasm", os.Remove, "trim-essential@1.0.0", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			r := h.open()
			v, _ := h.load(r, guest(1).Bytes())
			h.close(r)
			if err := c.spoil(filepath.Join(h.cfg.Dir, v.Digest+".wasm")); err != nil {
				t.Fatal(err)
			}
			if c.seed != registry.Native {
				c.seed = filepath.Join(t.TempDir(), c.seed)
			}
			if strings.HasSuffix(c.seed, "seed.wasm") {
				if err := os.WriteFile(c.seed, guest(5).Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			h.cfg.Seeds[registry.Trim] = c.seed
			r = h.open()
			if g := serving(r, registry.Trim); g.Name != c.want || g.Rev != 3 {
				t.Errorf("%+v", g)
			}
			log, err := r.History(t.Context(), 0, 2)
			if err != nil || log[0].Action != "seed" || log[0].Result != "ok" || log[1].Action != "load" || !strings.Contains(log[1].Result, c.why) || log[1].Digest != v.Digest {
				t.Errorf("%+v %v", log, err)
			}
			if !h.log.has("no longer loads") {
				t.Error("the log says nothing")
			}
		})
	}
}

// TestSeedInQuarantine does not come back by way of a restart.
func TestSeedInQuarantine(t *testing.T) {
	h := newHouse(t)
	h.cfg.Quarantine.Failures = 1
	path := filepath.Join(t.TempDir(), "touchy.wasm")
	if err := os.WriteFile(path, touchy(8, nothing, trap, nothing).Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	h.cfg.Seeds[registry.Cooldown] = path
	r := h.open()
	changes, cancel := r.Subscribe()
	defer cancel()
	good, _ := h.load(r, guest(7).Bytes())
	if _, err := r.Rollback(t.Context(), "ada", registry.Cooldown); err != nil {
		t.Fatal(err)
	}
	provoke(t, r, registry.Cooldown)
	await(t, changes, "quarantine")
	h.load(r, guest(7).Bytes())
	h.close(r)
	if err := os.Remove(filepath.Join(h.cfg.Dir, good.Digest+".wasm")); err != nil {
		t.Fatal(err)
	}
	if g := serving(h.open(), registry.Cooldown); g.Digest != "native:cooldown-standard@1.0.0" {
		t.Errorf("%+v", g)
	}
}

func TestSeeds(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(t.TempDir(), "plain.wasm")
	h.cfg.Seeds[registry.Match], h.cfg.Seeds[registry.Trim] = path, path
	if _, err := registry.Open(t.Context(), h.cfg, h.deps()); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, guest(5).Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := h.open()
	match, trim := serving(r, registry.Match), serving(r, registry.Trim)
	if match.Name != "plain@1.0.5" || match.Digest != trim.Digest || serving(r, registry.Cooldown).Name != "cooldown-standard@1.0.0" {
		t.Errorf("%+v", r.Status().Serving)
	}
	h.load(r, guest(6).Bytes())
	h.close(r)
	if g := serving(h.open(), registry.Match); g.Name != "plain@1.0.6" {
		t.Errorf("the seed came back: %+v", g)
	}
	for name, spoil := range map[string]func(*registry.Config){
		"no folder":    func(c *registry.Config) { c.Dir = "" },
		"no seed":      func(c *registry.Config) { c.Seeds = nil },
		"no baseline":  func(c *registry.Config) { c.Baselines.Trim = nil },
		"odd failures": func(c *registry.Config) { c.OnFailure = map[registry.Hook]registry.OnFailure{registry.Trim: "pray"} },
	} {
		cfg := h.cfg
		spoil(&cfg)
		if _, err := registry.Open(t.Context(), cfg, h.deps()); err == nil {
			t.Error(name)
		}
	}
	other := newHouse(t)
	other.store.Play(storetest.FailNext(storetest.SavePlugins, 1, store.ErrUnavailable))
	if _, err := registry.Open(t.Context(), other.cfg, other.deps()); !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
}

// TestAuditLog: every change and every attempt stands in it, in order, in pages.
func TestAuditLog(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(1).Bytes())
	r.Pause(t.Context(), strings.Repeat("é", 100), registry.Match)
	r.Resume(t.Context(), "bob", registry.Match)
	r.Rollback(t.Context(), "bob", registry.Trim)
	r.Rollback(t.Context(), "bob", registry.Trim)
	r.Load(t.Context(), "eve", []byte("\x00asm"), nil)
	var got []string
	for before := int64(0); ; {
		page, err := r.History(t.Context(), before, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			ok := "ok"
			if c.Result != "ok" {
				ok = "failed"
			}
			got = append(got, fmt.Sprint(c.Action, " ", c.Hook, " ", ok))
			if len([]rune(c.Who)) > 64 {
				t.Errorf("who: %q", c.Who)
			}
		}
		before = page[len(page)-1].At.UnixMilli()
	}
	want := []string{"load  failed", "rollback trim failed", "rollback trim ok", "resume match ok", "pause match ok",
		"load trim ok", "load cooldown ok", "load match ok", "seed signalling ok", "seed trim ok", "seed cooldown ok", "seed match ok"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestSlowSubscriber loses the oldest changes and never the newest.
func TestSlowSubscriber(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	slow, _ := r.Subscribe()
	gone, cancel := r.Subscribe()
	cancel()
	cancel()
	if _, open := <-gone; open {
		t.Error("told after it left")
	}
	for range 50 {
		r.Pause(t.Context(), "ada", registry.Trim)
		r.Resume(t.Context(), "ada", registry.Trim)
	}
	h.close(r)
	var last registry.Change
	n := 0
	for c := range slow { // closed with the registry
		last, n = c, n+1
	}
	if n != 64 || last.Action != "resume" {
		t.Errorf("%d, the last %+v", n, last)
	}
	late, cancel := r.Subscribe()
	defer cancel()
	if _, open := <-late; open {
		t.Error("a closed registry tells")
	}
}
