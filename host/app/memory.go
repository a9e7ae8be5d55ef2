package app

import (
	"os"
	"runtime/metrics"
)

// memory says where the process's resident bytes are. What cannot be learned on
// this system is left out. Groups that add up to about rss:
//
//	program       the executable's and libraries' pages
//	plugin_code   machine code made from plugins
//	stacks        goroutines': pollers, workers, and one reads each socket over TLS
//	heap          live at the last collection, by room (see heapByRoom)
//	heap_spare    garbage not collected yet and what the heap keeps for later
//	go_other      the Go runtime's own
//	plugin_guest  the memories that the plugins themselves see
//	native        else outside Go's memory: SQLite's pages and caches
func (a *App) memory() map[string]any {
	read := func(names ...string) (sum int64) {
		samples := make([]metrics.Sample, len(names))
		for i, name := range names {
			samples[i].Name = "/memory/classes/" + name + ":bytes"
		}
		metrics.Read(samples)
		for _, s := range samples {
			if s.Value.Kind() == metrics.KindUint64 {
				sum += int64(s.Value.Uint64())
			}
		}
		return sum
	}
	rooms := heapByRoom()
	var live int64
	for _, n := range rooms {
		live += n
	}
	heap := read("heap/objects", "heap/unused", "heap/free")
	stacks := read("heap/stacks", "os-stacks")
	ours := read("total") - read("heap/released")
	guests := int64(a.policies.guestBytes())
	out := map[string]any{
		"heap": rooms, "heap_spare": max(0, heap-live), "stacks": stacks, "go_other": ours - heap - stacks,
		"plugin_guest": guests,
	}
	if table, err := os.ReadFile("/proc/self/smaps"); err == nil { // elsewhere than on Linux there is none
		m := sortMappings(string(table))
		out["rss"], out["program"], out["plugin_code"] = m.program+m.code+m.data, m.program, m.code
		out["native"] = max(0, m.data-ours-guests)
	}
	return out
}

// guestBytes sums the memories of all plugins' instances.
func (p *policies) guestBytes() (n uint64) {
	for _, v := range p.plugins.Status().Versions {
		for _, u := range v.Use {
			n += u.MemBytes
		}
	}
	return n
}
