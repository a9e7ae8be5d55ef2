package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres"
)

// next waits for a database in the background.
func next(t *testing.T, o postgres.Options) (log *lines, opened chan *postgres.Store) {
	t.Helper()
	log, opened = &lines{}, make(chan *postgres.Store, 1)
	go func() {
		s, err := postgres.WaitOpen(t.Context(), o, slog.New(slog.NewTextHandler(log, nil)))
		if err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
		opened <- s
	}()
	return log, opened
}

// TestOneServerPerDatabase: the second says so and waits, and takes over as soon
// as the first lets go.
func TestOneServerPerDatabase(t *testing.T) {
	o := options(server.Database(t))
	o.LockTimeout = 300 * time.Millisecond
	first := open(t, o.URL)
	if _, err := postgres.Open(t.Context(), o, slog.New(slog.DiscardHandler)); !errors.Is(err, postgres.ErrInUse) {
		t.Fatalf("a second server: %v", err)
	}
	log, opened := next(t, o)
	log.await(t, "another server is using this database")

	// Neither a migration nor a look at it has to wait.
	schema, done, err := postgres.OpenSchema(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := schema.Up(t.Context()); err != nil {
		t.Error(err)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(first.Commit(t.Context(), []lobby.Write{cooldown})[0], first.Close()); err != nil {
		t.Fatal(err)
	}
	second := <-opened
	defer second.Close()
	if bars, err := second.Bars(t.Context(), 1, 0); err != nil || len(bars) != 1 {
		t.Errorf("%+v %v", bars, err)
	}
	if err := second.Commit(t.Context(), []lobby.Write{cooldown})[0]; err != nil {
		t.Error(err)
	}
	if said := log.text(); strings.Contains(said, "may come back") || strings.Count(said, "level=WARN") != 1 {
		t.Errorf("it said %s", said)
	}
}

// TestADatabaseThatRestartsStaysWithItsServer, though another one waits for it.
func TestADatabaseThatRestartsStaysWithItsServer(t *testing.T) {
	mortal, s, o := fragile(t)
	log, opened := next(t, o)
	log.await(t, "another server is using this database")
	for range 2 {
		mortal.Shutdown()
		mortal.Start(t)
		back(t, s)
	}
	select {
	case <-opened:
		t.Fatal("the one who waits took over")
	default:
	}
	if err := s.SignUp(t.Context(), store.Person{ID: 9, Version: 1}, store.Session{TokenHash: "9", Person: 9}); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if second := <-opened; second != nil {
		second.Close()
	}
}

// TestAServerThatDiedIsReplaced by the one that waits, a little later than one
// that let go.
func TestAServerThatDiedIsReplaced(t *testing.T) {
	url := server.Database(t)
	open(t, url).Close()
	dying, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer dying.Close(context.Background())
	for _, query := range []string{`SELECT pg_advisory_lock(7953761980646257515)`, `UPDATE claim SET epoch = 5`} {
		if _, err := dying.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	log, opened := next(t, options(url))
	log.await(t, "another server is using this database")
	if err := dying.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	log.await(t, "may come back")
	if second := <-opened; second != nil {
		second.Close()
	}
}

// cut ends the connection that has the claim.
func cut(t *testing.T, url string) {
	t.Helper()
	var ended bool
	ask(t, url, `SELECT bool_and(pg_terminate_backend(l.pid)) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
		WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND d.datname = current_database()`, &ended)
	if !ended {
		t.Fatal("nobody has the claim")
	}
}

// TestABrokenClaimIsTakenAgain by itself: nobody needs to write for it.
func TestABrokenClaimIsTakenAgain(t *testing.T) {
	url := server.Database(t)
	s := open(t, url)
	for range 2 {
		cut(t, url)
		held := 0
		for deadline := time.Now().Add(20 * time.Second); held == 0; {
			if ask(t, url, `SELECT COUNT(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
				WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()`, &held); time.Now().After(deadline) {
				t.Fatal("nobody has the claim any more")
			}
		}
		back(t, s)
	}
}

// TestWhoIsSupersededWritesNothing: another server had the database in between,
// and has read what this one would write over. There is no going back.
func TestWhoIsSupersededWritesNothing(t *testing.T) {
	url := server.Database(t)
	s := open(t, url)
	if err := s.Commit(t.Context(), []lobby.Write{cooldown})[0]; err != nil {
		t.Fatal(err)
	}
	other, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	got := make(chan error, 1)
	go func() { // in the queue for the lock: it has it the moment the session ends
		_, err := other.Exec(t.Context(), `SELECT pg_advisory_lock(7953761980646257515)`)
		got <- err
	}()
	for waiting := 0; waiting == 0; {
		ask(t, url, `SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`, &waiting)
	}
	cut(t, url)
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	block := []lobby.Write{lobby.BlockSet{By: 7, Of: 8, At: 1}}
	if err := s.Commit(t.Context(), block)[0]; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("while another has the lock: %v", err)
	}
	if _, err := other.Exec(t.Context(), `UPDATE claim SET epoch = 5`); err != nil {
		t.Fatal(err)
	}
	superseded := func(when string) {
		t.Helper()
		limit := time.Now().Add(20 * time.Second)
		for err := s.Ping(t.Context()); !errors.Is(err, store.ErrSuperseded); err = s.Ping(t.Context()) {
			if time.Now().After(limit) {
				t.Fatalf("%s: ping answers %v", when, err)
			}
		}
		if err := s.Commit(t.Context(), block)[0]; !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", when, err)
		}
		if err := s.SignUp(t.Context(), store.Person{ID: 9, Version: 1}, store.Session{TokenHash: "9", Person: 9}); !errors.Is(err, store.ErrSuperseded) {
			t.Errorf("%s: signing up: %v", when, err)
		}
		if bars, err := s.Bars(t.Context(), 1, 0); err != nil || len(bars) != 1 {
			t.Errorf("%s: reading: %+v %v", when, bars, err)
		}
	}
	superseded("another has it")
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	superseded("the other is gone")
	var n int
	if ask(t, url, `SELECT (SELECT COUNT(*) FROM blocks) + (SELECT COUNT(*) FROM people)`, &n); n != 0 {
		t.Errorf("%d rows were written", n)
	}
	var epoch int
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if ask(t, url, `SELECT epoch FROM claim`, &epoch); epoch != 5 {
		t.Errorf("it let go of what was another's: %d", epoch)
	}
}

// TestACopyKeepsServersAway from its target, and is kept away by one.
func TestACopyKeepsServersAway(t *testing.T) {
	o := options(server.Database(t))
	o.LockTimeout = 300 * time.Millisecond
	done, err := postgres.Reserve(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Open(t.Context(), o, slog.New(slog.DiscardHandler)); !errors.Is(err, postgres.ErrInUse) {
		t.Errorf("a server beside a copy: %v", err)
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	s := open(t, o.URL)
	if _, err := postgres.Reserve(t.Context(), o); !errors.Is(err, postgres.ErrInUse) {
		t.Errorf("a copy beside a server: %v", err)
	}
	s.Close()
	if done, err = postgres.Reserve(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}
