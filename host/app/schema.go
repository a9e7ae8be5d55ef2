package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
)

// ErrNoDatabase: there is no SQLite file where the configuration says.
var ErrNoDatabase = errors.New("there is no database; a server makes one, and so does migrate up")

// LookAtSchema opens the schema of the configured database to be looked at; the
// caller calls done in the end. It makes neither folder nor file, and a server
// may be running. ErrNoDatabase.
func LookAtSchema(cfg config.Config) (_ *migrations.Schema, done func() error, err error) {
	if cfg.Database.URL != "" {
		return OpenSchema(cfg)
	}
	file := sqliteFile(cfg.Data)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s: %w", file, ErrNoDatabase)
	} else if err != nil {
		return nil, nil, err
	}
	end, done, err := sqlite.OpenEnd(file, false)
	if err != nil {
		return nil, nil, err
	}
	return end.Schema, done, nil
}
