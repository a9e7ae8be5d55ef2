package postgres_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

// server serves all tests of this package that do not harm it.
var server pgtest.Server

func TestMain(m *testing.M) {
	crashChild()
	code := m.Run()
	server.Stop()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestContract(t *testing.T) {
	// A copy of a migrated database is made sooner than another is migrated.
	migrated := server.Database(t)
	open(t, migrated).Close()
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, server.Copy(t, migrated)) })
}

// reopening is a Store that a test may open again.
type reopening struct {
	*postgres.Store
	url string
}

func (r reopening) Reopen(t *testing.T) store.Store {
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, r.url)
}

func options(url string) postgres.Options {
	return postgres.Options{
		URL: url, MaxConns: 6,
		ConnectTimeout: 5 * time.Second, StatementTimeout: 5 * time.Second, LockTimeout: 2 * time.Second,
	}
}

func open(t testing.TB, url string) reopening {
	t.Helper()
	s, err := postgres.Open(context.Background(), options(url), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return reopening{s, url}
}
