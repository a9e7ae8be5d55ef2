package sqlite_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, filepath.Join(t.TempDir(), "napalmsky.db"))
	})
}

// reopening is a Store that a test may open again.
type reopening struct {
	*sqlite.Store
	path string
}

func (r reopening) Reopen(t *testing.T) store.Store {
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, r.path)
}

func open(t testing.TB, path string) reopening {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return reopening{s, path}
}
