package cache_test

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/cache"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func options() cache.Options {
	return cache.Options{Bytes: 1 << 20, Keep: 10 * time.Minute, Wait: 10 * time.Second, Now: time.Now}
}

// before puts a cache before a store until the test ends.
func before(t *testing.T, inner store.Store, change ...func(*cache.Options)) *cache.Store {
	t.Helper()
	o := options()
	for _, f := range change {
		f(&o)
	}
	s, err := cache.New(inner, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fewer has rapid try less often for a while.
func fewer(t *testing.T, checks string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	was := f.Value.String()
	t.Cleanup(func() {
		if err := f.Value.Set(was); err != nil {
			t.Error(err)
		}
	})
	if err := f.Value.Set(checks); err != nil {
		t.Fatal(err)
	}
}

// TestContract: no one can tell that there is a cache.
func TestContract(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store { return before(t, storetest.NewMemory()) })
	})
	t.Run("sqlite", func(t *testing.T) {
		if os.Getenv("NAPALMSKY_PROVE") == "" {
			fewer(t, "20") // evenings; each syncs to disk a hundred times
		}
		empty := emptyDatabase(t)
		storetest.Run(t, func(t *testing.T) store.Store {
			file := filepath.Join(t.TempDir(), "napalmsky.db")
			if err := os.WriteFile(file, empty, 0o600); err != nil {
				t.Fatal(err)
			}
			return before(t, openSQLite(t, file))
		})
	})
}

// emptyDatabase is a SQLite file with its schema, which takes longer to make than to copy.
func emptyDatabase(t *testing.T) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "napalmsky.db")
	if err := openSQLite(t, file).Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func openSQLite(t *testing.T, file string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), file, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
