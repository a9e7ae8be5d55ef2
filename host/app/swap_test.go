package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/wire"
	"github.com/napalmsky/napalmsky/testdata/guests"
)

// TestSwapsDuringAnEvening: rules and their knobs change all the time while
// people meet. No call fails, no list holds scores of two generations, every
// decision names who decided, and memory stays where it was.
func TestSwapsDuringAnEvening(t *testing.T) {
	size, swaps := smallEvening, 100
	if proving() {
		swaps = 1000
	}
	s := newStage(t)
	w := &listWatcher{at: map[int64]*shown{}, seen: map[string]*span{}}
	ctx := within(t, 15*time.Minute)
	var watchers []*bot.Person
	for n := range 12 { // of an age that suits nobody else
		watchers = append(watchers, joinAs(t, ctx, s.app.URL(), fmt.Sprintf("watcher%d", n), 99, w))
	}
	turns := newTurns(s)
	report := s.evening(size, func(ctx context.Context) {
		defer s.restless(ctx, watchers)()
		var heaps []float64
		began := time.Now()
		for n := range swaps {
			turns.turn(ctx, n)
			pause(ctx, 50*time.Millisecond)           // in which people meet
			if n%turns.period() == turns.period()-1 { // the same guests are open as the last time
				heaps = append(heaps, heap())
			}
		}
		t.Logf("%d swaps in %v", swaps, time.Since(began).Round(time.Millisecond))
		grown := slope(heaps[len(heaps)/4:]) * float64(len(heaps)) // the first fill caches
		t.Logf("memory after forced collections, MB: %.1f; slope over all swaps %.1f MB", heaps, grown)
		if grown > 5 {
			t.Errorf("memory grew by %.1f MB over %d swaps", grown, swaps)
		}
	})
	noErrors(t, report)
	for _, v := range s.status(ctx).Versions {
		for _, u := range v.Use {
			if u.Trapped+u.Invalid > 0 || v.State == registry.Quarantined {
				t.Errorf("%s failed calls: %+v", v.Name, v)
			}
		}
	}
	w.judge(t, turns.base, swaps/10)
	s.stop()
	decided(t, s.data)
}

// joinAs brings somebody who suits only people of their own age.
func joinAs(t *testing.T, ctx context.Context, url, name string, age int, watch ...bot.Witness) *bot.Person {
	t.Helper()
	profile := anyone(name)
	profile.Age, profile.AgeMin, profile.AgeMax = age, age, age
	p, err := bot.SignUp(ctx, url, profile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	for _, w := range watch {
		p.Watch(w)
	}
	if err := errors.Join(p.Connect(ctx), p.Enter(ctx)); err != nil {
		t.Fatal(err)
	}
	return p
}

// turns changes who answers, one hook after the other, and remembers of each
// generation of the match rule what two people alike get from it at least.
type turns struct {
	*stage
	modules [][]byte
	base    map[string]int64 // by the stamp that lists bear
	weight  int64
}

// waitingScore is what waiting adds at most, under the knobs' defaults.
const waitingScore = 6 * 15 * 2

func newTurns(s *stage) *turns {
	u := &turns{stage: s, base: map[string]int64{}}
	for _, g := range guests.MatchMutual() {
		u.modules = append(u.modules, g.Module, append(slices.Clone(g.Module), 0, 5, 4, 'n', 'o', 't', 'e')) // the same rule, another digest
	}
	u.note(s.serving(s.t.Context(), registry.Match))
	return u
}

// note remembers a generation of the match rule.
func (u *turns) note(g registry.Generation) {
	u.base[policy.Generation{Digest: g.Digest, Params: g.Rev}.String()] = g.Params["age_weight"] * g.Params["age_span"]
}

// period is after how many swaps the same guests come again.
func (u *turns) period() int { return 4 * len(u.modules) }

func (u *turns) turn(ctx context.Context, n int) {
	u.t.Helper()
	var err error
	var g registry.Generation
	switch n % 4 {
	case 0:
		var l admin.Loaded
		if l, err = u.operator.Load(ctx, u.modules[n/4%len(u.modules)], nil); err == nil {
			u.note(l.Generations[0])
		}
	case 1, 3: // so far apart that waiting makes no two of them alike
		u.weight = u.weight%25 + 1
		if g, err = u.operator.Set(ctx, "match-mutual", map[string]int64{"age_weight": 40 * u.weight}); err == nil {
			u.note(g)
		}
	case 2:
		if n%8 == 2 {
			_, err = u.operator.Load(ctx, policytest.Lenient(), nil)
		} else {
			_, err = u.operator.Hook(ctx, "rollback", string(registry.Cooldown))
		}
	}
	if err != nil {
		u.t.Fatalf("swap %d: %v", n, err)
	}
}

// listWatcher sees what people of one kind are shown: everyone's score is the
// same but for how long they waited. It is the Witness of several.
type listWatcher struct {
	mu      sync.Mutex
	at      map[int64]*shown
	seen    map[string]*span // by generation
	trouble []string
}

// shown is the list a person has before them.
type shown struct{ gen string }

type span struct{ least, most int64 }

func (w *listWatcher) Heard(p *bot.Person, ev *bot.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch say := ev.Say.(type) {
	case wire.ServerReelFull:
		w.at[p.ID] = &shown{say.Gen}
		for _, e := range say.Entries {
			w.score(p.ID, e.Score)
		}
	case wire.ServerReelDelta:
		for _, e := range say.Put {
			w.score(p.ID, e.Score)
		}
		for _, e := range say.Score {
			w.score(p.ID, e.Score)
		}
	}
}

func (w *listWatcher) score(viewer, score int64) {
	gen := w.at[viewer].gen
	s := w.seen[gen]
	if s == nil {
		s = &span{score, score}
		w.seen[gen] = s
	}
	s.least, s.most = min(s.least, score), max(s.most, score)
}

func (*listWatcher) Said(*bot.Person, time.Time, uint32, wire.Client) {}
func (*listWatcher) Dropped(*bot.Person, time.Time)                   {}

func (w *listWatcher) Trouble(_ *bot.Person, kind string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !strings.HasPrefix(kind, "closed_") { // the server's own end
		w.trouble = append(w.trouble, fmt.Sprint(kind, ": ", err))
	}
}

// judge demands that each list held one generation's scores, and that lists
// followed the swaps.
func (w *listWatcher) judge(t *testing.T, base map[string]int64, atLeast int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.trouble) > 0 {
		t.Errorf("trouble: %q", w.trouble)
	}
	for gen, s := range w.seen {
		least, known := base[gen]
		if !known || s.least < least || s.most > least+waitingScore {
			t.Errorf("lists of generation %s (known: %v) hold scores from %d to %d; it gives %d to %d", gen, known, s.least, s.most, least, least+waitingScore)
		}
	}
	if len(w.seen) < atLeast {
		t.Errorf("lists of %d generations were shown, %d expected: this proves nothing", len(w.seen), atLeast)
	}
	t.Logf("%d of %d generations stood in lists of the %d who watched", len(w.seen), len(base), len(w.at))
}

