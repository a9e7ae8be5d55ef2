package cache_test

import (
	"log/slog"
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

// TestContract: no one can tell that there is a cache.
func TestContract(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store { return before(t, storetest.NewMemory()) })
	})
	t.Run("sqlite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store {
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "napalmsky.db"), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			return before(t, s)
		})
	})
}
