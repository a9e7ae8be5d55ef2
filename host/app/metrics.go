package app

import (
	"context"
	"slices"
	"strconv"

	"github.com/napalmsky/napalmsky/host/admin/metrics"
	"github.com/napalmsky/napalmsky/host/cache"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/journal"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/steward"
	"github.com/napalmsky/napalmsky/host/store"
)

// moment is the picture of the server that one scrape sees.
type moment struct {
	ready   bool
	away    bool // the store
	ping    float64
	conn    conn.Stats
	lobby   engine.Stats
	reel    reel.Stats
	plugins registry.Status
	store   store.Stats
	caches  []cache.Stats
	journal journal.Stats
	steward steward.Stats
}

func (a *App) moment() moment {
	ctx := context.Background()
	m := moment{
		ready: len(a.ready.reasons(ctx)) == 0, conn: a.hub.Stats(), lobby: a.engine.Stats(), reel: a.reel.Stats(),
		plugins: a.policies.plugins.Status(), store: figuresOf(a.cache.behind(a.store)), caches: a.cache.tables(), steward: a.steward.Stats(),
	}
	took, away := a.ready.store(ctx)
	m.away, m.ping = away != nil, took.Seconds()
	if a.journal != nil {
		m.journal = a.journal.Stats()
	}
	return m
}

type metric = metrics.Metric[moment]

