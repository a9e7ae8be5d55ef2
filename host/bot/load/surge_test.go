package load

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/bottest"
)

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// disturbed plays an evening in virtual time.
func disturbed(t *testing.T, cfg Config) (r *Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := bottest.Start()
		defer s.Close()
		cfg.Target, cfg.Seed, cfg.Client = s.URL(), 7, bot.Options{Dial: s.Dial}
		var err error
		if r, err = Run(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// TestCutLinesAreNoErrors cuts everybody's line every five seconds, in calls too.
func TestCutLinesAreNoErrors(t *testing.T) {
	quiet, cut := disturbed(t, Config{People: 20}), disturbed(t, Config{People: 20, CutPerMinute: 12})
	if !cut.Passed() || cut.Recovery != nil {
		t.Errorf("errors %v %q, violations %v %q", cut.Errors, cut.ErrorExamples, cut.ViolationKinds, cut.ViolationExamples)
	}
	if cut.Calls < quiet.Calls/2 {
		t.Errorf("%d calls with cuts, %d without: meetings do not survive them", cut.Calls, quiet.Calls)
	}
}

func TestEverybodyComesBackAfterAStorm(t *testing.T) {
	r := disturbed(t, Config{People: 20, Disturb: Disturb{Storm: 2 * time.Second}})
	if !r.Passed() || r.Recovery == nil || !r.Recovery.Held() || r.Connected < 19 {
		t.Errorf("%d connected, recovery %+v, errors %v %q, violations %v %q", r.Connected, r.Recovery, r.Errors, r.ErrorExamples, r.ViolationKinds, r.ViolationExamples)
	}
	if r.Recovery != nil && r.Recovery.WorstP99 < 100 {
		t.Errorf("at worst %v ms: nobody was away", r.Recovery.WorstP99)
	}
}

func TestASurgeBringsMoreInvites(t *testing.T) {
	quiet := disturbed(t, Config{People: 20})
	r := disturbed(t, Config{People: 20, Disturb: Disturb{Surge: 20}})
	if !r.Passed() || r.Invites < quiet.Invites*3/2 {
		t.Errorf("%d invites, %d without the surge; errors %v, violations %v, recovery %+v", r.Invites, quiet.Invites, r.Errors, r.ViolationKinds, r.Recovery)
	}
}

// TestMoodIsThinned: out of a surge people invite as often as ever.
func TestMoodIsThinned(t *testing.T) {
	m := &mood{surge: 4}
	e := &bot.Evening{Habits: bot.Habits{InviteMean: time.Minute}}
	m.feels(e)
	if e.Habits.InviteMean != 15*time.Second {
		t.Errorf("they think of it every %s", e.Habits.InviteMean)
	}
	count := func() (n int) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 10_000 {
			if e.Eager(r) {
				n++
			}
		}
		return n
	}
	if n := count(); n < 2_300 || n > 2_700 {
		t.Errorf("calm: %d of 10,000 are made, want a quarter", n)
	}
	m.surging.Store(true)
	if n := count(); n != 10_000 {
		t.Errorf("surging: %d of 10,000 are made", n)
	}
}

func TestRecoveryIsJudged(t *testing.T) {
	ms := func(values ...int) (out []time.Duration) {
		for _, v := range values {
			out = append(out, time.Duration(v)*time.Millisecond)
		}
		return out
	}
	calm := ms(2, 3, 2, 3)
	for name, c := range map[string]struct {
		after []time.Duration // from the end of the disturbance on
		want  float64         // seconds; -1: never
	}{
		"at once":          {ms(3, 2, 4, 3), 0},
		"after a while":    {ms(300, 200, 9, 4, 3, 2), 2},
		"one good second":  {ms(300, 2, 300, 3, 3, 3), 3},
		"never":            {ms(300, 200, 300, 3, 3), -1},
		"only in the end":  {ms(90, 80, 70, 60, 50, 40, 40, 40, 40, 40, 40, 3, 3, 3), 11},
		"fine, if slower":  {ms(10, 10, 10), 0},
		"too short to say": {ms(1, 1), -1},
	} {
		all := append(append(append([]time.Duration{}, calm...), ms(500, 1, 1, 1)...), c.after...)
		r := recovery(calm, all, len(calm)+4)
		got := -1.0
		if r.Seconds != nil {
			got = *r.Seconds
		}
		if got != c.want || r.Held() != (c.want >= 0 && c.want <= 10) || r.WorstP99 != 500 || r.LimitMS != 10 {
			t.Errorf("%s: %v, want %v (%+v)", name, got, c.want, r)
		}
	}
	if r := recovery(ms(40, 40, 40), ms(40, 40, 40, 900, 75, 75, 75), 4); r.LimitMS < 79 || r.Seconds == nil {
		t.Errorf("%+v: a server that was slow before recovers to what it was", r)
	}
}

func TestASurgeForgivesOnlyWhatFailsMeanwhile(t *testing.T) {
	zero := 0.0
	in := func(errors, forgiven, violations int64, seconds *float64) bool {
		return (&Report{ErrorsTotal: errors, Violations: violations, Recovery: &Recovery{Forgiven: forgiven, Seconds: seconds}}).Passed()
	}
	if !in(5, 5, 0, &zero) || in(6, 5, 0, &zero) || in(5, 5, 1, &zero) || in(5, 5, 0, nil) {
		t.Error("errors outside the surge, violations, or no recovery pass")
	}
}

func TestImpossibleRunsAreRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"nobody":               {},
		"cuts":                 {People: 1, CutPerMinute: 60},
		"negative cuts":        {People: 1, CutPerMinute: -1},
		"a negative storm":     {People: 1, Disturb: Disturb{Storm: -1}},
		"no time to recover":   {People: 1, Steady: 30 * time.Second, Disturb: Disturb{Surge: 2}},
		"an enormous surge":    {People: 1, Disturb: Disturb{Surge: 1e9}},
		"a storm that is long": {People: 1, Steady: time.Minute, Disturb: Disturb{Storm: time.Minute}},
	} {
		if err := c.fill(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPortsAreCounted(t *testing.T) {
	root := t.TempDir()
	if err := checkPorts(root, 1<<20); err != nil {
		t.Errorf("where nothing is known: %v", err)
	}
	file := filepath.Join(root, "sys", "net", "ipv4", "ip_local_port_range")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("32768\t60999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	storm := Config{People: 15_000, Disturb: Disturb{Storm: time.Second}}
	if err := checkPorts(root, storm.ports()); err == nil || !strings.Contains(err.Error(), "ip_local_port_range") {
		t.Errorf("a storm of 15,000: %v", err)
	}
	if err := checkPorts(root, (&Config{People: 15_000}).ports()); err != nil {
		t.Errorf("15,000: %v", err)
	}
}

func TestMemoryIsReadFromTheServersFigures(t *testing.T) {
	if m := memoryOf(map[string]float64{"conn.open": 5}); m != nil {
		t.Errorf("a server that says nothing has %+v", m)
	}
	m := memoryOf(map[string]float64{
		"memory.rss": 100, "memory.program": 20, "memory.plugin_code": 10, "memory.heap.plugins": 5, "memory.plugin_guest": 4, "memory.stacks": 8,
		"memory.heap.sockets": 7, "memory.heap.lobby": 3, "memory.heap.reel": 4, "memory.native": 6, "memory.heap.store": 1, "memory.heap.other": 2,
		"memory.heap_spare": 25, "memory.go_other": 5, "conn.open": 3,
	})
	if want := (Memory{RSS: 100, Program: 20, Plugins: 19, Code: 10, Guests: 4, Sockets: 15, Open: 3, State: 7, Store: 7, Other: 2, Spare: 25, Runtime: 5}); *m != want {
		t.Errorf("%+v, want %+v", *m, want)
	}
}
