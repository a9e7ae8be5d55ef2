package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/groupcommit"
	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t *testing.T) *Store { return open(t, filepath.Join(t.TempDir(), "napalmsky.db")) }

// hold keeps the writer busy until release is called; what is asked meanwhile
// makes one batch. release answers with the held step's outcome.
func hold(t *testing.T, w *writer) (release func()) {
	t.Helper()
	begun, free, answered := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		answered <- w.do(context.Background(), func(context.Context, *db.Queries) error {
			close(begun)
			<-free
			return nil
		})[0]
	}()
	<-begun
	return func() {
		close(free)
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
}

func blockStep(by, of lobby.PersonID) step {
	return func(ctx context.Context, q *db.Queries) error {
		return apply(ctx, q, lobby.BlockSet{By: by, Of: of, At: 1})
	}
}

// job is a queued one.
type job struct{ *groupcommit.Job[step] }

// outcome waits for the job.
func (j job) outcome() []error { return j.Wait(context.Background()) }

func queue(t *testing.T, w *writer, steps ...step) job {
	t.Helper()
	j, err := w.Submit(steps...)
	if err != nil {
		t.Fatal(err)
	}
	return job{j}
}

func blocks(t *testing.T, s *Store) int {
	t.Helper()
	var n int
	if err := s.read.QueryRow("SELECT COUNT(*) FROM blocks").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatQueuedIsOneTransaction(t *testing.T) {
	s := fresh(t)
	release := hold(t, s.writer)
	before := s.Stats()
	var jobs []job
	for i := range lobby.PersonID(64) {
		jobs = append(jobs, queue(t, s.writer, blockStep(2*i+1, 2*i+2)))
	}
	if got := s.Stats().Queued; got != 64 {
		t.Fatalf("%d queued", got)
	}
	release()
	for _, j := range jobs {
		if err := j.outcome()[0]; err != nil {
			t.Fatal(err)
		}
	}
	after := s.Stats()
	// the held job's own commit, and one for the 64
	if got := after.Commits - before.Commits; got != 2 {
		t.Fatalf("%d transactions for 64 callers", got)
	}
	if got := after.Writes - before.Writes; got != 64 {
		t.Fatalf("%d writes counted", got)
	}
	if got := blocks(t, s); got != 64 {
		t.Fatalf("%d of 64 stored", got)
	}
}

func TestAFailingStepIsUndoneAlone(t *testing.T) {
	s := fresh(t)
	release := hold(t, s.writer)
	boom := errors.New("boom")
	half := func(ctx context.Context, q *db.Queries) error {
		return errors.Join(blockStep(5, 6)(ctx, q), boom)
	}
	first := queue(t, s.writer, blockStep(1, 2), half, blockStep(3, 4))
	second := queue(t, s.writer, blockStep(7, 8))
	release()
	one, two := first.outcome(), second.outcome()
	if one[0] != nil || !errors.Is(one[1], boom) || one[2] != nil || two[0] != nil {
		t.Fatal(one, two)
	}
	if got := blocks(t, s); got != 3 {
		t.Fatalf("%d stored, want the three that succeeded", got)
	}
}

func TestACallerMayLeaveTheQueueButNotTheWriter(t *testing.T) {
	s := fresh(t)
	release := hold(t, s.writer)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan []error)
	go func() { left <- s.writer.do(ctx, blockStep(1, 2), blockStep(3, 4)) }()
	cancel()
	for _, err := range <-left {
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	release()

	ctx, cancel = context.WithCancel(t.Context())
	err := s.writer.do(ctx, func(inner context.Context, q *db.Queries) error {
		cancel() // the caller gives up while its job runs
		return blockStep(5, 6)(inner, q)
	})[0]
	if err != nil {
		t.Fatalf("stored, yet answered %v", err)
	}
	if got := blocks(t, s); got != 1 {
		t.Fatalf("%d stored, want only the one that had begun", got)
	}
}

func TestAFullQueueIsUnavailable(t *testing.T) {
	s := fresh(t)
	w := newWriter(s.write, s.writer.queries, slog.New(slog.DiscardHandler), &s.stats, groupcommit.Limits{Jobs: 2, Batch: 8})
	release := hold(t, w)
	waiting := []job{queue(t, w, blockStep(1, 2)), queue(t, w, blockStep(3, 4))}
	if err := w.do(t.Context(), blockStep(5, 6))[0]; !errors.Is(err, store.ErrUnavailable) {
		t.Fatal(err)
	}
	release()
	for _, j := range waiting {
		j.outcome()
	}
	w.Close()
	if got := blocks(t, s); got != 2 {
		t.Fatalf("%d stored", got)
	}
}

func TestAHugeJobDoesNotStarveTheNext(t *testing.T) {
	s := fresh(t)
	release := hold(t, s.writer)
	before := s.Stats().Commits
	var steps []step
	for i := range lobby.PersonID(groupcommit.DefaultLimits.Batch + 1) {
		steps = append(steps, blockStep(2*i+1, 2*i+2))
	}
	huge, small := queue(t, s.writer, steps...), queue(t, s.writer, blockStep(1_000_000, 1))
	release()
	huge.outcome()
	small.outcome()
	if got := s.Stats().Commits - before; got != 3 {
		t.Fatalf("%d commits, want the held, the huge and the small one", got)
	}
}

// A commit that fails may be in the log all the same. A deferred foreign key,
// planted by a trigger, is the one thing that makes COMMIT itself fail on demand.
func TestAFailedCommitIsUnknownToEverybodyInIt(t *testing.T) {
	s := fresh(t)
	exec(t, s.write, `CREATE TABLE bad (x BIGINT REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED)`)
	exec(t, s.write, `CREATE TRIGGER trap AFTER INSERT ON blocks WHEN NEW.by_person = 666
		BEGIN INSERT INTO bad VALUES (666); END`)
	release := hold(t, s.writer)
	good, bad := queue(t, s.writer, blockStep(1, 2)), queue(t, s.writer, blockStep(666, 2))
	release()
	one, two := good.outcome(), bad.outcome()
	if !errors.Is(one[0], store.ErrUnknown) || !errors.Is(two[0], store.ErrUnknown) {
		t.Fatal(one, two)
	}
	if got := blocks(t, s); got != 0 {
		t.Fatalf("%d stored", got)
	}
	if err := s.writer.do(t.Context(), blockStep(1, 2))[0]; err != nil {
		t.Fatalf("the writer did not recover: %v", err)
	}
}

func TestSomebodyElseHasTheFile(t *testing.T) {
	s := fresh(t)
	exec(t, s.write, "PRAGMA busy_timeout = 0")
	other, err := pool(pathOf(t, s), 1, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	errs := s.Commit(t.Context(), []lobby.Write{lobby.BlockSet{By: 1, Of: 2, At: 1}})
	if !errors.Is(errs[0], store.ErrUnavailable) {
		t.Fatal(errs)
	}
	if _, err := s.Bars(t.Context(), 1, 1); err != nil {
		t.Fatalf("reading waits for a writer: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if errs = s.Commit(t.Context(), []lobby.Write{lobby.BlockSet{By: 1, Of: 2, At: 1}}); errs[0] != nil {
		t.Fatal(errs)
	}
}

func TestAFullDiskLosesNothingAcknowledged(t *testing.T) {
	s := fresh(t)
	exec(t, s.write, "PRAGMA max_page_count = 80")
	body := []byte(strings.Repeat("x", 20_000))
	acknowledged, refused := map[int]bool{}, 0
	for i := 1; refused < 5; i++ {
		release := hold(t, s.writer)
		jobs := map[int]job{}
		for n := 10 * i; n < 10*i+3; n++ {
			jobs[n] = queue(t, s.writer, func(ctx context.Context, q *db.Queries) error {
				return apply(ctx, q, lobby.ReportFiled{By: 1, Of: 2, At: int64(n), Reason: "r", Body: body})
			})
		}
		release()
		for n, j := range jobs {
			if j.outcome()[0] == nil {
				acknowledged[n] = true
			} else {
				refused++
			}
		}
	}
	rows, err := s.read.Query("SELECT filed_at FROM reports")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	stored := 0
	for ; rows.Next(); stored++ {
		var n int
		if err := rows.Scan(&n); err != nil || !acknowledged[n] {
			t.Fatalf("report %d is there, but was refused (%v)", n, err)
		}
	}
	if stored != len(acknowledged) || stored == 0 {
		t.Fatalf("%d stored, %d acknowledged", stored, len(acknowledged))
	}
	exec(t, s.write, "PRAGMA max_page_count = 100000")
	if err := s.writer.do(t.Context(), blockStep(3, 4))[0]; err != nil {
		t.Fatalf("room again, yet %v", err)
	}
}

func TestAReportIsKeptOnceAndAsText(t *testing.T) {
	s := fresh(t)
	r := lobby.ReportFiled{By: 1, Of: 2, At: 3, Call: 4, Reason: "rude", Body: []byte("a\xff\x00b")}
	for _, err := range s.Commit(t.Context(), []lobby.Write{r, r}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var got string
	err := s.read.QueryRow(`SELECT group_concat(by_person || ' ' || of_person || ' ' || filed_at || ' ' ||
		call_id || ' ' || reason || ' ' || note || ' ' || lobby, '|') FROM reports`).Scan(&got)
	if err != nil || got != "1 2 3 4 rude a\uFFFDb main" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestOpenIsDurableAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "odd %41 ?#&;'name.db")
	s := open(t, path)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		for name, p := range map[string]*sql.DB{"write": s.write, "read": s.read} {
			var got string
			if err := p.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s of the %s pool is %q (%v), want %q", pragma, name, got, err, want)
			}
		}
	}
	if _, err := s.read.Exec("DELETE FROM people"); err == nil {
		t.Error("a reader connection may write")
	}
	if err := s.writer.do(t.Context(), blockStep(1, 2))[0]; err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v", entries, err)
	}
}

