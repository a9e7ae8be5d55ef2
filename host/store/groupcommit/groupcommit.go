// Package groupcommit lets many callers share one commit: whatever queued while
// the last commit ran is committed next, all of it together. So a commit's price
// (a sync to disk, a round trip) is shared by all who waited for it, and nobody
// waits for a timer. Databases call it group commit.
package groupcommit

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/napalmsky/napalmsky/host/store"
)

// Limits bound a Writer.
type Limits struct {
	Jobs  int // that may wait; past it Submit answers store.ErrUnavailable
	Batch int // writes after which a batch takes no further job
}

// DefaultLimits suit one lobby's writer.
var DefaultLimits = Limits{Jobs: 4096, Batch: 1024}

// Commit stores the writes of a batch in order and answers each
// (len(errs) == len(writes)). It is called from one goroutine, one batch at a
// time. No caller's context reaches it, since a batch is many callers' work: it
// has to end by itself.
type Commit[W any] func(writes []W) (errs []error)

// Writer hands batches to its Commit. Its methods are safe for concurrent use.
type Writer[W any] struct {
	commit Commit[W]
	batch  int

	mu     sync.RWMutex // guards closed against sends on queue
	closed bool
	queue  chan *Job[W]
	done   chan struct{} // the goroutine returned
}

// A Job is what one caller wants written, in order.
type Job[W any] struct {
	writes []W
	state  atomic.Int32 // waiting, then taken by the writer or left by its caller
	errs   []error      // one per write; the writer's until done is closed
	done   chan struct{}
}

const (
	waiting int32 = iota
	taken
	left
)

// New starts a writer; Close ends it.
func New[W any](limits Limits, commit Commit[W]) *Writer[W] {
	w := &Writer[W]{
		commit: commit, batch: limits.Batch,
		queue: make(chan *Job[W], limits.Jobs), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// Do writes and returns the outcome of each write. A caller whose ctx ends
// while the job still queues gets ctx's error for every write and nothing is
// written; once the writer has begun, the outcome is waited for.
func (w *Writer[W]) Do(ctx context.Context, writes ...W) []error {
	if err := ctx.Err(); err != nil {
		return Repeat(err, len(writes))
	}
	j, err := w.Submit(writes...)
	if err != nil {
		return Repeat(err, len(writes))
	}
	return j.Wait(ctx)
}

// Submit queues a job without waiting for its outcome; see Job.Wait.
func (w *Writer[W]) Submit(writes ...W) (*Job[W], error) {
	j := &Job[W]{writes: writes, errs: make([]error, len(writes)), done: make(chan struct{})}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return nil, fmt.Errorf("%w: closed", store.ErrUnavailable)
	}
	select {
	case w.queue <- j:
		return j, nil
	default:
		return nil, fmt.Errorf("%w: write queue full", store.ErrUnavailable)
	}
}

// Wait returns the outcome of each write, or ctx's error for all of them if it
// ends before the writer has begun with the job, which is then not written.
func (j *Job[W]) Wait(ctx context.Context) []error {
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, left) {
			return Repeat(ctx.Err(), len(j.writes))
		}
		<-j.done
	}
	return j.errs
}

// Queued says how many jobs wait now.
func (w *Writer[W]) Queued() int { return len(w.queue) }

// Close takes no more jobs, writes those that wait, and returns when they are
// answered. Closing twice is no error.
func (w *Writer[W]) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *Writer[W]) run() {
	defer close(w.done)
	for first := range w.queue {
		jobs, writes := w.gather(first)
		if len(jobs) == 0 {
			continue
		}
		errs := w.commit(writes)
		for _, j := range jobs {
			copy(j.errs, errs)
			errs = errs[len(j.writes):]
			close(j.done)
		}
	}
}

// gather takes what queued until now.
func (w *Writer[W]) gather(first *Job[W]) (jobs []*Job[W], writes []W) {
	// Those who were just answered are about to ask again; letting them run first
	// makes one full batch of them instead of a batch of one and a batch of the rest.
	runtime.Gosched()
	for j, open := first, true; open; {
		if j.state.CompareAndSwap(waiting, taken) {
			jobs, writes = append(jobs, j), append(writes, j.writes...)
		}
		if len(writes) >= w.batch {
			return jobs, writes
		}
		select {
		case j, open = <-w.queue:
		default:
			return jobs, writes
		}
	}
	return jobs, writes
}

// Repeat is one outcome for n writes.
func Repeat(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}
