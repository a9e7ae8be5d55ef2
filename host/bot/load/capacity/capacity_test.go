package capacity

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/bot/load"
)

var update = flag.Bool("update", false, "write the golden files anew")

// evening is a report as smooth as none ever was.
func evening(label, wire string, people int, change ...func(*Run)) *Run {
	n := float64(people)
	f := func(v float64) *float64 { return &v }
	r := &Run{Label: label, Wire: wire, People: people, ToClients: 5_000 * n, LatencyMS: map[string]load.Quantiles{
		"ring": {Count: 9, P50: f(0.5), P95: f(1), P99: f(1 + n/1000), Max: f(20)}, "chat": {Count: 9, P50: f(0.2), P95: f(1), P99: f(1.5), Max: f(9)},
	}}
	r.SteadySeconds = 120
	r.Server.RSSAvg, r.Server.RSSPeak, r.Server.CPU = f(35e6+20e3*n), f(36e6+25e3*n), f(0.003*n)
	r.Generator.Lag = load.Quantiles{Count: 9, P50: f(0.1), P95: f(0.2), P99: f(0.3), Max: f(2)}
	r.Memory = &load.Memory{RSS: 35e6 + 20e3*n, Program: 18e6, Plugins: 5e6, Code: 1e6, Guests: 2e6, Sockets: 9.5e3 * n, Open: n, State: 5e3 * n, Store: 3e6, Other: 2e6, Spare: 4e6, Runtime: 3e6}
	for _, c := range change {
		c(r)
	}
	return r
}

func evenings() []*Run {
	runs := []*Run{
		evening("Go plugins", "json", 1000, func(r *Run) { r.ToClients *= 4; *r.Server.RSSAvg *= 2 }),
		evening("C plugins", "binary", 10_000), evening("C plugins", "binary", 100), evening("C plugins", "binary", 1000),
		evening("C plugins", "binary", 2000, func(r *Run) {
			r.Surge, r.ErrorsTotal, r.Recovery = 2, 70, &load.Recovery{Forgiven: 70}
		}),
	}
	sortRuns(runs)
	return runs
}

// folder holds the reports of runs as files.
func folder(t *testing.T, runs []*Run) string {
	t.Helper()
	dir := t.TempDir()
	for i, r := range runs {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTheReportIsAsBefore: table, bars and plots of fixed runs, byte for byte.
func TestTheReportIsAsBefore(t *testing.T) {
	dir := folder(t, evenings())
	var stdout, stderr bytes.Buffer
	if code := Main([]string{dir}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	for _, name := range []string{"table.md", "memory.svg", "cpu.svg", "bytes.svg", "latency.svg"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the golden one (look, then -update):\n%s", name, got)
		}
	}
}

func TestBarsAreJudged(t *testing.T) {
	byName := func(runs []*Run) map[string]Bar {
		out := map[string]Bar{}
		for _, b := range Bars(runs) {
			out[b.Name] = b
		}
		return out
	}
	good := byName(evenings())
	for name, held := range map[string]bool{
		"people held with zero errors": true, "RSS average at 1,000, C plugins": false, "RSS average at 1,000, Go plugins": false,
		"RSS average at 10,000": true, "to clients at 1,000, binary": true, "to clients at 1,000, JSON": true,
		"bytes a person at 10,000 over 1,000": true, "invite→ring p99 at 1,000": true, "server CPU a person at 10,000": true,
	} {
		if b := good[name]; !b.Known || b.Held() != held {
			t.Errorf("%s: %+v, held %v", name, b, b.Held())
		}
	}
	if b := byName(evenings()[:1])["people held with zero errors"]; b.Known {
		t.Errorf("1,000 without an error are the limit: %+v", b)
	}
	spoilt := evenings()
	for _, r := range spoilt {
		if r.People == 1000 {
			r.ErrorsTotal = 1
		}
	}
	if b := byName(spoilt)["people held with zero errors"]; b.Held() || b.Measured != 100 {
		t.Errorf("an error at 1,000 leaves %+v", b)
	}
	if b := byName(evenings()[3:4])["server CPU a person at 10,000"]; b.Known || b.Held() {
		t.Errorf("what no run measured is %+v", b)
	}
}

func TestStrictFailsWhereABarIsNotHeld(t *testing.T) {
	held := folder(t, []*Run{evening("native", "json", 100)})
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"--strict", folder(t, evenings())}, 1},
		{[]string{"--strict", held}, 0}, // nothing says that no more than 100 would be held
		{[]string{held}, 0},
		{[]string{"--strict", folder(t, []*Run{evening("C plugins", "binary", 10_000)})}, 0},
		{[]string{t.TempDir()}, 1},
		{nil, 2},
		{[]string{"--wrong", held}, 2},
	} {
		var stdout, stderr bytes.Buffer
		if code := Main(c.args, &stdout, &stderr); code != c.code {
			t.Errorf("%v: exit %d, want %d\n%s", c.args, code, c.code, &stderr)
		}
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for _, text := range []string{"{", "{}", `{"people":-1}`, `[]`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir); err == nil {
			t.Errorf("%s passes for a report", text)
		}
	}
}

// TestAxesHoldEveryPoint: whatever the figures, ticks rise, are 1, 2 or 5 times
// a power of ten, span the data, and the picture is well-formed.
func TestAxesHoldEveryPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plot{title: "a <b> & c", unit: "MB"}
		value := rapid.Float64Range(1e-3, 1e7)
		for i := range rapid.IntRange(0, 4).Draw(t, "lines") {
			l := line{name: fmt.Sprint(i), class: "s0"}
			for range rapid.IntRange(0, 6).Draw(t, "points") {
				l.points = append(l.points, point{value.Draw(t, "x"), value.Draw(t, "y")})
			}
			p.lines = append(p.lines, l)
		}
		x, y := p.axes()
		for _, l := range p.lines {
			for _, q := range l.points {
				if px, py := x.at(q.x), y.at(q.y); px < left-1e-6 || px > width-right+1e-6 || py < top-1e-6 || py > height-bottom+1e-6 {
					t.Fatalf("(%v, %v) is drawn at (%v, %v)", q.x, q.y, px, py)
				}
			}
		}
		for _, a := range []axis{x, y} {
			ticks := a.ticks()
			if len(ticks) < 1 || len(ticks) > 12 || !slices.IsSorted(ticks) || ticks[0] < a.lo*(1-1e-9) || ticks[len(ticks)-1] > a.hi*(1+1e-9) {
				t.Fatalf("ticks %v from %v to %v", ticks, a.lo, a.hi)
			}
			for _, v := range ticks {
				if lead := strings.Trim(strings.TrimLeft(fmt.Sprintf("%.0e", v), "."), "0"); !strings.ContainsAny(lead[:1], "125") {
					t.Fatalf("a tick at %v", v)
				}
			}
		}
		for d := xml.NewDecoder(strings.NewReader(p.svg())); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
