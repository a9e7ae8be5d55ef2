package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/groupcommit"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

// A step is one write: it is stored whole or, if it fails, not at all. It may be
// run twice; only the second outcome counts then.
type step func(ctx context.Context, q *db.Queries) error

// writer is the only user of the write connection.
type writer struct {
	*groupcommit.Writer[step]
	pool    *sql.DB // one connection
	queries *db.Queries
	log     *slog.Logger
	stats   *counters
}

func newWriter(pool *sql.DB, queries *db.Queries, log *slog.Logger, stats *counters, limits groupcommit.Limits) *writer {
	w := &writer{pool: pool, queries: queries, log: log, stats: stats}
	w.Writer = groupcommit.New(limits, w.commit)
	return w
}

// do writes the steps, in order, and returns the outcome of each.
func (w *writer) do(ctx context.Context, steps ...step) []error { return w.Do(ctx, steps...) }

// commit runs the steps in one transaction.
func (w *writer) commit(steps []step) []error {
	errs, err := w.transact(steps)
	if err != nil {
		w.log.Error("sqlite: batch not stored", "writes", len(steps), "err", err)
		return groupcommit.Repeat(err, len(steps))
	}
	return errs
}

// transact: an error means that none of it is stored (ErrUnavailable) or that
// it cannot be known (ErrUnknown). A savepoint around each step would cost as
// many statements as most steps do, and hardly one ever fails: so they come only
// after a failure, when the whole batch is done again.
func (w *writer) transact(steps []step) (errs []error, err error) {
	w.stats.writes.Add(uint64(len(steps)))
	errs, err = w.attempt(steps, bare)
	if errors.Is(err, errStep) {
		return w.attempt(steps, try)
	}
	return errs, err
}

// attempt runs the steps in one transaction, each as run has it.
func (w *writer) attempt(steps []step, run runner) (errs []error, err error) {
	ctx := context.Background()
	tx, err := w.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: begin: %w", store.ErrUnavailable, err)
	}
	q := w.queries.WithTx(tx)
	errs = make([]error, len(steps))
	for i, s := range steps {
		if errs[i], err = run(ctx, tx, q, s); err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, errors.Join(err, tx.Rollback()))
		}
	}
	w.stats.commits.Add(1)
	if err := tx.Commit(); err != nil {
		if busy(err) {
			return nil, fmt.Errorf("%w: commit: %w", store.ErrUnavailable, err)
		}
		// The log may hold the whole transaction and only its sync failed: a later
		// start would find it there.
		return nil, fmt.Errorf("%w: commit: %w", store.ErrUnknown, err)
	}
	return errs, nil
}

// A runner runs one step. Broken ends the transaction.
type runner func(ctx context.Context, tx *sql.Tx, q *db.Queries, s step) (failed, broken error)

var errStep = errors.New("a step failed")

// bare runs a step that is expected to succeed.
func bare(ctx context.Context, _ *sql.Tx, q *db.Queries, s step) (failed, broken error) {
	if err := s(ctx, q); err != nil {
		return nil, fmt.Errorf("%w: %w", errStep, err)
	}
	return nil, nil
}

// try runs one step in a savepoint and undoes it if it fails. A broken
// savepoint means SQLite has ended the transaction of its own accord (disk
// full, I/O error); going on would write outside of any.
func try(ctx context.Context, tx *sql.Tx, q *db.Queries, s step) (failed, broken error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT step"); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	failed = s(ctx, q)
	if failed != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO step"); err != nil {
			return failed, fmt.Errorf("rollback to savepoint: %w", errors.Join(err, failed))
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE step"); err != nil {
		return failed, fmt.Errorf("release savepoint: %w", errors.Join(err, failed))
	}
	return failed, nil
}
