package app_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
)

// TestTheMemorysPartsAddUp: an operator who asks where the memory is gets an
// answer that accounts for it.
func TestTheMemorysPartsAddUp(t *testing.T) {
	h := startApp(t, nil)
	c, err := bot.NewClient(h.URL(), bot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	runtime.GC() // the heap's rooms are as of a collection
	stats, err := c.Stats(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	memory, ok := stats["memory"].(map[string]any)
	if !ok {
		t.Fatalf("no memory in %v", stats)
	}
	number := func(m map[string]any, name string) float64 {
		n, ok := m[name].(float64)
		if !ok || n < 0 {
			t.Errorf("%s is %v", name, m[name])
		}
		return n
	}
	var sum float64
	for _, name := range []string{"program", "plugin_code", "stacks", "heap_spare", "go_other", "native"} {
		sum += number(memory, name)
	}
	heap, ok := memory["heap"].(map[string]any)
	if !ok {
		t.Fatalf("no heap by room in %v", memory)
	}
	for room := range heap {
		sum += number(heap, room)
	}
	if number(heap, "plugins") < 1e6 || number(memory, "plugin_guest") < 1e6 || number(memory, "plugin_code") < 1e6 {
		t.Errorf("three plugins built with Go weigh nothing: %v", memory)
	}
	if rss := number(memory, "rss"); sum < 0.6*rss || sum > 1.6*rss { // the heap's rooms are sampled, its spare pages may never have been touched
		t.Errorf("the parts are %.0f of %.0f bytes: %v", sum, rss, memory)
	}
}
