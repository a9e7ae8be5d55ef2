package app

import (
	"context"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/steward"
)

// Beyond these somebody should look.
const (
	slowMatch = 0.005 // seconds
	slowStore = 0.1   // seconds
	longQueue = 1000  // writes
)

// health is the console's first picture.
func (a *App) health(ctx context.Context) admin.Health {
	m := a.moment()
	h := admin.Health{Ready: m.ready, Reasons: a.ready.reasons(ctx), Since: a.since, Version: a.version}
	read := func(name, unit string, value, of float64, bad bool) {
		h.Readings = append(h.Readings, admin.Reading{Name: name, Unit: unit, Value: value, Of: of, Bad: bad})
	}
	read("People", "people", float64(m.lobby.People), 0, false)
	read("Calls", "", float64(m.lobby.Calls), 0, false)
	read("Sockets", "", float64(m.conn.Open), float64(a.cfg.MaxConns), m.conn.Open >= a.cfg.MaxConns*9/10)
	read("Memory", "bytes", float64(m.steward.Memory.Used), float64(m.steward.Memory.Limit), m.steward.Level > steward.Calm)
	var plugins float64
	for _, v := range m.plugins.Versions {
		for _, f := range v.Use {
			plugins += float64(f.MemBytes)
		}
	}
	read("Plugin memory", "bytes", plugins, 0, false)
	for _, g := range m.plugins.Serving {
		if f, ok := figureOf(m.plugins, g); ok && g.Hook == registry.Match {
			read("Match p99", "seconds", f.P99us/1e6, 0, f.P99us/1e6 > slowMatch)
		}
	}
	read("Quarantined", "", quarantined(m), 0, quarantined(m) > 0)
	read("Database", "seconds", m.ping, 0, m.away || m.ping > slowStore)
	if rate, asked := hitRate(m.caches); asked {
		read("Cache hits", "", rate, 1, false)
	}
	read("Writes waiting", "", float64(m.lobby.Waiting), 0, m.lobby.Waiting > longQueue)
	return h
}
