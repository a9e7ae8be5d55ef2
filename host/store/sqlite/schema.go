package sqlite

import (
	"fmt"

	"github.com/pressly/goose/v3"

	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/transfer"
)

// OpenSchema opens the schema of the database at path, which is made if missing.
// Nobody else may have it open. The caller calls done in the end.
func OpenSchema(path string) (_ *migrations.Schema, done func() error, err error) {
	end, done, err := OpenEnd(path, true)
	if err != nil {
		return nil, nil, err
	}
	return end.Schema, done, nil
}

// OpenEnd opens the database at path as one end of a copy: as a target it is
// made if missing, as a source it is only read. The caller calls done in the end.
func OpenEnd(path string, target bool) (_ *transfer.End, done func() error, err error) {
	mode := "_query_only=1"
	if target {
		mode = "_txlock=immediate"
		if err := touch(path); err != nil {
			return nil, nil, fmt.Errorf("sqlite: %w", err)
		}
	}
	p, err := pool(path, 1, mode)
	if err != nil {
		return nil, nil, fmt.Errorf("sqlite: %w", err)
	}
	s, err := migrations.New(goose.DialectSQLite3, p)
	if err != nil {
		_ = p.Close()
		return nil, nil, err
	}
	return &transfer.End{
		DB: p, Schema: s, Bind: "?",
		// rowid: in the order they were made, so what others refer to comes first
		Tables: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid`,
	}, p.Close, nil
}
