package postgres

import (
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/napalmsky/napalmsky/host/store/migrations"
)

// lockTries is how often, once a second, a start asks for the lock under which
// another one migrates.
const lockTries = 300

// OpenSchema opens the database's schema; every change of it runs under an
// advisory lock, so that programs which start together take turns. The caller
// calls done in the end.
func OpenSchema(o Options) (_ *migrations.Schema, done func() error, err error) {
	c, err := o.config()
	if err != nil {
		return nil, nil, err
	}
	// A migration may take its time, but not the locks that everyone waits behind.
	delete(c.ConnConfig.RuntimeParams, "statement_timeout")
	delete(c.ConnConfig.RuntimeParams, "idle_in_transaction_session_timeout")
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, lockTries))
	if err != nil {
		return nil, nil, fmt.Errorf("migrations: %w", err)
	}
	db := stdlib.OpenDB(*c.ConnConfig)
	s, err := migrations.New(goose.DialectPostgres, db, goose.WithSessionLocker(turns))
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return s, db.Close, nil
}
