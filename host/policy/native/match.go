package native

import (
	"context"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

type match struct {
	generation policy.Generation
	rows       *policy.Rows
	table      abi.MatchTable
	memory     []byte // the table's own
	capacity   int    // rows
}

func (m *match) Generation() policy.Generation { return m.generation }

func (m *match) Set(row int, p *policy.Person) {
	m.reach(row + 1)
	m.rows.Put(m.memory[row*m.rows.Size():][:m.rows.Size()], p)
}

// reach makes the table at least n rows long.
func (m *match) reach(n int) {
	if n <= m.capacity {
		return
	}
	before := m.memory
	m.capacity = policy.RoomFor(n)
	m.memory = m.table.Rows(m.capacity)
	copy(m.memory, before)
}

func (m *match) Score(ctx context.Context, now int64, viewer, first int, out []int32) error {
	return m.ask(ctx, abi.MatchTable.Score, now, viewer, first, out)
}

func (m *match) ScoreFor(ctx context.Context, now int64, candidate, first int, out []int32) error {
	return m.ask(ctx, abi.MatchTable.ScoreFor, now, candidate, first, out)
}

type direction func(t abi.MatchTable, now int64, one, first int, out []int32)

func (m *match) ask(ctx context.Context, d direction, now int64, one, first int, out []int32) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.table == nil {
		return policy.ErrClosed
	}
	if err := policy.CheckRange(one, first, len(out)); err != nil || len(out) == 0 {
		return err
	}
	defer trapped(abi.HookMatch, &err)
	m.reach(max(one+1, first+len(out)))
	d(m.table, now, one, first, out)
	policy.ExceptSelf(one, first, out)
	return nil
}

// Close makes the Match unusable; the collector takes its table.
func (m *match) Close(context.Context) error {
	m.table, m.memory, m.capacity = nil, nil, 0
	return nil
}
