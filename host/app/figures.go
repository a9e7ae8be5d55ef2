package app

import (
	"runtime/metrics"

	"github.com/napalmsky/napalmsky/host/store"
)

// figures are the counters and gauges an operator or the load generator reads
// from /v1/stats. Counters grow since the start; names are stable.
func (a *App) figures() map[string]any {
	e, r, h := a.engine.Stats(), a.reel.Stats(), a.hub.Stats()
	out := map[string]any{
		"lobby":   map[string]any{"people": e.People, "free": e.Free, "rings": e.Rings, "calls": e.Calls, "streams": e.Streams, "known": e.Known, "steps": e.Steps, "writes_waiting": e.Waiting},
		"reel":    map[string]any{"watchers": r.Watchers, "exposure_max": r.ExposureMax, "rescored": r.Rescored, "updates": r.Updates, "fulls": r.Fulls, "cards": r.Cards, "match_failures": r.MatchFailures},
		"conn":    map[string]any{"open": h.Open, "opened": h.Opened, "refused": h.Refused, "frames_in": h.FramesIn, "frames_out": h.FramesOut, "bytes_in": h.BytesIn, "bytes_out": h.BytesOut},
		"runtime": goRuntime(),
		"memory":  a.memory(),
	}
	s := figuresOf(a.cache.behind(a.store))
	out["store"] = map[string]any{"statements": s.Reads + s.Writes, "reads": s.Reads, "writes": s.Writes, "commits": s.Commits, "queued": s.Queued, "bytes": s.Bytes,
		"conns_max": s.Pool.Max, "conns": s.Pool.Open, "conns_idle": s.Pool.Idle, "conn_waits": s.Pool.Waits, "conn_wait_ms": s.Pool.Waited.Milliseconds()}
	if a.journal != nil {
		j := a.journal.Stats()
		out["journal"] = map[string]any{"bytes": j.Bytes, "files": j.Files, "records": j.Records, "lost": j.Lost, "stopped": j.Stopped != ""}
	}
	out["cache"] = a.cache.figures()
	out["steward"] = a.tidied.figures(a.steward.Stats())
	out["policy"] = a.policies.figures()
	out["signalling"] = a.signals.figures()
	return out
}

// goRuntime stops nobody, as runtime.ReadMemStats would.
func goRuntime() map[string]any {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(s)
	return map[string]any{
		"heap_bytes": s[0].Value.Uint64(), "from_os_bytes": s[1].Value.Uint64(), "gc": s[2].Value.Uint64(), "live_bytes": s[3].Value.Uint64(), "goroutines": s[4].Value.Uint64(),
	}
}

// figures sums what every plugin was asked.
func (p *policies) figures() map[string]any {
	t := p.plugins.Totals()
	return map[string]any{"calls": t.OK + t.Trapped + t.Invalid, "trapped": t.Trapped, "invalid": t.Invalid, "milliseconds": t.Nanos / 1e6}
}

// figuresOf is zero for a store that counts nothing, as tests have them.
func figuresOf(s store.Store) store.Stats {
	if s, ok := s.(interface{ Stats() store.Stats }); ok {
		return s.Stats()
	}
	return store.Stats{}
}
