package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
)

// An operator's way from SQLite to PostgreSQL, by the commands alone.
func TestFromSQLiteToPostgreSQL(t *testing.T) {
	var database pgtest.Server
	t.Cleanup(database.Stop)
	url := database.Database(t)
	data := t.TempDir()
	file := "sqlite:" + filepath.Join(data, "napalmsky.db")
	command := func(want int, wantSaid string, args ...string) {
		t.Helper()
		var out, complaint strings.Builder
		code := run(t.Context(), args, &out, &complaint)
		if said := out.String() + complaint.String(); code != want || !strings.Contains(said, wantSaid) || strings.Contains(said, "only-for-tests") {
			t.Errorf("%v: exit %d, said %q; want %d and %q", args, code, said, want, wantSaid)
		}
	}
	command(1, "no such file", "copy", "--from", file, "--to", url)
	command(0, "00001_people_and_meetings.sql", "migrate", "up", "--data", data)
	command(0, "applied", "migrate", "status", "--data", data)
	nowhere := filepath.Join(t.TempDir(), "nodata")
	command(1, "there is no database", "migrate", "status", "--data", nowhere)
	if _, err := os.Stat(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("asking for the status left something behind: %v", err)
	}
	command(2, "copy --from", "copy", "--from", file)
	command(1, "must be sqlite:PATH", "copy", "--from", file, "--to", "elsewhere")
	command(1, "must be sqlite:PATH", "copy", "--from", file, "--to", "postgres") // DATABASE_URL is not set
	command(0, "read back alike", "copy", "--from", file, "--to", url)
	t.Setenv("DATABASE_URL", url)
	command(0, "read back alike", "copy", "--from", "postgres", "--to", "sqlite:"+filepath.Join(t.TempDir(), "back.db"))
	command(0, "applied", "migrate", "status")
	cfg := config.Default()
	cfg.Database.URL = config.Secret(url)
	free, err := app.HoldDatabase(t.Context(), cfg) // as a server does
	if err != nil {
		t.Fatal(err)
	}
	command(1, postgres.ErrInUse.Error(), "migrate", "down")
	if err := free(); err != nil {
		t.Fatal(err)
	}
	command(0, "not applied", "migrate", "down")
	command(1, "schema version", "copy", "--from", "postgres", "--to", "sqlite:"+filepath.Join(t.TempDir(), "old.db"))
	command(0, "applied", "migrate")
}
