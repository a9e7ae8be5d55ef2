package app

import (
	"runtime"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
)

// figures are the counters and gauges an operator or the load generator reads
// from /v1/stats. Counters grow since the start; names are stable.
func (a *App) figures() map[string]any {
	e, r, h := a.engine.Stats(), a.reel.Stats(), a.hub.Stats()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	out := map[string]any{
		"lobby":   map[string]any{"people": e.People, "free": e.Free, "rings": e.Rings, "calls": e.Calls, "streams": e.Streams, "steps": e.Steps, "writes_waiting": e.Waiting},
		"reel":    map[string]any{"watchers": r.Watchers, "exposure_max": r.ExposureMax, "rescored": r.Rescored, "updates": r.Updates, "fulls": r.Fulls, "cards": r.Cards, "match_failures": r.MatchFailures},
		"conn":    map[string]any{"open": h.Open, "opened": h.Opened, "refused": h.Refused, "frames_in": h.FramesIn, "frames_out": h.FramesOut, "bytes_in": h.BytesIn, "bytes_out": h.BytesOut},
		"runtime": map[string]any{"heap_bytes": m.HeapAlloc, "from_os_bytes": m.Sys, "goroutines": runtime.NumGoroutine(), "gc": m.NumGC},
	}
	if s, ok := a.store.(*sqlite.Store); ok {
		n := s.Stats()
		out["store"] = map[string]any{"statements": n.Reads + n.Writes, "reads": n.Reads, "writes": n.Writes, "commits": n.Commits, "queued": n.Queued}
	}
	out["policy"] = a.policies.figures()
	return out
}

// figures sums what every plugin was asked.
func (p *policies) figures() map[string]any {
	var calls, trapped, invalid, nanos uint64
	for _, l := range p.plugins {
		s := l.Stats()
		for _, h := range []policy.HookStats{s.Match, s.Cooldown, s.Trim} {
			calls += h.OK + h.Trapped + h.Invalid
			trapped, invalid, nanos = trapped+h.Trapped, invalid+h.Invalid, nanos+h.Nanos
		}
	}
	return map[string]any{"calls": calls, "trapped": trapped, "invalid": invalid, "milliseconds": nanos / 1e6}
}
