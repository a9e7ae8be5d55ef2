package wasm

import "sync/atomic"

// Figures are what a plugin takes up now.
type Figures struct {
	Instances int    // that live, busy or idle
	MemBytes  uint64 // of their memories
}

// Figures may be asked at any time.
func (p *Plugin) Figures() Figures {
	return Figures{Instances: int(p.gauge.instances.Load()), MemBytes: uint64(p.gauge.bytes.Load())}
}

// gauge sums over a plugin's instances, which keep it up to date themselves: a
// memory may only be looked at by who runs it.
type gauge struct{ instances, bytes atomic.Int64 }

// measured is what of a gauge is one instance's.
type measured struct {
	in    *gauge
	bytes int64
}

func (m *measured) born(in *gauge, bytes uint32) {
	m.in = in
	m.in.instances.Add(1)
	m.grown(bytes)
}

func (m *measured) grown(bytes uint32) {
	if now := int64(bytes); now != m.bytes {
		m.in.bytes.Add(now - m.bytes)
		m.bytes = now
	}
}

func (m *measured) died() {
	m.in.instances.Add(-1)
	m.grown(0)
}
