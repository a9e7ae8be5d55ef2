package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"
)

// Schema is one database's schema, and the way to change it. It is for one
// goroutine at a time.
type Schema struct{ g *goose.Provider }

// Step is one migration that ran, or that Status speaks of.
type Step struct {
	Version int64
	Name    string // the file's
	Applied bool
}

// New reads this program's migrations for a database of that dialect. The
// caller keeps and closes db.
func New(dialect goose.Dialect, db *sql.DB, opts ...goose.ProviderOption) (*Schema, error) {
	g, err := goose.NewProvider(dialect, db, FS, append(opts, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return &Schema{g}, nil
}

// ErrNewer: the database was written by a newer version of this program.
var ErrNewer = errors.New("the schema is newer than this program")

// Up runs what is missing, each migration in a transaction of its own, and
// returns what it ran. ErrNewer if there is more in the database than in here.
func (s *Schema) Up(ctx context.Context) ([]Step, error) {
	done, err := s.g.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate up: %w", err)
	}
	have, want, err := s.Versions(ctx)
	if err != nil {
		return nil, err
	}
	if have > want {
		return nil, fmt.Errorf("version %d, known here is %d: %w", have, want, ErrNewer)
	}
	return steps(done), nil
}

// UpTo is Up as far as one version: how a database of an earlier release looked.
func (s *Schema) UpTo(ctx context.Context, version int64) ([]Step, error) {
	done, err := s.g.UpTo(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("migrate up to %d: %w", version, err)
	}
	return steps(done), nil
}

// Down undoes the latest migration, and with it what it keeps. It returns
// nothing where nothing is left to undo.
func (s *Schema) Down(ctx context.Context) ([]Step, error) {
	have, want, err := s.Versions(ctx)
	if err != nil || have == 0 {
		return nil, err
	}
	if have > want {
		return nil, fmt.Errorf("version %d, known here is %d: %w", have, want, ErrNewer)
	}
	one, err := s.g.Down(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate down: %w", err)
	}
	return steps([]*goose.MigrationResult{one}), nil
}

// Versions are the database's and this program's.
func (s *Schema) Versions(ctx context.Context) (have, want int64, err error) {
	if have, want, err = s.g.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("schema version: %w", err)
	}
	return have, want, nil
}

// Status lists every migration known here.
func (s *Schema) Status(ctx context.Context) ([]Step, error) {
	all, err := s.g.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("schema status: %w", err)
	}
	list := make([]Step, len(all))
	for i, m := range all {
		list[i] = Step{m.Source.Version, m.Source.Path, m.State == goose.StateApplied}
	}
	return list, nil
}

func steps(done []*goose.MigrationResult) []Step {
	list := make([]Step, len(done))
	for i, m := range done {
		list[i] = Step{m.Source.Version, m.Source.Path, m.Direction == "up"}
	}
	return list
}
