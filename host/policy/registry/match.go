package registry

import (
	"context"
	"fmt"
	"sync"

	"github.com/napalmsky/napalmsky/host/policy"
)

// Match opens a table of the generation that serves the hook match. The table
// holds that version open until it is closed, however often others are loaded.
func (r *Registry) Match(ctx context.Context) (policy.Match, error) {
	v, err := r.slots[Match].lease()
	if err != nil {
		return nil, fmt.Errorf("registry: match: %w", err)
	}
	began := r.deps.Now()
	m, err := v.by.plugin.Match(ctx)
	if err != nil {
		r.saw(v, began, err)
		v.by.release()
		return nil, err
	}
	return &match{Match: m, registry: r, serving: v, release: sync.OnceFunc(v.by.release)}, nil
}

// MatchStale tells that Match would answer another generation than held.
func (r *Registry) MatchStale(held policy.Generation) bool {
	v := r.slots[Match].now.Load()
	return v != nil && v.id != held
}

// match is a table with a lease on its version. What it fails at counts.
type match struct {
	policy.Match
	registry *Registry
	serving  *serving
	release  func()
}

func (m *match) Generation() policy.Generation { return m.serving.id }

func (m *match) Score(ctx context.Context, now int64, viewer, first int, out []int32) error {
	began := m.registry.deps.Now()
	err := m.Match.Score(ctx, now, viewer, first, out)
	m.registry.saw(m.serving, began, err)
	return err
}

func (m *match) ScoreFor(ctx context.Context, now int64, candidate, first int, out []int32) error {
	began := m.registry.deps.Now()
	err := m.Match.ScoreFor(ctx, now, candidate, first, out)
	m.registry.saw(m.serving, began, err)
	return err
}

func (m *match) Close(ctx context.Context) error {
	defer m.release()
	return m.Match.Close(ctx)
}
