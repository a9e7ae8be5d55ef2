package load

import (
	"fmt"
	"io"
	"strings"
)

// Memory is where the server says its resident bytes are, at the end of the
// steady part. The parts add up to about RSS; the heap's are sampled.
type Memory struct {
	RSS      float64 `json:"rss_bytes"`
	Program  float64 `json:"program_bytes"`      // the executable's pages
	Plugins  float64 `json:"plugins_bytes"`      // machine code, memories, and what their host keeps
	Code     float64 `json:"plugin_code_bytes"`  // of Plugins
	Guests   float64 `json:"plugin_guest_bytes"` // of Plugins
	Sockets  float64 `json:"sockets_bytes"`      // what is kept of them, buffers, and goroutines' stacks
	Open     float64 `json:"sockets_open"`
	State    float64 `json:"state_bytes"`      // lobby, engine and reels
	Store    float64 `json:"store_bytes"`      // SQLite's own, and its driver's part of the heap
	Other    float64 `json:"other_heap_bytes"` // HTTP, journal, caches and the rest
	Spare    float64 `json:"heap_spare_bytes"` // garbage not collected yet and what the heap keeps for later
	Runtime  float64 `json:"go_runtime_bytes"`
	Unsorted float64 `json:"unsorted_bytes"` // what the parts miss of RSS; negative where spare pages were never touched
}

// memoryOf reads it from the server's figures (see package app); nil if they
// are not there.
func memoryOf(stats map[string]float64) *Memory {
	of := func(names ...string) (sum float64) {
		for _, n := range names {
			sum += stats["memory."+n]
		}
		return sum
	}
	m := &Memory{
		RSS: of("rss"), Program: of("program"), Plugins: of("plugin_code", "plugin_guest", "heap.plugins"), Code: of("plugin_code"), Guests: of("plugin_guest"),
		Sockets: of("stacks", "heap.sockets"), Open: stats["conn.open"], State: of("heap.lobby", "heap.reel"),
		Store: of("native", "heap.store"), Other: of("heap.http", "heap.journal", "heap.cache", "heap.other"), Spare: of("heap_spare"), Runtime: of("go_other"),
	}
	if m.RSS == 0 {
		return nil
	}
	m.Unsorted = m.RSS - m.Program - m.Plugins - m.Sockets - m.State - m.Store - m.Other - m.Spare - m.Runtime
	return m
}

// write prints the parts in one line of megabytes.
func (m *Memory) write(w io.Writer) {
	var b strings.Builder
	mb := func(n float64) string { return fmt.Sprintf("%.1f", n/1e6) }
	fmt.Fprintf(&b, "memory %s MB: program %s, plugins %s (code %s, their memories %s), sockets and stacks %s", mb(m.RSS), mb(m.Program), mb(m.Plugins), mb(m.Code), mb(m.Guests), mb(m.Sockets))
	if m.Open > 0 {
		fmt.Fprintf(&b, " (%.1f KB each)", m.Sockets/m.Open/1e3)
	}
	fmt.Fprintf(&b, ", state %s, SQLite %s, other heap %s, spare heap %s, Go runtime %s, unsorted %s\n", mb(m.State), mb(m.Store), mb(m.Other), mb(m.Spare), mb(m.Runtime), mb(m.Unsorted))
	_, _ = io.WriteString(w, b.String()) // the caller's is a strings.Builder
}
