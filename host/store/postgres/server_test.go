package postgres_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

// run executes one statement over a connection of its own.
func run(t testing.TB, url, query string) {
	t.Helper()
	c, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(context.Background(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// A batch is answered as if its writes had come one by one, however they touch
// each other.
func TestABatchIsAsOneByOne(t *testing.T) {
	s := open(t, server.Database(t))
	base := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		base += 1000
		model := storetest.NewMemory()
		id := func(label string) int64 { return base + rapid.Int64Range(1, 3).Draw(rt, label) }
		when := func(label string) int64 { return rapid.Int64Range(1, 5).Draw(rt, label) }
		writes := make([]lobby.Write, rapid.IntRange(1, 60).Draw(rt, "writes"))
		for i := range writes {
			a, b, call := lobby.PersonID(id("a")), lobby.PersonID(id("b")), lobby.CallID(id("call"))
			switch rapid.IntRange(0, 4).Draw(rt, "kind") {
			case 0:
				writes[i] = lobby.CallStart{Call: call, A: a, B: b, Seconds: 60, StartedAt: when("at"), CooldownUntil: when("until")}
			case 1:
				reason := rapid.SampledFrom([]string{"clock", store.ReasonVoid}).Draw(rt, "reason")
				writes[i] = lobby.CallEnd{Call: call, A: a, B: b, EndedAt: when("at"), Reason: reason}
			case 2:
				writes[i] = lobby.CooldownSet{Pair: lobby.Pair{A: a, B: b}, Call: call, SetAt: when("at"), Until: when("until"), Reason: "declined"}
			case 3:
				writes[i] = lobby.BlockSet{By: a, Of: b, At: when("at")}
			default:
				writes[i] = lobby.ReportFiled{By: a, Of: b, At: when("at"), Reason: "rude"}
			}
		}
		got := s.Commit(context.Background(), writes)
		for i, w := range writes {
			want := model.Commit(context.Background(), []lobby.Write{w})[0]
			for _, word := range []error{store.ErrConflict, store.ErrNotFound} {
				if errors.Is(got[i], word) != errors.Is(want, word) || (got[i] == nil) != (want == nil) {
					rt.Fatalf("write %d %+v: %v, want %v", i, w, got[i], want)
				}
			}
		}
		for p := base + 1; p <= base+3; p++ {
			have, err := s.Bars(context.Background(), lobby.PersonID(p), 2)
			want, _ := model.Bars(context.Background(), lobby.PersonID(p), 2)
			if err != nil || !sameBars(have, want) {
				rt.Fatalf("bars of %d: %+v, want %+v (%v)", p, have, want, err)
			}
			calls, err := s.History(context.Background(), lobby.PersonID(p), 0, 10)
			wantCalls, _ := model.History(context.Background(), lobby.PersonID(p), 0, 10)
			if err != nil || len(calls) != len(wantCalls) {
				rt.Fatalf("history of %d: %+v, want %+v (%v)", p, calls, wantCalls, err)
			}
			for i := range calls {
				if calls[i] != wantCalls[i] {
					rt.Fatalf("history of %d: %+v, want %+v", p, calls[i], wantCalls[i])
				}
			}
		}
	})
}

// sameBars compares without regard to order.
func sameBars(x, y []lobby.Bar) bool {
	have := map[lobby.Bar]bool{}
	for _, b := range x {
		have[b] = true
	}
	for _, b := range y {
		if !have[b] {
			return false
		}
	}
	return len(x) == len(y)
}

// A row that the server refuses is refused alone, wherever it stands.
func TestARefusedRowIsRefusedAlone(t *testing.T) {
	s := open(t, server.Database(t))
	writes := make([]lobby.Write, 50)
	for i := range writes {
		reason := "declined"
		if i == 0 || i == 17 || i == 49 {
			reason = "a\x00b" // no text for PostgreSQL
		}
		writes[i] = lobby.CooldownSet{Pair: lobby.PairOf(1, lobby.PersonID(i+2)), Call: 1, SetAt: 1, Until: 9, Reason: reason}
	}
	for i, err := range s.Commit(t.Context(), writes) {
		if bad := i == 0 || i == 17 || i == 49; bad != errors.Is(err, store.ErrConflict) || !bad && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if bars, err := s.Bars(t.Context(), 1, 1); err != nil || len(bars) != 47 {
		t.Errorf("%d stored, %v", len(bars), err)
	}
}

// A writer that meets somebody else's lock gives up within the limit.
func TestALockThatStaysIsUnavailable(t *testing.T) {
	url := server.Database(t)
	o := options(url)
	o.LockTimeout = 100 * time.Millisecond
	s, err := postgres.Open(t.Context(), o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	tx, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE cooldowns IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), []lobby.Write{cooldown})[0]; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("against a lock: %v", err)
	}
	if _, err := s.Bars(t.Context(), 1, 0); err != nil {
		t.Errorf("reading waits for a writer: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), []lobby.Write{cooldown})[0]; err != nil {
		t.Error(err)
	}
}

// Every connection of ours has its limits and is durable, whatever the database's
// defaults are; the figures tell what is used.
func TestEveryConnectionIsSetUp(t *testing.T) {
	url := server.Database(t)
	run(t, url, `ALTER DATABASE `+url[strings.LastIndexByte(url, '/')+1:strings.IndexByte(url, '?')]+` SET synchronous_commit = off`)
	s := open(t, url)
	run(t, url, `CREATE TABLE seen (timeout TEXT, lock TEXT, sync TEXT, name TEXT)`)
	run(t, url, `CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES
		(current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('synchronous_commit'),
		current_setting('application_name')); RETURN NULL; END $$`)
	for _, table := range []string{"blocks", "people"} {
		run(t, url, `CREATE TRIGGER look AFTER INSERT ON `+table+` FOR EACH ROW EXECUTE FUNCTION look()`)
	}
	if err := s.Commit(t.Context(), []lobby.Write{lobby.BlockSet{By: 1, Of: 2, At: 1}})[0]; err != nil {
		t.Fatal(err)
	}
	if err := s.SignUp(t.Context(), store.Person{ID: 1, Version: 1}, store.Session{TokenHash: "x", Person: 1}); err != nil {
		t.Fatal(err)
	}
	var n int
	ask(t, url, `SELECT COUNT(*) FROM seen WHERE timeout = '5s' AND lock = '2s' AND sync = 'on' AND name = 'napalmsky'`, &n)
	if n != 2 {
		var what string
		ask(t, url, `SELECT string_agg(seen::text, ' ') FROM seen`, &what)
		t.Errorf("settings seen: %s", what)
	}
	got := s.Stats()
	if got.Writes != 2 || got.Commits != 2 || got.Pool.Max != options(url).MaxConns || got.Pool.Open < 2 || got.Pool.Idle != got.Pool.Open {
		t.Errorf("%+v", got)
	}
}

// Programs that start together on an empty database take turns.
func TestMigratingTogether(t *testing.T) {
	url := server.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := postgres.WaitOpen(context.Background(), options(url), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ping(context.Background()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n, most int
	ask(t, url, `SELECT COUNT(*), MAX(version_id) FROM goose_db_version WHERE version_id > 0`, &n, &most)
	if n != most || n == 0 {
		t.Errorf("%d migrations ran, the latest is %d", n, most)
	}
}

// From every earlier version forward, and back again to nothing.
func TestMigrationsGoBackAndForth(t *testing.T) {
	latest := int64(0)
	for from := int64(0); from == 0 || from <= latest; from++ {
		url := server.Database(t)
		schema, done, err := postgres.OpenSchema(options(url))
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		if from > 0 {
			if _, err := schema.UpTo(t.Context(), from); err != nil {
				t.Fatal(err)
			}
		}
		steps, err := schema.Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		have, want, err := schema.Versions(t.Context())
		if latest = want; err != nil || have != want || int64(len(steps)) != want-from {
			t.Errorf("from %d: %d steps to version %d of %d, %v", from, len(steps), have, want, err)
		}
		s := open(t, url)
		if err := s.Commit(t.Context(), []lobby.Write{cooldown})[0]; err != nil {
			t.Error(err)
		}
		s.Close()
		for undone := int64(0); ; undone++ {
			steps, err := schema.Down(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(steps) == 0 {
				if undone != latest {
					t.Errorf("%d steps back from %d", undone, latest)
				}
				break
			}
		}
		var left string
		ask(t, url, `SELECT COALESCE(string_agg(tablename, ' '), '') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version'`, &left)
		if left != "" {
			t.Errorf("left behind: %s", left)
		}
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	url := server.Database(t)
	open(t, url).Close()
	run(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	if _, err := postgres.WaitOpen(t.Context(), options(url), slog.New(slog.DiscardHandler)); !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("%v", err)
	}
}

// Of a report and a block of one pair in one batch the first stands, as one by one.
func TestTheFirstBlockStands(t *testing.T) {
	url := server.Database(t)
	s := open(t, url)
	for _, err := range s.Commit(t.Context(), []lobby.Write{
		lobby.ReportFiled{By: 1, Of: 2, At: 1, Reason: "rude"}, lobby.BlockSet{By: 1, Of: 2, At: 2}, lobby.BlockSet{By: 3, Of: 2, At: 3}, lobby.ReportFiled{By: 3, Of: 2, At: 4, Reason: "rude"},
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var sum int
	if ask(t, url, `SELECT SUM(set_at) FROM blocks`, &sum); sum != 1+3 {
		t.Errorf("the blocks' times add up to %d", sum)
	}
}
