package postgres

import (
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/transfer"
)

// lockTries is how often, once a second, a start asks for the lock under which
// another one migrates.
const lockTries = 300

// OpenSchema opens the database's schema; every change of it runs under an
// advisory lock, so that programs which start together take turns. The caller
// calls done in the end.
func OpenSchema(o Options) (_ *migrations.Schema, done func() error, err error) {
	end, done, err := OpenEnd(o)
	if err != nil {
		return nil, nil, err
	}
	return end.Schema, done, nil
}

// OpenEnd opens the database as one end of a copy. The caller calls done in the end.
func OpenEnd(o Options) (_ *transfer.End, done func() error, err error) {
	c, err := o.config()
	if err != nil {
		return nil, nil, err
	}
	// A migration or a copy may take its time, but not the locks that everyone waits behind.
	delete(c.ConnConfig.RuntimeParams, "statement_timeout")
	delete(c.ConnConfig.RuntimeParams, "idle_in_transaction_session_timeout")
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, lockTries))
	if err != nil {
		return nil, nil, fmt.Errorf("migrations: %w", err)
	}
	p := stdlib.OpenDB(*c.ConnConfig)
	s, err := migrations.New(goose.DialectPostgres, p, goose.WithSessionLocker(turns))
	if err != nil {
		_ = p.Close()
		return nil, nil, err
	}
	return &transfer.End{
		DB: p, Schema: s, Bind: "$",
		// oid: in the order they were made, so what others refer to comes first
		Tables: `SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE c.relkind = 'r' AND n.nspname = current_schema() ORDER BY c.oid`,
		Snapshot: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	}, p.Close, nil
}
