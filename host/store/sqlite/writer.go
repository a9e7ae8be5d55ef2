package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite/db"
)

const (
	queueJobs = 4096 // jobs that may wait; past it the store says it is unavailable
	batchMax  = 1024 // steps after which a transaction takes no further job
)

// A step is one write: it is stored whole or, if it fails, not at all.
type step func(ctx context.Context, q *db.Queries) error

// A job is what one caller wants written, in order.
type job struct {
	steps []step
	state atomic.Int32 // waiting, then taken by the writer or left by its caller
	errs  []error      // one per step; the writer's until done is closed
	done  chan struct{}
}

const (
	waiting int32 = iota
	taken
	left
)

// writer is the only user of the write connection. Its goroutine commits
// whatever queued while the last commit ran, so a commit's price (a sync to
// disk) is shared by all who waited for it, and nobody waits for a timer.
type writer struct {
	pool    *sql.DB // one connection
	queries *db.Queries
	log     *slog.Logger
	stats   *counters

	mu     sync.RWMutex // guards closed against sends on queue
	closed bool
	queue  chan *job
	done   chan struct{} // the goroutine returned
}

func newWriter(pool *sql.DB, queries *db.Queries, log *slog.Logger, stats *counters, queue int) *writer {
	w := &writer{
		pool: pool, queries: queries, log: log, stats: stats,
		queue: make(chan *job, queue), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// do writes the steps and returns the outcome of each. A caller whose ctx ends
// while the job still queues gets ctx's error for every step and nothing is
// written; once the writer has begun, the outcome is waited for.
func (w *writer) do(ctx context.Context, steps ...step) []error {
	if err := ctx.Err(); err != nil {
		return repeat(err, len(steps))
	}
	j := &job{steps: steps, errs: make([]error, len(steps)), done: make(chan struct{})}
	if err := w.enqueue(j); err != nil {
		return repeat(err, len(steps))
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, left) {
			return repeat(ctx.Err(), len(steps))
		}
		<-j.done
	}
	return j.errs
}

func (w *writer) enqueue(j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return fmt.Errorf("%w: closed", store.ErrUnavailable)
	}
	select {
	case w.queue <- j:
		return nil
	default:
		return fmt.Errorf("%w: write queue full", store.ErrUnavailable)
	}
}

// close takes no more jobs, writes those that wait, and returns when they are answered.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for first := range w.queue {
		batch := w.gather(first)
		if len(batch) == 0 {
			continue
		}
		if err := w.commit(batch); err != nil {
			w.log.Error("sqlite: batch not stored", "jobs", len(batch), "err", err)
			for _, j := range batch {
				copy(j.errs, repeat(err, len(j.errs)))
			}
		}
		for _, j := range batch {
			close(j.done)
		}
	}
}

// gather takes what queued until now.
func (w *writer) gather(first *job) []*job {
	// Those who were just answered are about to ask again; letting them run first
	// makes one full batch of them instead of a batch of one and a batch of the rest.
	runtime.Gosched()
	var batch []*job
	steps := 0
	for j, open := first, true; open; {
		if j.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, j)
			steps += len(j.steps)
		}
		if steps >= batchMax {
			return batch
		}
		select {
		case j, open = <-w.queue:
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch in one transaction. An error means that none of it is
// stored (ErrUnavailable) or that it cannot be known (ErrUnknown).
func (w *writer) commit(batch []*job) error {
	// The callers' contexts have no say here: a batch is many callers' work.
	ctx := context.Background()
	tx, err := w.pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%w: begin: %w", store.ErrUnavailable, err)
	}
	q := w.queries.WithTx(tx)
	for _, j := range batch {
		for i, s := range j.steps {
			if j.errs[i], err = w.try(ctx, tx, q, s); err != nil {
				return fmt.Errorf("%w: %w", store.ErrUnavailable, errors.Join(err, tx.Rollback()))
			}
		}
	}
	w.stats.commits.Add(1)
	if err := tx.Commit(); err != nil {
		if busy(err) {
			return fmt.Errorf("%w: commit: %w", store.ErrUnavailable, err)
		}
		// The log may hold the whole transaction and only its sync failed: a later
		// start would find it there.
		return fmt.Errorf("%w: commit: %w", store.ErrUnknown, err)
	}
	return nil
}

// try runs one step in a savepoint and undoes it if it fails. A broken
// savepoint means SQLite has ended the transaction of its own accord (disk
// full, I/O error); going on would write outside of any.
func (w *writer) try(ctx context.Context, tx *sql.Tx, q *db.Queries, s step) (failed, broken error) {
	w.stats.writes.Add(1)
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

func repeat(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
