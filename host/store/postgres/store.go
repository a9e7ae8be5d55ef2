// Package postgres keeps everything in a PostgreSQL database (15 or newer): the
// source of truth where one is configured. One server has it at a time, as one
// has a lobby; see claim.go.
//
// Reads, and the writes of single people, go over a pool. What an evening
// writes (calls, ends, cooldowns, blocks, reports) goes through one writer with
// a connection of its own, which commits whatever queued while the last commit
// ran, a statement for each kind of write; see batch.go.
//
// Nothing waits for ever: every statement has a limit at the server
// (statement_timeout, lock_timeout) and a slightly longer one here, for a
// server that has stopped answering at all.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/groupcommit"
	"github.com/napalmsky/napalmsky/host/store/postgres/db"
)

// Store is a store.Store in one PostgreSQL database. A nil error of a write
// means that the server had it on disk (synchronous_commit=on).
type Store struct {
	pool   *pgxpool.Pool // reads, and writes of single people
	write  *pgxpool.Pool // the writer's one connection, which has the claim
	claim  *claim
	keeper sync.WaitGroup
	leave  context.CancelFunc // ends the keeper
	q      *db.Queries        // on pool
	writer *groupcommit.Writer[write]
	limit  time.Duration // of one exchange with the server
	log    *slog.Logger
	stats  counters
}

var _ store.Store = (*Store)(nil)

type counters struct{ reads, writes, commits atomic.Uint64 }

// Open connects and brings the schema up to date. An error that Is
// store.ErrUnavailable means that the server cannot be reached now, or is just
// starting, ErrInUse that another server has it; WaitOpen waits for both. ctx
// bounds opening, not the store's life; Close ends that.
func Open(ctx context.Context, o Options, log *slog.Logger) (*Store, error) {
	return open(ctx, o, log, false)
}

// open is Open; a polite one answers errVanished where whoever had the database
// may come back to it.
func open(ctx context.Context, o Options, log *slog.Logger, polite bool) (_ *Store, err error) {
	s := &Store{limit: o.StatementTimeout + slack, log: log, claim: newClaim(o, log)}
	defer func() {
		if err != nil {
			s.closePools()
			err = fmt.Errorf("postgres: open: %w", err)
		}
	}()
	// The claim first: another server must not find its schema changed under it.
	if s.write, err = s.claim.pool(ctx, o); err != nil {
		return nil, err
	}
	first := func(context.Context, *pgx.Conn) error { return nil }
	if err = s.claimed(ctx, first); err == nil && polite {
		err = s.vanished(ctx)
	}
	if err == nil {
		err = migrate(ctx, o)
	}
	if err == nil {
		err = s.note(ctx)
	}
	if err != nil {
		return nil, openErr(ctx, err)
	}
	if s.pool, err = o.pool(ctx, o.MaxConns-1); err != nil {
		return nil, err
	}
	s.q = db.New(s.pool)
	s.writer = groupcommit.New(groupcommit.DefaultLimits, s.commit)
	kept, leave := context.WithCancel(context.WithoutCancel(ctx))
	s.leave = leave
	s.keeper.Go(func() { s.keep(kept) })
	return s, nil
}

func migrate(ctx context.Context, o Options) error {
	schema, done, err := OpenSchema(o)
	if err != nil {
		return err
	}
	_, err = schema.Up(ctx)
	return errors.Join(err, done())
}

// pingLimit bounds Ping: who asks whether the store can answer wants to know soon.
const pingLimit = 2 * time.Second

// Ping reads one row, within two seconds, and says whether there may be writes.
func (s *Store) Ping(ctx context.Context) error {
	s.stats.reads.Add(1)
	limited, cancel := context.WithTimeout(ctx, min(pingLimit, s.limit))
	defer cancel()
	if _, err := s.q.Probe(limited); err != nil {
		return readErr(ctx, "ping", err)
	}
	if err := s.claim.check(); err != nil {
		return fmt.Errorf("postgres: ping: %w", err)
	}
	return nil
}

// Stats may be called at any time. Both pools count as one.
func (s *Store) Stats() store.Stats {
	out := store.Stats{
		Reads: s.stats.reads.Load(), Writes: s.stats.writes.Load(), Commits: s.stats.commits.Load(),
		Queued: s.writer.Queued(),
	}
	for _, p := range []*pgxpool.Pool{s.pool, s.write} {
		n := p.Stat()
		out.Pool.Max += int(n.MaxConns())
		out.Pool.Open += int(n.TotalConns())
		out.Pool.Idle += int(n.IdleConns())
		out.Pool.Waits += uint64(max(n.EmptyAcquireCount(), 0))
		out.Pool.Waited += n.EmptyAcquireWaitTime()
	}
	return out
}

// Close writes what is queued, then closes. Calls that come later answer
// ErrUnavailable. Closing twice is no error.
func (s *Store) Close() error {
	s.leave()
	s.keeper.Wait()
	s.writer.Close()
	s.letGo()
	s.closePools()
	return nil
}

func (s *Store) closePools() {
	for _, p := range []*pgxpool.Pool{s.pool, s.write} {
		if p != nil {
			p.Close()
		}
	}
}

// read runs one query that must not outlast the server's own limits by much.
func read[T any](ctx context.Context, s *Store, op string, query func(context.Context) (T, error)) (T, error) {
	s.stats.reads.Add(1)
	limited, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	v, err := query(limited)
	return v, readErr(ctx, op, err)
}

// transact runs do in one transaction of its own. A caller whose ctx ends while
// they wait for a connection changes nothing; once begun, the outcome is waited for.
func (s *Store) transact(ctx context.Context, op string, do func(context.Context, *db.Queries) error) error {
	return s.inOneGo(ctx, op, func(ctx context.Context, tx pgx.Tx) error { return do(ctx, s.q.WithTx(tx)) })
}

func (s *Store) inOneGo(ctx context.Context, op string, do func(context.Context, pgx.Tx) error) error {
	if err := s.claim.check(); err != nil {
		return fmt.Errorf("postgres: %s: %w", op, err)
	}
	acquiring, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	c, err := s.pool.Acquire(acquiring)
	if err != nil {
		return readErr(ctx, op, err)
	}
	defer c.Release()
	s.stats.writes.Add(1)
	s.stats.commits.Add(1)
	return writeErr(op, inTx(context.WithoutCancel(ctx), c, s.limit, do))
}

// inTx begins, does and commits, the commit within a limit of its own. An error
// of do rolls back and is returned as it is; one of the commit is ErrUnknown,
// unless the server itself says that it did not commit.
func inTx(ctx context.Context, c *pgxpool.Conn, limit time.Duration, do func(context.Context, pgx.Tx) error) error {
	doing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tx, err := c.Begin(doing)
	if err != nil {
		return unavailable(fmt.Errorf("begin: %w", err))
	}
	if err := do(doing, tx); err != nil {
		if tx.Rollback(doing) != nil {
			// A connection that cannot roll back is of no use; the server rolls back when it ends.
			_ = c.Conn().Close(doing)
		}
		return err
	}
	committing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch err := tx.Commit(committing); {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrTxCommitRollback), isError(err):
		return unavailable(fmt.Errorf("commit: %w", err))
	default:
		return fmt.Errorf("%w: commit: %v", store.ErrUnknown, err)
	}
}
