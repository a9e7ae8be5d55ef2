package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Match starts an instance with a table of its own; an error if the plugin has
// no matching rule. The caller closes it before the Plugin.
func (p *Plugin) Match(ctx context.Context) (policy.Match, error) {
	if err := errors.Join(p.serves(abi.HookMatch), ctx.Err()); err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, fmt.Errorf("wasm: match: %w", policy.ErrClosed)
	}
	p.matches++
	p.mu.Unlock()
	m := &match{plugin: p, rows: policy.NewRows(p.manifest.Rows)}
	var err error
	if m.in, err = p.newInstance(); err != nil {
		return nil, errors.Join(fmt.Errorf("wasm: match: %w", err), m.Close(ctx))
	}
	return m, nil
}

// match keeps every row twice: in the host, whose truth it is, and in the
// plugin's memory, whence a fresh instance after a trap can be filled again.
type match struct {
	plugin *Plugin
	rows   *policy.Rows
	mirror []byte
	in     *instance // nil after a trap
	table  uint32    // where the plugin keeps its rows
	room   int       // rows it has there
	closed bool
}

func (m *match) Generation() policy.Generation { return m.plugin.generation }

func (m *match) Set(row int, p *policy.Person) {
	m.reach(row + 1)
	size := m.rows.Size()
	bytes := m.mirror[row*size:][:size]
	m.rows.Put(bytes, p)
	if m.in != nil && row < m.room {
		m.in.memory.Write(m.table+uint32(row*size), bytes) // checked when the table was made; memory never shrinks
	}
}

// reach makes the mirror at least n rows long; the plugin's table follows at
// the next question.
func (m *match) reach(n int) {
	if size := m.rows.Size(); n*size > len(m.mirror) {
		longer := make([]byte, policy.RoomFor(n)*size)
		copy(longer, m.mirror)
		m.mirror = longer
	}
}

func (m *match) Score(ctx context.Context, now int64, viewer, first int, out []int32) error {
	return m.ask(ctx, (*instance).scoreFunction, now, viewer, first, out)
}

func (m *match) ScoreFor(ctx context.Context, now int64, candidate, first int, out []int32) error {
	return m.ask(ctx, (*instance).scoreForFunction, now, candidate, first, out)
}

func (in *instance) scoreFunction() api.Function    { return in.score }
func (in *instance) scoreForFunction() api.Function { return in.scoreFor }

func (m *match) ask(ctx context.Context, which func(*instance) api.Function, now int64, one, first int, out []int32) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.closed {
		return fmt.Errorf("wasm: match: %w", policy.ErrClosed)
	}
	if err := policy.CheckRange(one, first, len(out)); err != nil || len(out) == 0 {
		return err
	}
	clock := m.plugin.options.Now
	began := clock()
	m.reach(max(one+1, first+len(out)))
	used := m.used()
	err := m.fill()
	for at := 0; at < len(out) && err == nil; at += rowsAtOnce {
		err = m.score(which(m.in), now, one, first+at, out[at:min(at+rowsAtOnce, len(out))])
	}
	if err == nil {
		err = m.in.relax()
	}
	m.plugin.counts.match.add(clock().Sub(began), m.used()-used, err)
	if err != nil {
		m.discard()
		return fmt.Errorf("wasm: match: %w", err)
	}
	policy.ExceptSelf(one, first, out)
	return nil
}

// fill sees to a live instance whose table is as long as the mirror, and equal to it.
func (m *match) fill() (err error) {
	if m.in == nil {
		if m.in, err = m.plugin.newInstance(); err != nil {
			return err
		}
	}
	want := len(m.mirror) / m.rows.Size()
	if m.room >= want {
		return nil
	}
	table, err := m.in.call(m.in.fuel.Setup, m.in.rows, uint64(want))
	if err != nil {
		return err
	}
	if err := m.in.write(uint32(table), m.mirror); err != nil {
		return err
	}
	m.table, m.room = uint32(table), want
	return nil
}

func (m *match) score(f api.Function, now int64, one, first int, out []int32) error {
	in := m.in
	fuel := in.fuel.Match + in.fuel.Row*int64(len(out))
	if _, err := in.call(fuel, f, uint64(now), uint64(one), uint64(first), uint64(len(out)), uint64(in.out)); err != nil {
		return err
	}
	answer, ok := in.memory.Read(in.out, uint32(4*len(out)))
	if !ok {
		return fmt.Errorf("%w: its answer is outside its memory", policy.ErrInvalid)
	}
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32(answer[4*i:]))
	}
	return nil
}

// used is what the instance has used so far; a new one starts at nothing.
func (m *match) used() int64 {
	if m.in == nil {
		return 0
	}
	return m.in.used
}

// discard throws the instance away; the next question starts another.
func (m *match) discard() {
	if m.in != nil {
		m.in.close()
	}
	m.in, m.table, m.room = nil, 0, 0
}

func (m *match) Close(context.Context) error {
	if m.closed {
		return nil
	}
	m.discard()
	m.closed, m.mirror = true, nil
	m.plugin.mu.Lock()
	m.plugin.matches--
	m.plugin.mu.Unlock()
	return nil
}
