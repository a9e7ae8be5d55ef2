package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
)

// reads asks a server how many read statements it sent and what its caches answered.
func reads(t *testing.T, url string) (statements, hits float64) {
	t.Helper()
	c, err := bot.NewClient(url, bot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stats, err := c.Stats(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	of := func(room, name string) float64 {
		m, _ := stats[room].(map[string]any)
		n, ok := m[name].(float64)
		if !ok {
			t.Fatalf("no %s.%s in %v", room, name, stats)
		}
		return n
	}
	return of("store", "reads"), of("cache", "hits")
}

// TestSessionsAreNotReadAgain: requests of the same person look their session up
// in memory; what they ask for is read.
func TestSessionsAreNotReadAgain(t *testing.T) {
	const times, each = 10, 3 // statements of a history itself
	for _, bytes := range []config.Size{16 << 20, 0} {
		t.Run(fmt.Sprint(bytes), func(t *testing.T) {
			a := startApp(t, func(c *config.Config) { c.Cache.Bytes = bytes })
			ctx := within(t, 30*time.Second)
			p := join(t, ctx, a.URL(), "ann")
			before, hits := reads(t, a.URL())
			for range times {
				if _, err := p.History(ctx); err != nil {
					t.Fatal(err)
				}
			}
			after, now := reads(t, a.URL())
			if bytes == 0 {
				if after-before != times*(each+1) || now != 0 {
					t.Errorf("without a cache %v reads and %v hits", after-before, now)
				}
				return
			}
			if after-before > times*each+2 || now-hits < times-2 { // what is kept may take a moment to be found
				t.Errorf("%v reads and %v hits for %d requests", after-before, now-hits, times)
			}
			text := scrape(t, a.URL()+"/metrics")
			for _, table := range []string{"people", "sessions", "bars", "cards"} {
				if !strings.Contains(text, `napalmsky_cache_bytes{table="`+table+`"}`) {
					t.Errorf("no figures of %s", table)
				}
			}
		})
	}
}
