package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

// provoke asks a hook what a touchy guest cannot bear.
func provoke(t *testing.T, r *registry.Registry, hook registry.Hook) error {
	t.Helper()
	switch hook {
	case registry.Match:
		m, err := r.Match(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close(t.Context())
		m.Set(0, &policy.Person{Age: badAge})
		return m.Score(t.Context(), 0, 0, 1, make([]int32, 4))
	case registry.Cooldown:
		_, _, err := r.Decide(t.Context(), lobby.Case{What: "call", Talked: badTalked})
		return err
	default:
		_, err := r.Plan(t.Context(), badKind, "public")
		return err
	}
}

// TestQuarantine: by trap and by invalid answer, in each hook, the fifth
// failure within a minute takes a version out of service everywhere, and the
// one before takes over.
func TestQuarantine(t *testing.T) {
	for _, c := range []struct {
		name  string
		hook  registry.Hook
		guest []byte
		kind  error
	}{
		{"match traps", registry.Match, touchy(8, trap, nothing, nothing).Bytes(), policy.ErrTrap},
		{"cooldown traps", registry.Cooldown, touchy(8, nothing, trap, nothing).Bytes(), policy.ErrTrap},
		{"cooldown is invalid", registry.Cooldown, touchy(8, nothing, answer64(-1), nothing).Bytes(), policy.ErrInvalid},
		{"cooldown runs out of fuel", registry.Cooldown, touchy(8, nothing, spin, nothing).Bytes(), policy.ErrFuel},
		{"match runs out of fuel", registry.Match, touchy(8, spin, nothing, nothing).Bytes(), policy.ErrFuel},
		{"trim traps", registry.Trim, touchy(8, nothing, nothing, trap).Bytes(), policy.ErrTrap},
		{"trim is invalid", registry.Trim, touchy(8, nothing, nothing, answer64(0)).Bytes(), policy.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			r := h.open()
			good, _ := h.load(r, guest(7).Bytes())
			bad, _ := h.load(r, c.guest)
			changes, cancel := r.Subscribe()
			defer cancel()
			for i := range 4 { // spread over more than the window: nothing happens
				provoke(t, r, c.hook)
				if i == 0 {
					h.clock.pass(time.Minute)
				}
			}
			if s := state(r, bad.Digest); s.State != registry.Serving {
				t.Fatalf("%+v", s)
			}
			provoke(t, r, c.hook)
			if s := state(r, bad.Digest); s.State != registry.Serving {
				t.Fatalf("the first failure is older than the window: %+v", s)
			}
			err := provoke(t, r, c.hook)
			if c.hook == registry.Match && !errors.Is(err, c.kind) || c.hook != registry.Match && err != nil {
				t.Error(err)
			}
			for range 3 { // one for each hook it served
				q := await(t, changes, "quarantine")
				if q.Digest != bad.Digest || q.Who != "napalmsky" || q.Before != fmt.Sprint("plain@1.0.8 ", bad.Digest[:12]) ||
					q.After != fmt.Sprint("plain@1.0.7 ", good.Digest[:12]) || q.Result == "ok" {
					t.Errorf("%+v", q)
				}
			}
			s := state(r, bad.Digest)
			if s.State != registry.Quarantined || s.Reason == "" {
				t.Errorf("%+v", s)
			}
			for _, u := range s.Use {
				if u.Hook == c.hook && u.Trapped+u.Invalid != 6 || u.Hook != c.hook && u.Trapped+u.Invalid != 0 ||
					u.Hook == c.hook && (u.Exhausted == 6) != (c.kind == policy.ErrFuel) || u.Calls > 0 && u.Fuel == 0 {
					t.Errorf("%+v", u)
				}
			}
			for _, h := range plainHooks {
				if g := serving(r, h); g.Digest != good.Digest || g.Rev != 4 {
					t.Errorf("%+v", g)
				}
			}
			if err := provoke(t, r, c.hook); err != nil {
				t.Error("the one before does not answer:", err)
			}
			if !h.log.has("plugin quarantine") {
				t.Error("no line in the log")
			}
			// A roll back does not bring it back, nor does a restart.
			if g, err := r.Rollback(t.Context(), "ada", c.hook); err != nil || g.Digest == bad.Digest {
				t.Errorf("%+v %v", g, err)
			}
			h.close(r)
			r = h.open()
			if s := state(r, bad.Digest); s.State != registry.Quarantined || serving(r, c.hook).Digest == bad.Digest {
				t.Errorf("after a restart: %+v", s)
			}
			comesBackOnPurpose(t, r, bad, c.guest)
		})
	}
}