// Metrics is every figure of ours that Prometheus sees, for the tests that keep
// the documents to it.
var Metrics = []metric{
	gauge("napalmsky_ready", "1 when newcomers should be sent here (see /readyz)", func(m moment) float64 { return bit(m.ready) }),
	gauge("napalmsky_people", "People in the lobby, those in a call included", func(m moment) float64 { return float64(m.lobby.People) }),
	gauge("napalmsky_people_free", "Of them, neither ringing nor in a call", func(m moment) float64 { return float64(m.lobby.Free) }),
	gauge("napalmsky_rings", "Invites that ring", func(m moment) float64 { return float64(m.lobby.Rings) }),
	gauge("napalmsky_calls", "Calls that run", func(m moment) float64 { return float64(m.lobby.Calls) }),
	gauge("napalmsky_streams", "Streams kept, those that wait for their client to return included", func(m moment) float64 { return float64(m.lobby.Streams) }),
	counter("napalmsky_lobby_steps_total", "Events the lobby decided", func(m moment) float64 { return float64(m.lobby.Steps) }),

	gauge("napalmsky_connections", "Open sockets", func(m moment) float64 { return float64(m.conn.Open) }),
	gauge("napalmsky_connections_strangers", "Of them, not logged in", func(m moment) float64 { return float64(m.conn.Strangers) }),
	counter("napalmsky_connections_opened_total", "Sockets opened", func(m moment) float64 { return float64(m.conn.Opened) }),
	counter("napalmsky_connections_refused_total", "Handshakes answered with an HTTP error", func(m moment) float64 { return float64(m.conn.Refused) }),
	{Name: "napalmsky_connections_closed_total", Kind: metrics.Counter, Labels: []string{"reason"}, Help: "Sockets closed, by the server's reason (as in its bye), or peer where the client left", Read: closed},
	{Name: "napalmsky_frames_total", Kind: metrics.Counter, Labels: []string{"direction"}, Help: "WebSocket data frames, in and out", Read: func(m moment, show func(float64, ...string)) {
		show(float64(m.conn.FramesIn), "in")
		show(float64(m.conn.FramesOut), "out")
	}},
	{Name: "napalmsky_socket_bytes_total", Kind: metrics.Counter, Labels: []string{"direction"}, Help: "Bytes on WebSockets after the handshake, before TLS, in and out", Read: func(m moment, show func(float64, ...string)) {
		show(float64(m.conn.BytesIn), "in")
		show(float64(m.conn.BytesOut), "out")
	}},

	gauge("napalmsky_reel_watchers", "People whose reel is on a screen", func(m moment) float64 { return float64(m.reel.Watchers) }),
	gauge("napalmsky_reel_exposure_max", "Viewers of the most shown face", func(m moment) float64 { return float64(m.reel.ExposureMax) }),
	counter("napalmsky_reel_updates_total", "Reel updates sent", func(m moment) float64 { return float64(m.reel.Updates) }),
	counter("napalmsky_reel_cards_total", "Cards in those updates", func(m moment) float64 { return float64(m.reel.Cards) }),
	counter("napalmsky_reel_rescored_total", "Lists ranked afresh", func(m moment) float64 { return float64(m.reel.Rescored) }),
	counter("napalmsky_reel_match_failures_total", "Match calls that failed", func(m moment) float64 { return float64(m.reel.MatchFailures) }),

	{Name: "napalmsky_plugin_calls_total", Kind: metrics.Counter, Labels: []string{"hook", "outcome"}, Help: "Calls since the start, by hook and outcome: ok, trapped, out_of_fuel, invalid", Read: pluginCalls},
	byHook("napalmsky_plugin_fuel_units_total", metrics.Counter, "Fuel spent, in units of about a nanosecond's work", func(f registry.HookFigure) float64 { return float64(f.Fuel) }),
	byHook("napalmsky_plugin_memory_bytes", metrics.Gauge, "Memory of the instances", func(f registry.HookFigure) float64 { return float64(f.MemBytes) }),
	byHook("napalmsky_plugin_instances", metrics.Gauge, "Instances, busy or idle", func(f registry.HookFigure) float64 { return float64(f.Instances) }),
	{Name: "napalmsky_plugin_call_p99_seconds", Kind: metrics.Gauge, Labels: []string{"hook"}, Help: "The 99th percentile of a call's time since the serving version was loaded, at most 25 % too high", Read: pluginP99},
	{Name: "napalmsky_plugin_revision", Kind: metrics.Gauge, Labels: []string{"hook"}, Help: "The serving generation's revision; it grows at every swap", Read: func(m moment, show func(float64, ...string)) {
		for _, g := range m.plugins.Serving {
			show(float64(g.Rev), string(g.Hook))
		}
	}},
	gauge("napalmsky_plugin_quarantined", "Versions taken out of service for failing", quarantined),

	gauge("napalmsky_store_up", "1 while the database answers and is this server's to write to", func(m moment) float64 { return bit(!m.away) }),
	gauge("napalmsky_store_ping_seconds", "How long its last answer took", func(m moment) float64 { return m.ping }),
	{Name: "napalmsky_store_statements_total", Kind: metrics.Counter, Labels: []string{"kind"}, Help: "Statements, read and write", Read: func(m moment, show func(float64, ...string)) {
		show(float64(m.store.Reads), "read")
		show(float64(m.store.Writes), "write")
	}},
	counter("napalmsky_store_commits_total", "Transactions those writes shared", func(m moment) float64 { return float64(m.store.Commits) }),
	gauge("napalmsky_store_queue", "Writes that wait for the database", func(m moment) float64 { return float64(m.lobby.Waiting) }),
	{Name: "napalmsky_store_connections", Kind: metrics.Gauge, Labels: []string{"state"}, Help: "Connections to PostgreSQL, busy and idle; at most database.max_conns. None with SQLite", Read: func(m moment, show func(float64, ...string)) {
		show(float64(m.store.Pool.Open-m.store.Pool.Idle), "busy")
		show(float64(m.store.Pool.Idle), "idle")
	}},
	counter("napalmsky_store_connection_wait_seconds_total", "How long statements waited for a connection to PostgreSQL, in all", func(m moment) float64 { return m.store.Pool.Waited.Seconds() }),

	ofCaches("napalmsky_cache_hits_total", metrics.Counter, "Look-ups answered from memory, by table: people, sessions, bars, cards", func(s cache.Stats) float64 { return float64(s.Hits) }),
	ofCaches("napalmsky_cache_misses_total", metrics.Counter, "Look-ups that were not", func(s cache.Stats) float64 { return float64(s.Misses) }),
	ofCaches("napalmsky_cache_failures_total", metrics.Counter, "Of those, the ones that failed at the database", func(s cache.Stats) float64 { return float64(s.Failures) }),
	ofCaches("napalmsky_cache_evictions_total", metrics.Counter, "Entries that made room", func(s cache.Stats) float64 { return float64(s.Evictions) }),
	ofCaches("napalmsky_cache_dropped_total", metrics.Counter, "Entries not taken in: the cache was full of better ones, or busy", func(s cache.Stats) float64 { return float64(s.Dropped) }),
	ofCaches("napalmsky_cache_bytes", metrics.Gauge, "What the entries weigh", func(s cache.Stats) float64 { return float64(s.Bytes) }),
	ofCaches("napalmsky_cache_max_bytes", metrics.Gauge, "The most they may weigh now", func(s cache.Stats) float64 { return float64(s.Max) }),

	gauge("napalmsky_memory_used_bytes", "Memory of the process that could only be swapped out", func(m moment) float64 { return float64(m.steward.Memory.Used) }),
	gauge("napalmsky_memory_limit_bytes", "What it may use; 0: nothing says", func(m moment) float64 { return float64(m.steward.Memory.Limit) }),
	gauge("napalmsky_memory_pressure", "0 calm, 1 warning, 2 critical: things are shed", func(m moment) float64 { return float64(m.steward.Level) }),
	gauge("napalmsky_memory_shed", "How many of the things that can be shed are", func(m moment) float64 { return float64(len(m.steward.Shed)) }),
	counter("napalmsky_memory_sheds_total", "Times that something was shed", func(m moment) float64 { return float64(m.steward.Sheds) }),
	{Name: "napalmsky_chores_gone_total", Kind: metrics.Counter, Labels: []string{"chore"}, Help: "What was tidied away, by chore", Read: func(m moment, show func(float64, ...string)) {
		for chore, n := range m.steward.Gone {
			show(float64(n), chore)
		}
	}},
	{Name: "napalmsky_chores_failed_total", Kind: metrics.Counter, Labels: []string{"chore"}, Help: "Rounds that a chore was left for the next one, by chore", Read: func(m moment, show func(float64, ...string)) {
		for chore, n := range m.steward.Failed {
			show(float64(n), chore)
		}
	}},

	gauge("napalmsky_journal_bytes", "Size of the present journal", func(m moment) float64 { return float64(m.journal.Bytes) }),
	counter("napalmsky_journal_lost_total", "Records lost for want of room", func(m moment) float64 { return float64(m.journal.Lost) }),
	counter("napalmsky_journal_files_total", "Journals begun by this start", func(m moment) float64 { return float64(m.journal.Files) }),
	gauge("napalmsky_journal_stopped", "1 while the journal cannot be written", func(m moment) float64 { return bit(m.journal.Stopped != "") }),
}

