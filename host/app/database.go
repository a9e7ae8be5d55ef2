package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
	"github.com/napalmsky/napalmsky/host/store/transfer"
)

// openStore opens what the configuration says. While a PostgreSQL is away it
// waits, until ctx ends: a port that nobody listens at is what every supervisor
// and every load balancer understands.
func openStore(ctx context.Context, cfg config.Config, o Options) (store.Store, error) {
	if o.Store != nil {
		return o.Store, nil
	}
	if cfg.Database.URL != "" {
		s, err := postgres.WaitOpen(ctx, postgresOptions(cfg.Database), o.Log)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := sqlite.Open(ctx, sqliteFile(cfg.Data), o.Log)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func sqliteFile(data string) string { return filepath.Join(data, "napalmsky.db") }

func postgresOptions(d config.Database) postgres.Options {
	return postgres.Options{
		URL: d.URL.Reveal(), MaxConns: d.MaxConns,
		ConnectTimeout: d.ConnectTimeout, StatementTimeout: d.StatementTimeout, LockTimeout: d.LockTimeout,
	}
}

// OpenSchema opens the schema of the configured database; the caller calls done
// in the end. A SQLite file must not be in use by a server.
func OpenSchema(cfg config.Config) (_ *migrations.Schema, done func() error, err error) {
	if cfg.Database.URL != "" {
		return postgres.OpenSchema(postgresOptions(cfg.Database))
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := lockFolder(cfg.Data)
	if err != nil {
		return nil, nil, err
	}
	s, shut, err := sqlite.OpenSchema(sqliteFile(cfg.Data))
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return s, func() error { return errors.Join(shut(), lock.Close()) }, nil
}

// HoldDatabase keeps servers away from the configured PostgreSQL until done is
// called, and fails with postgres.ErrInUse if one is there; SQLite's folder is
// locked with its schema.
func HoldDatabase(ctx context.Context, cfg config.Config) (done func() error, err error) {
	if cfg.Database.URL == "" {
		return func() error { return nil }, nil
	}
	return postgres.Reserve(ctx, postgresOptions(cfg.Database))
}

// CopyProgress says how far a copy is.
type CopyProgress = transfer.Progress

// CopyDatabase copies everything from one database into another, empty one; see
// transfer.Copy. Each is "sqlite:PATH", a postgres:// URL, or the word
// "postgres" for the URL in databaseURL. A SQLite file in use by a server is
// refused, and so is a PostgreSQL in use as the target.
func CopyDatabase(ctx context.Context, from, to, databaseURL string, report func(CopyProgress)) (_ []transfer.Table, err error) {
	source, closeSource, err := openEnd(ctx, from, databaseURL, false)
	if err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	defer func() { err = errors.Join(err, closeSource()) }()
	target, closeTarget, err := openEnd(ctx, to, databaseURL, true)
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	defer func() { err = errors.Join(err, closeTarget()) }()
	return transfer.Copy(ctx, source, target, report)
}

var errNoEnd = errors.New("must be sqlite:PATH, a postgres:// URL, or the word postgres for the one in DATABASE_URL")

func openEnd(ctx context.Context, name, databaseURL string, target bool) (_ *transfer.End, done func() error, err error) {
	if name == "postgres" {
		name = databaseURL
	}
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		d := config.Default().Database
		d.URL = config.Secret(name)
		return openPostgresEnd(ctx, postgresOptions(d), target)
	}
	path, is := strings.CutPrefix(name, "sqlite:")
	if !is || path == "" {
		return nil, nil, errNoEnd
	}
	if target {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	} else {
		_, err = os.Stat(path)
	}
	if err != nil {
		return nil, nil, err
	}
	lock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, nil, err
	}
	end, shut, err := sqlite.OpenEnd(path, target)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	return end, func() error { return errors.Join(shut(), lock.Close()) }, nil
}

// openPostgresEnd keeps servers away from a target until done is called.
func openPostgresEnd(ctx context.Context, o postgres.Options, target bool) (_ *transfer.End, done func() error, err error) {
	free := func() error { return nil }
	if target {
		if free, err = postgres.Reserve(ctx, o); err != nil {
			return nil, nil, err
		}
	}
	end, shut, err := postgres.OpenEnd(o)
	if err != nil {
		return nil, nil, errors.Join(err, free())
	}
	return end, func() error { return errors.Join(shut(), free()) }, nil
}
