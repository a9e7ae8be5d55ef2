package transfer_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
	"github.com/napalmsky/napalmsky/host/store/transfer"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

const (
	people = 20
	calls  = 700 // more than one statement holds
)

// fill makes a SQLite database with something in every table of the lobby.
func fill(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "from.db")
	s, err := sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var writes []lobby.Write
	for i := range lobby.PersonID(people) {
		id := i + 1
		p := store.Person{ID: id, Version: 1, CreatedAt: r.Int64(), Profile: store.Profile{
			Name: fmt.Sprintf("Zoë %d 'é👋\"", id), Bio: strings.Repeat("so ", r.IntN(30)), Age: 30, Tags: []string{"jazz"},
		}}
		if err := s.SignUp(t.Context(), p, store.Session{TokenHash: store.HashToken(fmt.Sprint(id)), Person: id, ExpiresAt: 9}); err != nil {
			t.Fatal(err)
		}
	}
	for id := lobby.PersonID(1); id <= calls; id++ {
		writes = append(writes, lobby.CallStart{Call: lobby.CallID(id), A: id, B: id + 1, Seconds: 60, StartedAt: int64(id), CooldownUntil: 1000},
			lobby.BlockSet{By: id, Of: 1_000_000, At: 1}, lobby.ReportFiled{By: id, Of: 2_000_000, At: 5, Reason: "rude", Body: []byte("x")})
	}
	for _, err := range s.Commit(t.Context(), writes) {
		if err != nil {
			t.Fatal(err)
		}
	}
	save := store.PluginSave{Changes: []store.PluginChange{{At: 7, Who: "ada", Result: "ok"}}}
	if err := errors.Join(s.SavePlugins(t.Context(), save), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func sqliteEnd(t *testing.T, path string, target bool) *transfer.End {
	t.Helper()
	return closing(t)(sqlite.OpenEnd(path, target))
}

func postgresEnd(t *testing.T, url string) *transfer.End {
	t.Helper()
	return closing(t)(postgres.OpenEnd(postgres.Options{
		URL: url, MaxConns: 2, ConnectTimeout: 5 * time.Second, StatementTimeout: 5 * time.Second, LockTimeout: time.Second,
	}))
}

func closing(t *testing.T) func(*transfer.End, func() error, error) *transfer.End {
	return func(e *transfer.End, done func() error, err error) *transfer.End {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = done() })
		return e
	}
}