// comesBackOnPurpose: an operator who loads what is in quarantine is told when
// and why it went there; who wants it all the same has it, and the audit log knows.
func comesBackOnPurpose(t *testing.T, r *registry.Registry, bad registry.Version, guest []byte) {
	t.Helper()
	before := fmt.Sprint(r.Status().Serving)
	v, err := r.Inspect(t.Context(), guest)
	if err != nil || v.State != registry.Quarantined || !strings.Contains(v.Reason, " UTC, 5 failures within 1m0s, the last one: ") {
		t.Errorf("%+v, %v", v, err)
	}
	_, _, err = r.LoadFor(t.Context(), "ada", guest, nil, registry.LoadOptions{})
	want := bad.Name + "@" + bad.Version + " is in quarantine: " + v.Reason
	if !errors.Is(err, registry.ErrQuarantined) || err.Error() != want || fmt.Sprint(r.Status().Serving) != before {
		t.Errorf("%v\nwant %s", err, want)
	}
	v, gens, err := r.LoadFor(t.Context(), "ada", guest, nil, registry.LoadOptions{Again: true})
	if err != nil || v.State != registry.Serving || v.Reason != "" || len(gens) != 3 {
		t.Errorf("%+v, %v", v, err)
	}
	said, err := r.History(t.Context(), 0, 4)
	if err != nil || said[3].Action != "load" || said[3].Result != want {
		t.Errorf("%+v, %v", said, err)
	}
	for _, c := range said[:3] {
		if c.Action != "load again" || c.Who != "ada" || c.Result != "ok" || c.Digest != bad.Digest {
			t.Errorf("%+v", c)
		}
	}
	// Once it serves again, loading it is nothing special.
	if _, _, err := r.LoadFor(t.Context(), "ada", guest, nil, registry.LoadOptions{}); err != nil {
		t.Error(err)
	}
}

// TestOneBadPluginIsAlone: what fails in one hook changes nothing in another
// that somebody else serves.
func TestOneBadPluginIsAlone(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	if _, _, err := r.LoadFor(t.Context(), "ada", touchy(8, nothing, trap, nothing).Bytes(), nil, registry.LoadOptions{Hooks: []registry.Hook{registry.Cooldown}}); err != nil {
		t.Fatal(err)
	}
	match, trim := serving(r, registry.Match), serving(r, registry.Trim)
	changes, cancel := r.Subscribe()
	defer cancel()
	for range 5 {
		provoke(t, r, registry.Cooldown)
	}
	if c := await(t, changes, "quarantine"); c.Hook != registry.Cooldown {
		t.Errorf("%+v", c)
	}
	if g := serving(r, registry.Cooldown); g.Digest != "native:cooldown-standard@1.0.0" {
		t.Errorf("%+v", g)
	}
	if m, tr := serving(r, registry.Match), serving(r, registry.Trim); fmt.Sprint(m, tr) != fmt.Sprint(match, trim) {
		t.Errorf("%+v %+v", m, tr)
	}
}

// TestFailurePolicies: who answers the call that failed, and under whose name.
func TestFailurePolicies(t *testing.T) {
	for _, c := range []struct {
		policy registry.OnFailure
		cold   bool // nobody is warm
		by     string
	}{
		{registry.LastGood, false, "plain@1.0.7"},
		{registry.LastGood, true, "native"},
		{registry.Baseline, false, "native"},
		{registry.Refuse, false, ""},
	} {
		t.Run(fmt.Sprint(c.policy, c.cold), func(t *testing.T) {
			h := newHouse(t)
			h.cfg.OnFailure = map[registry.Hook]registry.OnFailure{registry.Cooldown: c.policy, registry.Trim: c.policy}
			r := h.open()
			bad := touchy(8, nothing, trap, trap).Bytes()
			good, _ := h.load(r, guest(7).Bytes())
			if _, err := r.Plan(t.Context(), badKind, "public"); err != nil { // a plan of the good one's
				t.Fatal(err)
			}
			h.load(r, bad)
			if c.cold {
				h.close(r)
				r = h.open()
			}
			seconds, digest, err := r.Decide(t.Context(), lobby.Case{What: "call", Talked: badTalked})
			plan, planErr := r.Plan(t.Context(), badKind, "public")
			switch c.by {
			case "":
				if !errors.Is(err, policy.ErrTrap) || !errors.Is(planErr, policy.ErrTrap) || digest != "" {
					t.Error(err, planErr)
				}
			case "native":
				if err != nil || digest != "native:cooldown-standard@1.0.0/1" || planErr != nil {
					t.Error(seconds, digest, err, planErr)
				}
				if c.policy == registry.Baseline && plan.Text["bio"] == 7 {
					t.Error("a plan of the generation before")
				}
			default:
				if err != nil || seconds != 7 || digest != good.Digest+"/2" || planErr != nil || plan.Text["bio"] != 7 {
					t.Error(seconds, digest, err, plan, planErr)
				}
			}
			// Nothing of this is taken for the bad one's own answer.
			if seconds, _, err := r.Decide(t.Context(), lobby.Case{What: "call"}); err != nil || seconds != 8 {
				t.Error(seconds, err)
			}
		})
	}
}

