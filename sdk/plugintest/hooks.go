package plugintest

import (
	"bytes"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/trim"
)

// Cooldown is a cooldown rule under test.
type Cooldown[P, C any] struct {
	Decide func(p *P, c *C) int64
}

// CooldownCase is one example.
type CooldownCase[C any] struct {
	Name    string
	Case    C
	Seconds int64
}

// Cases checks examples under given params; Defaults answers the usual ones.
func (r Cooldown[P, C]) Cases(t *testing.T, p P, cases ...CooldownCase[C]) {
	t.Helper()
	for _, c := range cases {
		if got := r.Decide(&p, &c.Case); got != c.Seconds {
			t.Errorf("%s: %d seconds, want %d", c.Name, got, c.Seconds)
		}
	}
}

// Check puts thousands of cases before the rule, under random params, and
// demands an answer from 0 to ten years, nothing changed, no panic, and the
// same answer when asked again a day later.
func (r Cooldown[P, C]) Check(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		type question struct {
			p       P
			c       C
			seconds int64
		}
		var asked []question
		draw := newDraw()
		for range rounds {
			var q question
			params(draw, &q.p)
			fields(draw, &q.c)
			q.seconds = r.ask(t, q.p, q.c)
			if q.seconds < 0 || q.seconds > abi.MaxCooldown {
				t.Fatalf("%d seconds under %+v for %+v; 0 to %d are allowed", q.seconds, q.p, q.c, int64(abi.MaxCooldown))
			}
			asked = append(asked, q)
		}
		time.Sleep(25 * time.Hour) // of the test's own time
		for _, q := range asked {
			if again := r.ask(t, q.p, q.c); again != q.seconds {
				t.Fatalf("asked again it answers %d instead of %d for %+v", again, q.seconds, q.c)
			}
		}
	})
}

func (r Cooldown[P, C]) ask(t *testing.T, p P, c C) int64 {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("it panics: %v\nparams %+v\ncase %+v", r, p, c)
		}
	}()
	p2, c2 := p, c
	seconds := r.Decide(&p2, &c2)
	if any(p2) != any(p) || any(c2) != any(c) {
		t.Fatalf("it changes what it is given: %+v", c)
	}
	return seconds
}

// Trim is a trimming rule under test.
type Trim[P any] struct {
	Plan func(p *P, kind, audience string) trim.Plan
}

// Check asks for plans of known kinds and of others, under random params, and
// demands that they are small, that their caps make sense, and that they are
// the same when asked for again a day later.
func (r Trim[P]) Check(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		draw := newDraw()
		for range rounds / 100 {
			var p P
			params(draw, &p)
			for _, kind := range []string{"card", "presence", "", "of another kind"} {
				plan := r.Plan(&p, kind, "public")
				text := plan.JSON()
				if len(text) > abi.MaxPlan || !json.Valid(text) {
					t.Fatalf("the plan for %q has %d bytes; %d of valid UTF-8 are allowed", kind, len(text), abi.MaxPlan)
				}
				for field, n := range plan.Text {
					mustBe(t, n >= 0, field, int64(n))
				}
				for field, n := range plan.List {
					mustBe(t, n >= 0, field, int64(n))
				}
				for field, n := range plan.Round {
					mustBe(t, n >= 1, field, n)
				}
				time.Sleep(25 * time.Hour) // of the test's own time
				if again := r.Plan(&p, kind, "public"); !bytes.Equal(again.JSON(), text) {
					t.Fatalf("asked again for %q it answers %s instead of %s", kind, again.JSON(), text)
				}
			}
		}
	})
}

func mustBe(t *testing.T, ok bool, field string, n int64) {
	t.Helper()
	if !ok {
		t.Fatalf("field %q: a cap of %d cannot be meant", field, n)
	}
}
