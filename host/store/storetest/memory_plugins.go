package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/napalmsky/napalmsky/host/store"
)

// plugins is what a Memory knows of plugins.
type plugins struct {
	versions    map[string]store.PluginVersion
	generations map[revision]store.PluginGeneration
	latest      map[string]int // hook → its greatest revision
	changes     map[int64]store.PluginChange
}

type revision struct {
	hook string
	rev  int
}

func newPlugins() plugins {
	return plugins{
		versions:    map[string]store.PluginVersion{},
		generations: map[revision]store.PluginGeneration{},
		latest:      map[string]int{},
		changes:     map[int64]store.PluginChange{},
	}
}

// SavePlugins implements store.Plugins.
func (m *Memory) SavePlugins(ctx context.Context, s store.PluginSave) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if err := m.plugins.add(s); err != nil {
		return fmt.Errorf("memory: save plugins: %w", err)
	}
	return nil
}

func (p *plugins) add(s store.PluginSave) error {
	if err := s.Check(); err != nil {
		return err
	}
	next := plugins{maps.Clone(p.versions), maps.Clone(p.generations), maps.Clone(p.latest), maps.Clone(p.changes)}
	for _, v := range s.Versions {
		next.versions[v.Digest] = v
	}
	for _, digest := range s.Gone {
		delete(next.versions, digest)
	}
	for _, g := range s.Generations {
		at := revision{g.Hook, g.Rev}
		if have, taken := next.generations[at]; taken && have != g {
			return fmt.Errorf("generation %v: %w", at, store.ErrConflict)
		}
		next.generations[at] = g
		next.latest[g.Hook] = max(next.latest[g.Hook], g.Rev)
	}
	for _, c := range s.Changes {
		if have, taken := next.changes[c.At]; taken && have != c {
			return fmt.Errorf("change at %d: %w", c.At, store.ErrConflict)
		}
		next.changes[c.At] = c
	}
	*p = next
	return nil
}

// PluginVersions implements store.Plugins.
func (m *Memory) PluginVersions(ctx context.Context) ([]store.PluginVersion, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.plugins.versions), func(x, y store.PluginVersion) int {
		return cmp.Or(cmp.Compare(x.LoadedAt, y.LoadedAt), cmp.Compare(x.Digest, y.Digest))
	}), nil
}

// PluginGeneration implements store.Plugins.
func (m *Memory) PluginGeneration(ctx context.Context, hook string, rev int) (store.PluginGeneration, error) {
	if err := m.enter(ctx); err != nil {
		return store.PluginGeneration{}, err
	}
	defer m.mu.Unlock()
	if rev == 0 {
		rev = m.plugins.latest[hook]
	}
	g, ok := m.plugins.generations[revision{hook, rev}]
	if !ok {
		return store.PluginGeneration{}, fmt.Errorf("memory: plugin generation: %w", store.ErrNotFound)
	}
	return g, nil
}

// PluginsServedSince implements store.Plugins.
func (m *Memory) PluginsServedSince(ctx context.Context, since int64) ([]string, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	first := map[string]int{}
	for at, g := range m.plugins.generations {
		if g.Since <= since {
			first[at.hook] = max(first[at.hook], at.rev)
		}
	}
	digests := map[string]bool{}
	for at, g := range m.plugins.generations {
		if at.rev >= first[at.hook] {
			digests[g.Digest] = true
		}
	}
	return slices.Sorted(maps.Keys(digests)), nil
}

// PluginChanges implements store.Plugins.
func (m *Memory) PluginChanges(ctx context.Context, before int64, limit int) ([]store.PluginChange, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.PluginChange
	for at, c := range m.plugins.changes {
		if before == 0 || at < before {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y store.PluginChange) int { return cmp.Compare(y.At, x.At) })
	return all[:min(len(all), max(limit, 0))], nil
}