// There and back again: three databases with the same rows and sums, read by
// the stores themselves.
func TestThereAndBack(t *testing.T) {
	path, url, back := fill(t), server.Database(t), filepath.Join(t.TempDir(), "back.db")
	var last transfer.Progress
	tables := map[string]bool{}
	out, err := transfer.Copy(t.Context(), sqliteEnd(t, path, false), postgresEnd(t, url), func(p transfer.Progress) {
		if last.Table == p.Table && p.Rows < last.Rows || p.Rows > p.Total {
			t.Errorf("after %+v came %+v", last, p)
		}
		last, tables[p.Table] = p, true
	})
	if err != nil {
		t.Fatal(err)
	}
	home, err := transfer.Copy(t.Context(), postgresEnd(t, url), sqliteEnd(t, back, true), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out, home) {
		t.Errorf("out  %v\nhome %v", out, home)
	}
	rows := map[string]int64{}
	for _, tb := range out {
		if rows[tb.Name] = tb.Rows; !tables[tb.Name] {
			t.Errorf("nothing was reported of %s", tb.Name)
		}
	}
	for name, want := range map[string]int64{"people": people, "sessions": people, "calls": calls, "cooldowns": calls,
		"blocks": 2 * calls, "reports": calls, "plugin_changes": 1} {
		if rows[name] != want {
			t.Errorf("%s: %d rows, want %d", name, rows[name], want)
		}
	}
	s, err := sqlite.Open(t.Context(), back, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if p, err := s.Person(t.Context(), 7); err != nil || p.Profile.Name != "Zoë 7 'é👋\"" || p.Profile.Tags[0] != "jazz" {
		t.Errorf("%+v, %v", p, err)
	}
	if h, err := s.History(t.Context(), 7, 0, 9); err != nil || len(h) != 2 {
		t.Errorf("%+v, %v", h, err)
	}
}

// Whatever goes wrong, the target has not a row afterwards, and a second try works.
func TestAFailedCopyLeavesNothing(t *testing.T) {
	path := fill(t)
	for name, c := range map[string]struct {
		harm, heal string
		want       error
	}{
		"a row changes on its way": {`CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN NEW.reason = 'other'; RETURN NEW; END $$; CREATE TRIGGER harm BEFORE INSERT ON calls
			FOR EACH ROW WHEN (NEW.id = 77) EXECUTE FUNCTION harm()`, `DROP FUNCTION harm CASCADE`, transfer.ErrDiffers},
		"a row is lost on its way": {`CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RETURN NULL; END $$; CREATE TRIGGER harm BEFORE INSERT ON calls
			FOR EACH ROW WHEN (NEW.id = 77) EXECUTE FUNCTION harm()`, `DROP FUNCTION harm CASCADE`, transfer.ErrDiffers},
		"a row is refused":   {`ALTER TABLE calls ADD CONSTRAINT harm CHECK (id <> 699)`, `ALTER TABLE calls DROP CONSTRAINT harm`, nil},
		"a table is strange": {`CREATE TABLE strange (x BIGINT)`, `DROP TABLE strange`, transfer.ErrDiffers},
	} {
		t.Run(name, func(t *testing.T) {
			to := postgresEnd(t, server.Database(t))
			if _, err := to.Schema.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			exec(t, to.DB, c.harm)
			_, err := transfer.Copy(t.Context(), sqliteEnd(t, path, false), to, nil)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			exec(t, to.DB, c.heal)
			if _, err := transfer.Copy(t.Context(), sqliteEnd(t, path, false), to, nil); err != nil { // refuses a target with any row
				t.Error(err)
			}
		})
	}
}

func TestCopyRefuses(t *testing.T) {
	path := fill(t)
	if _, err := transfer.Copy(t.Context(), sqliteEnd(t, path, false), sqliteEnd(t, fill(t), true), nil); !errors.Is(err, transfer.ErrNotEmpty) {
		t.Errorf("a target with rows: %v", err)
	}
	old := sqliteEnd(t, filepath.Join(t.TempDir(), "old.db"), true)
	if _, err := old.Schema.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.db")
	if _, err := transfer.Copy(t.Context(), old, sqliteEnd(t, empty, true), nil); !errors.Is(err, transfer.ErrOldSource) {
		t.Errorf("an old source: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := transfer.Copy(ctx, sqliteEnd(t, path, false), sqliteEnd(t, empty, true), func(p transfer.Progress) {
		if p.Table == "calls" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := transfer.Copy(t.Context(), sqliteEnd(t, path, false), sqliteEnd(t, empty, true), nil); err != nil {
		t.Errorf("after a cancelled copy: %v", err)
	}
}

// A sum knows no order, and tells any two tables apart that differ in a value,
// a type, a border between columns or how often a row is there.
func TestSums(t *testing.T) {
	value := rapid.OneOf(
		rapid.Custom(func(rt *rapid.T) any { return rapid.Int64Range(0, 3).Draw(rt, "n") }),
		rapid.Custom(func(rt *rapid.T) any {
			return rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 3, -1).Draw(rt, "s")
		}))
	rapid.Check(t, func(rt *rapid.T) {
		table := rapid.SliceOfN(rapid.SliceOfN(value, 2, 2), 0, 6)
		x, y := table.Draw(rt, "x"), table.Draw(rt, "y")
		if same := sameRows(x, y); same != (transfer.SumOf(x) == transfer.SumOf(y)) {
			rt.Fatalf("%v and %v: same rows %v", x, y, same)
		}
		if transfer.SumOf(x) != transfer.SumOf(rapid.Permutation(x).Draw(rt, "other order")) {
			rt.Fatal("the order matters")
		}
	})
}

func sameRows(x, y [][]any) bool {
	show := func(rows [][]any) (list []string) {
		for _, r := range rows {
			list = append(list, fmt.Sprintf("%#v", r))
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(show(x), show(y))
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}