// decided demands that every cooldown of an evening names who decided it.
func decided(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "napalmsky.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all, without, by int
	if err := db.QueryRow(`SELECT count(*), coalesce(sum(digest = ''), 0), count(DISTINCT digest) FROM cooldowns`).Scan(&all, &without, &by); err != nil {
		t.Fatal(err)
	}
	if all == 0 || without > 0 || by < 2 {
		t.Errorf("%d decisions by %d generations, %d of them name nobody", all, by, without)
	}
	t.Logf("%d decisions stand, by %d generations", all, by)
}

// heap is what is in use after a forced collection, in MB: the least of a few
// looks, as the evening goes on meanwhile.
func heap() float64 {
	least := math.Inf(1)
	for range 3 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = min(least, float64(m.HeapAlloc)/(1<<20))
	}
	return least
}

// slope is the least squares', per step.
func slope(y []float64) float64 {
	var sx, sy, sxx, sxy float64
	for i, v := range y {
		x := float64(i)
		sx, sy, sxx, sxy = sx+x, sy+v, sxx+x*x, sxy+x*v
	}
	n := float64(len(y))
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// TestTheSameGenerationServesAfterARestart: what an operator loaded and turned
// is what the next server starts with, to the very revision that lists bear.
func TestTheSameGenerationServesAfterARestart(t *testing.T) {
	data := t.TempDir()
	change := func(c *config.Config) { c.Data = data }
	ctx := within(t, time.Minute)
	shownTo := func(a *house) string {
		w := &listWatcher{at: map[int64]*shown{}, seen: map[string]*span{}}
		p := joinAs(t, ctx, a.URL(), "ann", 99, w)
		if _, err := p.WaitReel(ctx, func([]bot.Entry) bool { return true }); err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.at[p.ID].gen
	}
	serving := func(s *stage) string {
		text, err := json.Marshal(s.status(ctx).Serving)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}

	first := openStage(t, data, change)
	if _, err := first.operator.Load(ctx, guests.MatchMutual()[0].Module, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := first.operator.Set(ctx, "match-mutual", map[string]int64{"age_window": 8}); err != nil {
		t.Fatal(err)
	}
	before, stamp := serving(first), shownTo(first.app)
	if !strings.Contains(before, `"age_window":8`) {
		t.Fatalf("before: %s", before)
	}
	first.stop()
	second := openStage(t, data, change)
	if after := serving(second); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	if again := shownTo(second.app); again != stamp {
		t.Errorf("lists bear %s, and %s before", again, stamp)
	}
}

// quickly compiles in this process, unless it is how long things take that is
// looked at: a hundred guests, each with a process under the race detector, are
// two minutes.
func quickly() *wasm.Compiler {
	if proving() {
		return compiler()
	}
	return nil
}

// startAppUntil is startApp with a server that can be stopped before the test
// ends. Its log is dropped: hostile guests have much to say.
func startAppUntil(t *testing.T, change func(*config.Config)) (*house, func()) {
	t.Helper()
	cfg := testConfig(t.TempDir())
	change(&cfg)
	a, err := app.New(t.Context(), cfg, app.Options{Cache: filepath.Join(pluginDir, "cache"), Compiler: quickly(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return &house{a}, stop
}
