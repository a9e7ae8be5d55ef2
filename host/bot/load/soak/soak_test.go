package soak

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/bot/bottest"
	"github.com/napalmsky/napalmsky/host/bot/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// figures are those of a server that is well, some time after its start.
func figures(t time.Duration) map[string]float64 {
	s, r := t.Seconds(), rand.New(rand.NewPCG(1, uint64(t)))
	known := 16.0
	if t > 3*time.Minute {
		known = 0
	}
	return map[string]float64{
		"lobby.known": known, "memory.rss": 90<<20 + r.Float64()*(4<<20), "runtime.live_bytes": 12<<20 + r.Float64()*(1<<20), "runtime.goroutines": 60 + float64(r.IntN(5)),
		"store.bytes": 1<<20 + 10*s*800, "steward.archived": 10 * s, "steward.sessions": 10 * s,
	}
}

// soaked plays two minutes in virtual time against a lobby with these figures.
func soaked(t *testing.T, change func(s *bottest.Server, f map[string]float64, at time.Duration)) *Report {
	t.Helper()
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		s := bottest.Start()
		defer s.Close()
		began := time.Now()
		s.Figures = func() map[string]any {
			f := figures(time.Since(began))
			if change != nil {
				change(s, f, time.Since(began))
			}
			nested := map[string]any{}
			for name, v := range f {
				group, leaf, _ := strings.Cut(name, ".")
				if nested[group] == nil {
					nested[group] = map[string]any{}
				}
				nested[group].(map[string]any)[leaf] = v
			}
			return nested
		}
		var err error
		report, err = Run(t.Context(), Config{Target: s.URL(), People: 16, For: 2 * time.Minute, Seed: 3, Client: bot.Options{Dial: s.Dial}})
		if err != nil {
			t.Fatal(err)
		}
	})
	return report
}

func TestAServerThatIsWellHolds(t *testing.T) {
	r := soaked(t, nil)
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	if !r.Passed() {
		t.Errorf("%s", table.String())
	}
	if r.Guests < 20 || r.Readers < 3 || r.Outcome.Calls < 20 || len(r.Samples) < 100 {
		t.Errorf("%d guests, %d readers, %d calls, %d samples: nothing churned", r.Guests, r.Readers, r.Outcome.Calls, len(r.Samples))
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := r.writeFolder(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"soak.md": "| live heap |", "soak.csv": "seconds,rss,", "soak.svg": "resident memory"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, lacks %q", name, err, want)
		}
	}
}

// TestWhatGrowsIsNoticed: one fault at a time, and the line that must not hold.
func TestWhatGrowsIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(f map[string]float64, m float64) // m: minutes
		line  string                                // empty: all is well
	}{
		"nothing":                  {func(map[string]float64, float64) {}, ""},
		"a leak outside the heap":  {func(f map[string]float64, m float64) { f["memory.rss"] += m * (1 << 20) }, "resident memory"},
		"a leak in the heap":       {func(f map[string]float64, m float64) { f["runtime.live_bytes"] += m * (1 << 18) }, "live heap"},
		"goroutines stay":          {func(f map[string]float64, m float64) { f["runtime.goroutines"] += m * 2 }, "goroutines"},
		"people are not forgotten": {func(f map[string]float64, m float64) { f["lobby.known"] += m * 2 }, "people the lobby knows"},
		"the memory is not told":   {func(f map[string]float64, _ float64) { delete(f, "memory.rss") }, "resident memory"},
		"the archive is as large":  {func(f map[string]float64, _ float64) { f["store.bytes"] *= 8 }, "database for each call archived"},
		"calls cost ever more":     {func(f map[string]float64, m float64) { f["store.bytes"] += 700 * m * m * m }, "the same, third quarter to fourth"},
		"nothing is archived":      {func(f map[string]float64, _ float64) { f["steward.archived"] = 7 }, "database for each call archived"},
		"a chore fails":            {func(f map[string]float64, _ float64) { f["steward.failed"] = 1 }, "chores that failed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Report{Archived: true, Emptied: true, Readers: 1, Outcome: &load.Report{Calls: 1}}
			for at := time.Duration(0); at < 30*time.Minute; at += 9 * time.Second {
				f := figures(at)
				f["lobby.known"] = 16
				c.fault(f, at.Minutes())
				r.Samples = append(r.Samples, sampleOf(at, f))
			}
			r.End = r.Samples[len(r.Samples)-1]
			r.judge()
			i := slices.IndexFunc(r.Lines, func(l Line) bool { return !l.OK })
			if c.line == "" && i >= 0 || c.line != "" && (i < 0 || r.Lines[i].What != c.line || r.Passed()) {
				t.Errorf("want %q not to hold: %+v", c.line, r.Lines)
			}
		})
	}
}

