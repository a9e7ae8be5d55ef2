package postgres_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

func crashChild() {
	storetest.CrashChild(func(ctx context.Context, url string) (store.Store, error) {
		return postgres.Open(ctx, options(url), slog.New(slog.DiscardHandler))
	})
}

func crashed(url string) storetest.Crashed {
	return storetest.Crashed{
		Where: url,
		Open:  func(t *testing.T) store.Store { return open(t, url) },
		Count: func(t *testing.T, query string) (n int64) { ask(t, url, query, &n); return n },
	}
}

// ask reads one row over a connection of its own.
func ask(t testing.TB, url, query string, into ...any) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(context.Background(), query).Scan(into...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestKilledAtAnyMoment(t *testing.T) {
	storetest.Crash(t, crashed(server.Database(t)))
}

func TestArchivingKilledAtAnyMoment(t *testing.T) {
	url := server.Database(t)
	storetest.CrashArchiving(t, url, func(t *testing.T) store.Store { return open(t, url) })
}

// The database dies instead, every process of it at once, and comes back, while
// the writers go on asking. What they were told is there, whole and once.
func TestTheDatabaseIsKilledAtAnyMoment(t *testing.T) {
	var mortal pgtest.Server
	t.Cleanup(mortal.Stop)
	url := mortal.Database(t)
	s := open(t, url)
	var mu sync.Mutex
	var acknowledged []int64
	enough := make(chan struct{}, 1) // some more were acknowledged since the last kill
	due := 10
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		storetest.WriteEvenings(ctx, s, 1, func(id int64) {
			mu.Lock()
			defer mu.Unlock()
			if acknowledged = append(acknowledged, id); len(acknowledged) >= due {
				select {
				case enough <- struct{}{}:
				default:
				}
			}
		})
	}()
	kills := storetest.Kills(t)
	for i := range kills {
		<-enough
		if i%4 == 3 { // most die, some are stopped
			mortal.Shutdown()
		} else {
			mortal.Kill()
		}
		mu.Lock()
		due = len(acknowledged) + 1 + i*17%40
		select {
		case <-enough:
		default:
		}
		mu.Unlock()
		mortal.Start(t)
	}
	<-enough
	cancel()
	<-done
	s.Close()
	ids := slices.Clone(acknowledged)
	crashed(url).Verify(t, ids)
	t.Logf("%d acknowledged evenings survived %d deaths of the database", len(ids), kills)
}