// An operator who goes back a version needs every Down to undo its Up.
func TestMigrationsGoBackAndForth(t *testing.T) {
	s := fresh(t)
	schema, err := migrations.New(goose.DialectSQLite3, s.write)
	if err != nil {
		t.Fatal(err)
	}
	for down := 1; down > 0; {
		steps, err := schema.Down(t.Context())
		if down = len(steps); err != nil {
			t.Fatal(err)
		}
	}
	var left string
	err = s.write.QueryRow("SELECT COALESCE(group_concat(name), '') FROM sqlite_schema WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'").Scan(&left)
	if err != nil || left != "" {
		t.Fatalf("left behind: %s, %v", left, err)
	}
	if _, err := schema.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.do(t.Context(), blockStep(1, 2))[0]; err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	newer := filepath.Join(t.TempDir(), "newer.db")
	s := open(t, newer)
	exec(t, s.write, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, open := range map[string]func() (*Store, error){
		"a newer schema": func() (*Store, error) { return Open(t.Context(), newer, slog.New(slog.DiscardHandler)) },
		"no database":    func() (*Store, error) { return Open(t.Context(), garbage, slog.New(slog.DiscardHandler)) },
		"a folder":       func() (*Store, error) { return Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler)) },
		"a cancelled start": func() (*Store, error) {
			return Open(ctx, filepath.Join(t.TempDir(), "x.db"), slog.New(slog.DiscardHandler))
		},
	} {
		if s, err := open(); err == nil || s != nil {
			t.Errorf("%s was opened", what)
		}
	}
}

func exec(t *testing.T, p *sql.DB, query string) {
	t.Helper()
	if _, err := p.Exec(query); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
}

func pathOf(t *testing.T, s *Store) string {
	t.Helper()
	var seq int
	var name, path string
	if err := s.read.QueryRow("PRAGMA database_list").Scan(&seq, &name, &path); err != nil {
		t.Fatal(err)
	}
	return path
}