// TestWhatIsLostIsNoticed: the same of what only a crowd can tell.
func TestWhatIsLostIsNoticed(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(s *bottest.Server, f map[string]float64, at time.Duration)
		line  string
	}{
		"calls are not archived": {func(_ *bottest.Server, f map[string]float64, _ time.Duration) {
			f["steward.archived"] = min(f["steward.archived"], 5)
		}, "calls archived, each in both histories once"},
		"sessions stay":             {func(_ *bottest.Server, f map[string]float64, _ time.Duration) { f["steward.sessions"] = 3 }, "expired sessions deleted, and nobody remembered"},
		"a stream stays to the end": {func(_ *bottest.Server, f map[string]float64, _ time.Duration) { f["lobby.streams"] = 1 }, "expired sessions deleted, and nobody remembered"},
		"an archived call is lost": {func(s *bottest.Server, _ map[string]float64, at time.Duration) {
			s.TamperHistory = without(at > time.Minute)
		}, "invariants broken"},
		"an archived call is doubled": {func(s *bottest.Server, _ map[string]float64, at time.Duration) {
			s.TamperHistory = twice(at > time.Minute)
		}, "invariants broken"},
	} {
		t.Run(name, func(t *testing.T) {
			r := soaked(t, c.fault)
			i := slices.IndexFunc(r.Lines, func(l Line) bool { return l.What == c.line })
			if i < 0 || r.Lines[i].OK || r.Passed() {
				t.Errorf("not noticed: %+v", r.Lines)
			}
		})
	}
}

func without(on bool) func(int64, []bottest.Met) []bottest.Met {
	return func(_ int64, calls []bottest.Met) []bottest.Met {
		if on && len(calls) > 1 {
			return calls[:len(calls)-1]
		}
		return calls
	}
}

func twice(on bool) func(int64, []bottest.Met) []bottest.Met {
	return func(_ int64, calls []bottest.Met) []bottest.Met {
		if on && len(calls) > 1 {
			return append(calls, calls[len(calls)-1])
		}
		return calls
	}
}

// TestFitFindsTheLine that points lie on, wherever they begin.
func TestFitFindsTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slope, start := rapid.Float64Range(-1e6, 1e6).Draw(t, "slope"), rapid.Float64Range(-1e9, 1e9).Draw(t, "start")
		n := rapid.IntRange(2, 200).Draw(t, "points")
		var samples []Sample
		for i := range n {
			at := 1000 + float64(i)*7
			samples = append(samples, Sample{At: at, RSS: start + slope*at})
		}
		got := fit(samples, seconds, func(s Sample) float64 { return s.RSS })
		if math.Abs(got.slope-slope) > 1e-6*math.Max(1, math.Abs(slope)+math.Abs(start)/1e3) {
			t.Fatalf("slope %v of %d points, found %v", slope, n, got.slope)
		}
	})
	if got := fit([]Sample{{At: 5, RSS: 3}}, seconds, func(s Sample) float64 { return s.RSS }); got != (trend{3, 0}) {
		t.Errorf("a single point is %+v", got)
	}
}

func TestWrongUsageIsRefused(t *testing.T) {
	for args, code := range map[string]int{"--people": 2, "--nonsense": 2, "extra": 2, "--people 3": 1, "--for 1s": 1, "--help": 0} {
		var out, errs bytes.Buffer
		if got := Main(t.Context(), strings.Fields(args), &out, &errs); got != code || errs.Len() == 0 {
			t.Errorf("%s: exit %d, said %q; want %d", args, got, errs.String(), code)
		}
	}
	if (&Report{Outcome: &load.Report{}}).Passed() {
		t.Error("nothing was judged, and it passed")
	}
}
