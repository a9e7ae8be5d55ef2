package app_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/admin/cli"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/load"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/testdata/guests"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// TestHostileGuests loads the whole corpus, as an operator would, while people
// meet: each guest is refused with its sentence or contained, and nobody in a
// call notices.
func TestHostileGuests(t *testing.T) {
	size := smallEvening
	if proving() {
		size = largeEvening
		quiet := newStage(t)
		before := quiet.evening(size, func(ctx context.Context) {
			defer quiet.restless(ctx, quiet.strangers(ctx, 24))()
			pause(ctx, size.steady)
		})
		noErrors(t, before)
		quiet.stop()
		defer func(before *load.Report) {
			for _, name := range []string{"reel", "ring", "start", "chat", "offer"} {
				a, b := before.LatencyMS[name], size.report.LatencyMS[name]
				t.Logf("%-5s p99 %.2f ms without, %.2f ms with hostile guests: ratio %.2f", name, *a.P99, *b.P99, *b.P99 / *a.P99)
				if bound := max(3**a.P99, unnoticed); *b.P99 > bound {
					t.Errorf("%s: a p99 of %.2f ms under attack would be noticed; %.2f are allowed", name, *b.P99, bound)
				}
			}
		}(before)
	}
	s := newStage(t)
	size.report = s.evening(size, func(ctx context.Context) {
		defer s.restless(ctx, s.strangers(ctx, 24))()
		began := time.Now()
		for _, a := range policytest.Attacks() {
			s.attack(ctx, a)
			pause(ctx, size.pace)
		}
		t.Logf("%d guests within %v", len(policytest.Attacks()), time.Since(began).Round(time.Millisecond))
		talk(t, ctx, joinAs(t, ctx, s.app.URL(), "ann", 99), joinAs(t, ctx, s.app.URL(), "bob", 99))
	})
	noErrors(t, size.report)
}

// unnoticed is a delay in ms up to which an answer seems immediate (Miller 1968,
// Nielsen 1993); the reel's own pace is 200.
const unnoticed = 100.

// eveningSize is how many come and for how long.
type eveningSize struct {
	people               int
	ramp, settle, steady time.Duration // steady: without attacks, to compare with
	pace                 time.Duration // after each attack; without it the swaps alone keep two processors busy
	habits               bot.Habits
	report               *load.Report
}

var (
	smallEvening = eveningSize{people: 24, ramp: time.Second, settle: time.Millisecond, habits: hasty()}
	largeEvening = eveningSize{people: 200, ramp: 10 * time.Second, settle: 10 * time.Second, steady: 40 * time.Second, pace: 400 * time.Millisecond, habits: lively()}
)

// proving asks for the long runs of the same tests.
func proving() bool { return os.Getenv("NAPALMSKY_PROVE") == "1" }

// hasty people talk for half a second, so that a short test sees many calls.
func hasty() bot.Habits {
	const ms = time.Millisecond
	h := bot.Workload(sdp.Offer, sdp.Answer)
	h.InviteMean, h.InviteLeast = 400*ms, 1100*ms // one a second is allowed
	h.Seconds, h.Patience = policytest.AskedInTheEvening, 10*time.Second
	h.AnswerMin, h.AnswerMax, h.Accept = 20*ms, 80*ms, 0.8
	h.OfferAfter, h.AnswerAfter, h.Candidates, h.CandidateEvery = 20*ms, 10*ms, 2, 20*ms
	h.ChatAt, h.EndMin, h.EndMax, h.DropMean = []time.Duration{50 * ms, 150 * ms}, 300*ms, 600*ms, 10*time.Second
	return h
}

// lively people are the workload page's, in more of a hurry.
func lively() bot.Habits {
	h := bot.Workload(sdp.Offer, sdp.Answer)
	h.InviteMean, h.Seconds, h.DropMean = 15*time.Second, policytest.AskedInTheEvening, 5*time.Minute
	h.ChatAt, h.EndMin, h.EndMax = h.ChatAt[:2], 7*time.Second, 9*time.Second
	return h
}

// stage is a server whose match plugin was built with C, and an operator at it.
type stage struct {
	t        *testing.T
	app      *house
	data     string // its folder
	stop     func()
	operator *cli.Client
	digest   string // of what serves match when nobody attacks
}