// TestLastGoodPlan: where the generation before fails too, the last good plan
// for the very question stands.
func TestLastGoodPlan(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(7).Bytes())
	for _, kind := range []string{badKind, "card"} {
		if _, err := r.Plan(t.Context(), kind, "public"); err != nil {
			t.Fatal(err)
		}
	}
	h.load(r, touchy(8, nothing, nothing, trap).Bytes())
	h.load(r, touchy(9, nothing, nothing, trap).Bytes())
	if plan, err := r.Plan(t.Context(), badKind, "public"); err != nil || plan.Text["bio"] != 7 {
		t.Error(plan, err)
	}
	if plan, err := r.Plan(t.Context(), "card", "public"); err != nil || plan.Text["bio"] != 9 {
		t.Error(plan, err)
	}
	if plan, err := r.Plan(t.Context(), badKind, "self"); err != nil || plan.Text["bio"] == 7 {
		t.Error("a plan for another audience:", plan, err)
	}
}

func TestNativeTakesOverWhereConfigured(t *testing.T) {
	h := newHouse(t)
	h.cfg.OnFailure = map[registry.Hook]registry.OnFailure{registry.Match: registry.Baseline}
	h.cfg.Quarantine.Failures = 2
	r := h.open()
	h.load(r, guest(7).Bytes())
	h.load(r, touchy(8, trap, nothing, nothing).Bytes())
	changes, cancel := r.Subscribe()
	defer cancel()
	for range 2 {
		if err := provoke(t, r, registry.Match); !errors.Is(err, policy.ErrTrap) {
			t.Error(err)
		}
	}
	for range 3 {
		await(t, changes, "quarantine")
	}
	if m, c := serving(r, registry.Match), serving(r, registry.Cooldown); m.Digest != "native:match-mutual@1.0.0" || c.Name != "plain@1.0.7" {
		t.Errorf("%+v %+v", m, c)
	}
	if g, err := r.Rollback(t.Context(), "ada", registry.Match); err != nil || g.Name != "plain@1.0.7" {
		t.Errorf("%+v %v", g, err)
	}
}

// TestQuarantineWithoutAStore: what must not serve does not, even while that
// cannot be written down; it is as soon as it can.
func TestQuarantineWithoutAStore(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(7).Bytes())
	bad, _ := h.load(r, touchy(8, nothing, trap, nothing).Bytes())
	changes, cancel := r.Subscribe()
	defer cancel()
	h.store.Play(storetest.FailNext(storetest.SavePlugins, 1000, store.ErrUnavailable))
	for range 5 {
		provoke(t, r, registry.Cooldown)
	}
	await(t, changes, "quarantine")
	if g := serving(r, registry.Cooldown); g.Name != "plain@1.0.7" {
		t.Errorf("%+v", g)
	}
	h.store.Play(nil)
	h.close(r)
	r = h.open()
	if g := serving(r, registry.Cooldown); g.Name != "plain@1.0.7" || state(r, bad.Digest).State != registry.Quarantined {
		t.Errorf("after a restart: %+v, %+v", g, state(r, bad.Digest))
	}
	log, err := r.History(t.Context(), 0, 1)
	if err != nil || log[0].Action != "quarantine" {
		t.Errorf("%+v %v", log, err)
	}
}

// TestReplacedButStillFailing: a table that lists still stand on fails after
// its version was replaced; a roll back does not return to it.
func TestReplacedButStillFailing(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, touchy(7, trap, nothing, nothing).Bytes())
	old, err := r.Match(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close(t.Context())
	h.load(r, guest(8).Bytes())
	changes, cancel := r.Subscribe()
	defer cancel()
	old.Set(0, &policy.Person{Age: badAge})
	for range 5 {
		old.Score(t.Context(), 0, 0, 1, make([]int32, 1))
	}
	if c := await(t, changes, "quarantine"); c.Hook != registry.Match || c.After != "" {
		t.Errorf("%+v", c)
	}
	if g, err := r.Rollback(t.Context(), "ada", registry.Match); err != nil || g.Digest != "native:match-mutual@1.0.0" {
		t.Errorf("%+v %v", g, err)
	}
}
