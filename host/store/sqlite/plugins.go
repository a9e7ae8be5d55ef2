package sqlite

import (
	"context"
	"fmt"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

// SavePlugins implements store.Plugins.
func (s *Store) SavePlugins(ctx context.Context, save store.PluginSave) error {
	const op = "save plugins"
	if err := save.Check(); err != nil {
		return writeErr(op, err)
	}
	return writeErr(op, s.writer.do(ctx, func(ctx context.Context, q *db.Queries) error {
		for _, v := range save.Versions {
			if err := q.SavePluginVersion(ctx, db.SavePluginVersionParams(v)); err != nil {
				return err
			}
		}
		for _, g := range save.Generations {
			if err := insertGeneration(ctx, q, generationRow(g)); err != nil {
				return err
			}
		}
		for _, digest := range save.Gone {
			if err := q.DeletePluginVersion(ctx, digest); err != nil {
				return err
			}
		}
		for _, c := range save.Changes {
			if err := insertChange(ctx, q, db.PluginChange(c)); err != nil {
				return err
			}
		}
		return nil
	})[0])
}

func insertGeneration(ctx context.Context, q *db.Queries, row db.PluginGeneration) error {
	n, err := q.InsertPluginGeneration(ctx, db.InsertPluginGenerationParams(row))
	if err != nil || n == 1 {
		return err
	}
	have, err := q.PluginGeneration(ctx, db.PluginGenerationParams{Hook: row.Hook, Rev: row.Rev})
	if err == nil && have != row {
		return fmt.Errorf("revision %d of %s is another: %w", row.Rev, row.Hook, store.ErrConflict)
	}
	return err
}

func insertChange(ctx context.Context, q *db.Queries, row db.PluginChange) error {
	n, err := q.InsertPluginChange(ctx, db.InsertPluginChangeParams(row))
	if err != nil || n == 1 {
		return err
	}
	have, err := q.PluginChange(ctx, row.At)
	if err == nil && have != row {
		return fmt.Errorf("change at %d is another: %w", row.At, store.ErrConflict)
	}
	return err
}

// PluginVersions implements store.Plugins.
func (s *Store) PluginVersions(ctx context.Context) ([]store.PluginVersion, error) {
	s.stats.reads.Add(1)
	rows, err := s.q.PluginVersions(ctx)
	if err != nil {
		return nil, readErr(ctx, "plugin versions", err)
	}
	versions := make([]store.PluginVersion, len(rows))
	for i, r := range rows {
		versions[i] = store.PluginVersion(r)
	}
	return versions, nil
}

// PluginGeneration implements store.Plugins.
func (s *Store) PluginGeneration(ctx context.Context, hook string, rev int) (store.PluginGeneration, error) {
	s.stats.reads.Add(1)
	var row db.PluginGeneration
	var err error
	if rev == 0 {
		row, err = s.q.LatestPluginGeneration(ctx, hook)
	} else {
		row, err = s.q.PluginGeneration(ctx, db.PluginGenerationParams{Hook: hook, Rev: int64(rev)})
	}
	if err != nil {
		return store.PluginGeneration{}, readErr(ctx, "plugin generation", err)
	}
	return store.PluginGeneration{
		Hook: row.Hook, Rev: int(row.Rev), Digest: row.Digest, Name: row.Name, Params: row.Params,
		Paused: row.Paused != 0, Back: int(row.Back), Since: row.Since, By: row.ByWhom,
	}, nil
}

// PluginsServedSince implements store.Plugins.
func (s *Store) PluginsServedSince(ctx context.Context, since int64) ([]string, error) {
	s.stats.reads.Add(1)
	digests, err := s.q.PluginsServedSince(ctx, since)
	return digests, readErr(ctx, "plugins served since", err)
}

// PluginChanges implements store.Plugins.
func (s *Store) PluginChanges(ctx context.Context, before int64, limit int) ([]store.PluginChange, error) {
	if limit <= 0 {
		return nil, nil
	}
	if before == 0 {
		before = lobby.Forever
	}
	s.stats.reads.Add(1)
	rows, err := s.q.PluginChanges(ctx, db.PluginChangesParams{Until: before, AtMost: int64(limit)})
	if err != nil {
		return nil, readErr(ctx, "plugin changes", err)
	}
	changes := make([]store.PluginChange, len(rows))
	for i, r := range rows {
		changes[i] = store.PluginChange(r)
	}
	return changes, nil
}

func generationRow(g store.PluginGeneration) db.PluginGeneration {
	var paused int64
	if g.Paused {
		paused = 1
	}
	return db.PluginGeneration{
		Hook: g.Hook, Rev: int64(g.Rev), Digest: g.Digest, Name: g.Name, Params: g.Params,
		Paused: paused, Back: int64(g.Back), Since: g.Since, ByWhom: g.By,
	}
}