func newStage(t *testing.T) *stage {
	t.Helper()
	seed := filepath.Join(t.TempDir(), "seed.wasm")
	if err := os.WriteFile(seed, guests.MatchMutual()[0].Module, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStage(t, t.TempDir(), func(c *config.Config) {
		c.Policy.Match.Plugin = seed
		for _, h := range []*config.Hook{&c.Policy.Match, &c.Policy.Cooldown, &c.Policy.Trim} {
			h.MemoryPages = 64
		}
	})
	ctx := within(t, time.Minute)
	s.digest = s.serving(ctx, registry.Match).Digest
	s.meetAgain(ctx)
	return s
}

// openStage starts a server over data, with rules compiled in unless change says otherwise.
func openStage(t *testing.T, data string, change func(*config.Config)) *stage {
	t.Helper()
	s := &stage{t: t, data: data, operator: cli.Local(data)}
	t.Cleanup(s.operator.Close)
	s.app, s.stop = startAppUntil(t, func(c *config.Config) {
		c.Data = data
		c.Policy.Match.Plugin, c.Policy.Cooldown.Plugin, c.Policy.Trim.Plugin = registry.Native, registry.Native, registry.Native
		change(c)
	})
	signUp(t, within(t, time.Minute), s.app.URL(), "ada") // answered, so it serves
	return s
}

// meetAgain has nobody kept apart: an evening has only so many pairs.
func (s *stage) meetAgain(ctx context.Context) {
	s.t.Helper()
	if _, err := s.operator.Set(ctx, "cooldown-standard", map[string]int64{"call_hours": 0, "decline_hours": 0, "rescind_minutes": 0, "lost_minutes": 0}); err != nil {
		s.t.Fatal(err)
	}
}

// evening has people meet while something is done, and reports.
func (s *stage) evening(size eveningSize, during func(ctx context.Context)) *load.Report {
	s.t.Helper()
	over := make(chan struct{})
	ctx := within(s.t, 20*time.Minute)
	var report *load.Report
	var err error
	var crowd sync.WaitGroup
	crowd.Go(func() {
		report, err = load.Run(ctx, load.Config{
			Target: s.app.URL(), People: size.people, Seed: 1, Habits: &size.habits,
			Ramp: size.ramp, Settle: size.settle, Steady: time.Hour, Until: over,
		})
	})
	func() {
		defer close(over)
		for s.app.Stats().People < size.people {
			pause(ctx, 20*time.Millisecond)
		}
		pause(ctx, size.settle)
		during(ctx)
	}()
	crowd.Wait()
	if err != nil {
		s.t.Fatal(err)
	}
	return report
}

// strangers sign up and come in.
func (s *stage) strangers(ctx context.Context, n int) []*bot.Person {
	s.t.Helper()
	var all []*bot.Person
	for i := range n {
		all = append(all, join(s.t, ctx, s.app.URL(), fmt.Sprintf("restless%d", i)))
	}
	return all
}

// restless people leave and come back, as often as one may, so that who ranks
// is asked all the time.
func (s *stage) restless(ctx context.Context, people []*bot.Person) (stop func()) {
	const each = 2500 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for n, p := range people {
		all.Go(func() {
			for wait := each * time.Duration(n) / time.Duration(len(people)); pause(ctx, wait); wait = each {
				if err := errors.Join(p.Leave(ctx), p.Enter(ctx)); err != nil && ctx.Err() == nil {
					s.t.Errorf("%d could not come and go: %v", p.ID, err)
					return
				}
				forget(p)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// forget lets go of all a person was told and nobody waits for.
func forget(p *bot.Person) {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		if _, err := p.Next(over); err != nil {
			return
		}
	}
}

// pause is a while of the evening; false if it ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// attack loads one guest and sees to it that what must happen does.
func (s *stage) attack(ctx context.Context, a policytest.Attack) {
	s.t.Helper()
	loaded, err := s.operator.Load(ctx, a.Module, nil)
	var refused *cli.Refused
	switch {
	case err != nil && !errors.As(err, &refused):
		s.t.Fatalf("%s: %v", a.Name, err)
	case err != nil && a.Fate != policytest.FateRefused && a.Fate != policytest.FateAny:
		s.t.Errorf("%s: refused: %v", a.Name, err)
	case err != nil && (!strings.Contains(err.Error(), cmp.Or(atTheDoor[a.Name], a.Why)) || strings.Contains(err.Error(), "\n")):
		s.t.Errorf("%s: refused with %q, which is no sentence that names %q", a.Name, err, a.Why)
	case err == nil && a.Fate == policytest.FateRefused:
		s.t.Errorf("%s: loaded", a.Name)
	case err == nil:
		s.contain(ctx, a, loaded.Version.Digest)
	}
	deadline := time.Now().Add(10 * time.Second) // a quarantine is known a moment before it is enacted
	for !s.asBefore(ctx) {
		if !pause(ctx, 10*time.Millisecond) || time.Now().After(deadline) {
			s.t.Fatalf("%s: serving afterwards: %v", a.Name, s.status(ctx).Serving)
		}
	}
}

// atTheDoor are the sentences for what the registry never sees.
var atTheDoor = map[string]string{"empty": "must be a module", "too large": "16 MiB"}

// asBefore tells that whoever served before the attacks serves.
func (s *stage) asBefore(ctx context.Context) bool {
	return s.serving(ctx, registry.Match).Digest == s.digest && strings.HasPrefix(s.serving(ctx, registry.Cooldown).Digest, "native:")
}

// enoughCalls is how often a harmless guest must have been asked.
const enoughCalls = 10

// contain waits until a guest that was loaded is out of service, by itself or,
// as far as it does no harm, by an operator's roll back.
func (s *stage) contain(ctx context.Context, a policytest.Attack, digest string) {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for ; ; pause(ctx, 10*time.Millisecond) {
		v := s.version(ctx, digest)
		asked := v.Use[slices.IndexFunc(v.Use, func(u registry.HookFigure) bool { return string(u.Hook) == a.Hook })]
		switch {
		case v.State == registry.Quarantined && a.Fate == policytest.FateHarmless:
			s.t.Errorf("%s: quarantined: %s", a.Name, v.Reason)
			return
		case v.State == registry.Quarantined:
			return
		case time.Now().After(deadline):
			s.t.Errorf("%s: neither quarantined nor asked often enough: %+v", a.Name, v)
		case a.Fate == policytest.FateQuarantined || asked.Calls < enoughCalls:
			continue
		}
		if _, err := s.operator.Hook(ctx, "rollback", a.Hook); err != nil {
			s.t.Errorf("%s: roll back: %v", a.Name, err)
		}
		return
	}
}

func (s *stage) status(ctx context.Context) registry.Status {
	s.t.Helper()
	status, err := s.operator.Status(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	return status
}

func (s *stage) serving(ctx context.Context, h registry.Hook) registry.Generation {
	s.t.Helper()
	all := s.status(ctx).Serving
	return all[slices.IndexFunc(all, func(g registry.Generation) bool { return g.Hook == h })]
}

func (s *stage) version(ctx context.Context, digest string) registry.Version {
	s.t.Helper()
	all := s.status(ctx).Versions
	return all[slices.IndexFunc(all, func(v registry.Version) bool { return v.Digest == digest })]
}

// noErrors fails unless people met, and nothing at all went wrong for them.
func noErrors(t *testing.T, r *load.Report) {
	t.Helper()
	if !r.Passed() {
		t.Errorf("errors %v %q, violations %v %q", r.Errors, r.ErrorExamples, r.ViolationKinds, r.ViolationExamples)
	}
	if r.Calls < 10 || r.LatencyMS["reel"].Count == 0 || r.LatencyMS["chat"].Count == 0 {
		t.Errorf("%d calls: this was no evening", r.Calls)
		return
	}
	t.Logf("%d people, %d invites, %d calls, p99: reel %.1f, ring %.1f, chat %.1f ms; refusals %v", r.People, r.Invites, r.Calls,
		*r.LatencyMS["reel"].P99, *r.LatencyMS["ring"].P99, *r.LatencyMS["chat"].P99, r.Refusals)
}
