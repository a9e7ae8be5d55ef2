package sqlite_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func TestMain(m *testing.M) {
	storetest.CrashChild(func(ctx context.Context, path string) (store.Store, error) {
		return sqlite.Open(ctx, path, slog.New(slog.DiscardHandler))
	})
	goleak.VerifyTestMain(m)
}

func TestKilledAtAnyMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "napalmsky.db")
	storetest.Crash(t, storetest.Crashed{
		Where: path,
		Open:  func(t *testing.T) store.Store { return open(t, path) },
		Count: func(t *testing.T, query string) (n int64) {
			raw, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if err := raw.QueryRow(query).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		},
		Else: map[string]string{"damage": `SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`},
	})
}

func TestArchivingKilledAtAnyMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "napalmsky.db")
	storetest.CrashArchiving(t, path, func(t *testing.T) store.Store { return open(t, path) })
}
