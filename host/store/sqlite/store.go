// Package sqlite is the embedded store: one file beside the server, written by
// one connection and read by four. It is the default when no other database is
// configured, and it is meant for one process.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/groupcommit"
	"github.com/napalmsky/napalmsky/host/store/migrations"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

// readers is how many reads run at once; more wait their turn.
const readers = 4

// Store is a store.Store in one SQLite file. A nil error of a write means the
// log was synced to disk (synchronous=FULL).
type Store struct {
	write  *sql.DB
	read   *sql.DB
	writer *writer
	q      *db.Queries // prepared on read
	stats  counters
}

var _ store.Store = (*Store)(nil)

type counters struct{ reads, writes, commits atomic.Uint64 }

// Open opens or makes the database at path (with its folder) and brings its
// schema up to date. The files are readable by their owner only. A file
// written by a newer version of the schema is refused. ctx bounds opening, not
// the store's life; Close ends that.
func Open(ctx context.Context, path string, log *slog.Logger) (_ *Store, err error) {
	s := &Store{}
	defer func() {
		if err != nil {
			err = fmt.Errorf("sqlite: open %s: %w", path, errors.Join(err, s.closePools()))
		}
	}()
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if err = touch(path); err != nil {
		return nil, err
	}
	if s.write, err = pool(path, 1, "_txlock=immediate"); err != nil {
		return nil, err
	}
	schema, err := migrations.New(goose.DialectSQLite3, s.write)
	if err != nil {
		return nil, err
	}
	if _, err = schema.Up(ctx); err != nil {
		return nil, err
	}
	// The system caches the file; what each reader would cache of it besides is memory for little.
	if s.read, err = pool(path, readers, "_query_only=1&_pragma=cache_size(-256)"); err != nil {
		return nil, err
	}
	if s.q, err = db.Prepare(ctx, s.read); err != nil {
		return nil, err
	}
	w, err := db.Prepare(ctx, s.write)
	if err != nil {
		return nil, err
	}
	s.writer = newWriter(s.write, w, log, &s.stats, groupcommit.DefaultLimits)
	return s, nil
}

// touch makes the file and its name durable before SQLite, which syncs what is
// in the file but not that there is one, and would let others read it.
func touch(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// pool opens size connections to path that stay open.
func pool(path string, size int, mode string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join([]string{
		"_busy_timeout=5000", "_journal_mode=WAL", "_synchronous=FULL", "_foreign_keys=1",
		"_pragma=fullfsync(1)",                 // a plain fsync does not reach the disk on macOS
		"_pragma=checkpoint_fullfsync(1)",      //
		"_pragma=journal_size_limit(67108864)", // a log once grown shrinks back to 64 MB
		mode,
	}, "&")
	p, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	p.SetMaxOpenConns(size)
	p.SetMaxIdleConns(size)
	return p, nil
}

// pingLimit bounds Ping: who asks whether the store can answer wants to know soon.
const pingLimit = 2 * time.Second

// Ping reads through a reader connection, within two seconds.
func (s *Store) Ping(ctx context.Context) error {
	s.stats.reads.Add(1)
	limited, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	_, err := s.q.Probe(limited)
	return readErr(ctx, "ping", err)
}

// Stats may be called at any time.
func (s *Store) Stats() store.Stats {
	return store.Stats{
		Reads: s.stats.reads.Load(), Writes: s.stats.writes.Load(), Commits: s.stats.commits.Load(),
		Queued: s.writer.Queued(), Bytes: s.size(),
	}
}

// size is 0 when it cannot be read at once.
func (s *Store) size() (bytes int64) {
	ctx, cancel := context.WithTimeout(context.Background(), pingLimit)
	defer cancel()
	row := s.read.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
	if err := row.Scan(&bytes); err != nil {
		return 0
	}
	return bytes
}

// Close writes what is queued, then closes. Calls that come later answer
// ErrUnavailable. Closing twice is no error.
func (s *Store) Close() error {
	s.writer.Close()
	if err := s.closePools(); err != nil {
		return fmt.Errorf("sqlite: close: %w", err)
	}
	return nil
}

// closePools closes the writer last, so that it is the one to fold the log into the file.
func (s *Store) closePools() error {
	var errs []error
	for _, p := range []*sql.DB{s.read, s.write} {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	return errors.Join(errs...)
}

// readErr names the operation and turns what the driver says into the contract's words.
func readErr(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // the driver may call it an interrupt
		err = ctx.Err()
	case errors.Is(err, sql.ErrNoRows):
		err = store.ErrNotFound
	default:
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return fmt.Errorf("sqlite: %s: %w", op, err)
}

// writeErr names the operation; a step's own words stand, anything else is the
// database refusing a row or failing.
func writeErr(op string, err error) error {
	var own *sqlite.Error
	switch {
	case err == nil:
		return nil
	case says(err, store.ErrNotFound, store.ErrConflict, store.ErrTaken, store.ErrBanned, store.ErrUnavailable, store.ErrUnknown,
		context.Canceled, context.DeadlineExceeded):
	case errors.As(err, &own) && own.Code()&0xff == sqlite3.SQLITE_CONSTRAINT:
		err = fmt.Errorf("%w: %w", store.ErrConflict, err)
	default:
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return fmt.Errorf("sqlite: %s: %w", op, err)
}

func says(err error, any ...error) bool {
	for _, a := range any {
		if errors.Is(err, a) {
			return true
		}
	}
	return false
}

// busy: the commit did not begin, because somebody else has the file.
func busy(err error) bool {
	var own *sqlite.Error
	return errors.As(err, &own) && own.Code()&0xff == sqlite3.SQLITE_BUSY
}
