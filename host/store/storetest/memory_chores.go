package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Sweep implements store.Chores.
func (m *Memory) Sweep(ctx context.Context, now, forget int64, limit int) (store.Swept, error) {
	var swept store.Swept
	if err := m.enter(ctx); err != nil {
		return swept, err
	}
	defer m.mu.Unlock()
	for hash, s := range m.sessions {
		if s.ExpiresAt <= now && swept.Sessions < limit {
			delete(m.sessions, hash)
			swept.Sessions++
		}
	}
	for pair, c := range m.cooldowns {
		if c.Until <= now && (c.met == 0 || c.Until <= forget) && swept.Cooldowns < limit {
			delete(m.cooldowns, pair)
			swept.Cooldowns++
		}
	}
	for hash, d := range m.departed {
		if d.Until <= now {
			delete(m.departed, hash)
			swept.Departed++
		}
	}
	return swept, nil
}

// ArchiveCalls implements store.Chores: nothing shows which calls are archived
// but that they are not archived again.
func (m *Memory) ArchiveCalls(ctx context.Context, before int64, limit int) (int, error) {
	if err := m.enter(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	var old []call
	for _, c := range m.calls {
		if c.StartedAt < before && c.end.EndedAt > 0 && !m.archived[c.Call] {
			old = append(old, c)
		}
	}
	slices.SortFunc(old, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.StartedAt, b.StartedAt), cmp.Compare(a.Call, b.Call))
	})
	old = old[:min(len(old), limit)]
	for _, c := range old {
		m.archived[c.Call] = true
	}
	return len(old), nil
}

// archive is which calls are archived.
type archive map[lobby.CallID]bool
