package load

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestLookUpsOfTheSteadyPart: what the server counted before does not count.
func TestLookUpsOfTheSteadyPart(t *testing.T) {
	at := time.Now()
	from := mark{at: at, stats: map[string]float64{"store.statements": 100, "store.reads": 90, "cache.hits": 0, "cache.misses": 80, "lobby.steps": 50}}
	until := mark{at: at.Add(2 * time.Minute), stats: map[string]float64{"store.statements": 140, "store.reads": 100, "cache.hits": 95, "cache.misses": 85, "lobby.steps": 1950}}
	var r Report
	(&gauge{}).rates(&r, from, until)
	for name, figure := range map[string]struct {
		got  *float64
		want float64
	}{
		"statements/min": {r.Server.Statements, 20}, "reads/min": {r.Server.Reads, 5},
		"hit rate": {r.Server.CacheHits, 0.95}, "without SQL": {r.Server.WithoutSQL, 0.995},
	} {
		if figure.got == nil || math.Abs(*figure.got-figure.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, figure.got, figure.want)
		}
	}
	var b strings.Builder
	if err := r.WriteTable(&b); err != nil || !strings.Contains(b.String(), "| 20 | 5 | 95.0 | 99.50 |") {
		t.Errorf("%v\n%s", err, b.String())
	}
	r = Report{}
	(&gauge{}).rates(&r, mark{at: at}, mark{at: at.Add(time.Minute)})
	if r.Server.Reads != nil || r.Server.CacheHits != nil || r.Server.WithoutSQL != nil {
		t.Errorf("a server that tells nothing has figures: %+v", r.Server)
	}
}