func gauge(name, help string, value func(moment) float64) metric {
	return metric{Name: name, Kind: metrics.Gauge, Help: help, Read: metrics.One(value)}
}

func counter(name, help string, value func(moment) float64) metric {
	return metric{Name: name, Kind: metrics.Counter, Help: help, Read: metrics.One(value)}
}

// uses is what all versions did. The ones before and those deleted by now count
// too, so that a counter does not fall.
func uses(s registry.Status) []registry.HookFigure {
	all := slices.Clone(s.Past)
	for _, v := range s.Versions {
		all = append(all, v.Use...)
	}
	return all
}

// byHook sums a figure over all versions.
func byHook(name string, kind metrics.Kind, help string, value func(registry.HookFigure) float64) metric {
	return metric{Name: name, Kind: kind, Labels: []string{"hook"}, Help: help, Read: func(m moment, show func(float64, ...string)) {
		sums := map[registry.Hook]float64{}
		for _, f := range uses(m.plugins) {
			sums[f.Hook] += value(f)
		}
		for _, hook := range registry.Hooks {
			show(sums[hook], string(hook))
		}
	}}
}

func pluginCalls(m moment, show func(float64, ...string)) {
	sums := map[registry.Hook]registry.HookFigure{}
	for _, f := range uses(m.plugins) {
		sum := sums[f.Hook]
		sum.Calls, sum.Trapped, sum.Exhausted, sum.Invalid = sum.Calls+f.Calls, sum.Trapped+f.Trapped, sum.Exhausted+f.Exhausted, sum.Invalid+f.Invalid
		sums[f.Hook] = sum
	}
	for _, hook := range registry.Hooks {
		f := sums[hook]
		show(float64(f.Calls-f.Trapped-f.Invalid), string(hook), "ok")
		show(float64(f.Trapped-f.Exhausted), string(hook), "trapped")
		show(float64(f.Exhausted), string(hook), "out_of_fuel")
		show(float64(f.Invalid), string(hook), "invalid")
	}
}

func pluginP99(m moment, show func(float64, ...string)) {
	for _, g := range m.plugins.Serving {
		if f, ok := figureOf(m.plugins, g); ok {
			show(f.P99us/1e6, string(g.Hook))
		}
	}
}

// figureOf finds what the serving version did for its hook.
func figureOf(s registry.Status, g registry.Generation) (registry.HookFigure, bool) {
	for _, v := range s.Versions {
		for _, f := range v.Use {
			if v.Digest == g.Digest && f.Hook == g.Hook {
				return f, true
			}
		}
	}
	return registry.HookFigure{}, false
}

func quarantined(m moment) float64 {
	n := 0
	for _, v := range m.plugins.Versions {
		if v.State == registry.Quarantined {
			n++
		}
	}
	return float64(n)
}

// closed keeps the label's values few: a client may send any code, which has no name.
func closed(m moment, show func(float64, ...string)) {
	peers := uint64(0)
	for code, n := range m.conn.Closed {
		if name := code.String(); name == strconv.Itoa(int(code)) {
			peers += n
		} else {
			show(float64(n), name)
		}
	}
	show(float64(peers), "peer")
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
