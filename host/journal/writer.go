package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

// ErrClosed: the journal takes nothing any more.
var ErrClosed = errors.New("journal is closed")

// Writer writes one epoch's journal, in one file after the other. Its methods are safe for concurrent use;
// Step, Row and Shown never wait for the writing. What they are given they
// read later: it must not be changed.
type Writer struct {
	options Options
	now     func() time.Time
	log     *slog.Logger
	queue   queue
	chores  chan chore
	done    chan struct{}

	// Owned by the writing goroutine.
	header Header // of the present file
	file   file
	enc    *encoder
	masks  mask
	gens   map[policy.Generation]int // in the present file
	steps  int                       // of the epoch, so far
	last   int64                     // ms, the latest of them
	broken bool                      // steps are missing from the present file

	// While the disk refuses: the rest of what was taken from the queue, which
	// fills up meanwhile, and how the file is begun for which there was no room.
	stalled bool
	held    []any
	rest    *lobby.Rest

	mu    sync.Mutex
	path  string
	stats Stats
}

// file is what a Writer needs of an *os.File.
type file interface {
	Write(b []byte) (int, error)
	Close() error
}

// Stats are a Writer's figures since the start.
type Stats struct {
	Bytes   int64  `json:"bytes"`             // in the present file
	Files   uint64 `json:"files"`             // begun
	Records uint64 `json:"records"`           // written
	Lost    uint64 `json:"lost"`              // for want of room in the queue
	Stopped string `json:"stopped,omitempty"` // why nothing can be written at present
}

// chore is something to do between two writes.
type chore struct {
	do   func() error
	done chan error
}

// Open makes room in o.Dir, begins a file there and starts writing. The header's
// Format is filled in. The caller closes the Writer.
func Open(o Options, h Header, now func() time.Time, log *slog.Logger) (*Writer, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: open: %w", err)
	}
	h.Format, h.Started = Format, now().UnixMilli()
	h.Reel = h.Reel.WithDefaults()
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("journal: open: %w", err)
	}
	path, f, err := create(o, h, now())
	if err != nil {
		return nil, fmt.Errorf("journal: open: %w", err)
	}
	w, err := open(o, h, f, now, log)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	w.path = path
	go w.run()
	return w, nil
}

// open is Open on a file that is there; it starts nothing.
func open(o Options, h Header, f file, now func() time.Time, log *slog.Logger) (*Writer, error) {
	enc, err := newEncoder(f, o.Bytes/2, h)
	if err != nil {
		return nil, fmt.Errorf("journal: open: %w", err)
	}
	w := &Writer{options: o, now: now, log: log, header: h, file: f, enc: enc, masks: mask{}, gens: map[policy.Generation]int{},
		chores: make(chan chore), done: make(chan struct{}), stats: Stats{Bytes: enc.size, Files: 1}}
	w.queue.init(o.Queue)
	return w, nil
}

// Path names the present file.
func (w *Writer) Path() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.path
}

// Step records a step of the lobby, in order.
func (w *Writer) Step(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) {
	w.queue.put(stepped{at, ev, effects})
}

// Row records what is ranked of a person. It comes before the Step that fed it.
func (w *Writer) Row(id lobby.PersonID, p policy.Person) {
	w.queue.put(Row{Person: id, Numbers: numbersOf(p)})
}

// Shown records what a viewer is shown from now on.
func (w *Writer) Shown(u reel.Update) {
	if u.Full || len(u.Put)+len(u.Gone)+len(u.Scores) > 0 {
		w.queue.put(shown{w.now().UnixMilli(), u})
	}
}

// Erase puts a tombstone in a person's place, in every journal of the folder
// and in what is yet to come of this one. It waits for the rewriting, during
// which records may be lost (and then are counted in a Gap).
func (w *Writer) Erase(ctx context.Context, id lobby.PersonID) error {
	return w.between(ctx, func() error { return w.erase(id) })
}

// Prune deletes the folder's journals that are too many, too large together or
// too old, and answers how many; never the present one.
func (w *Writer) Prune(ctx context.Context) (gone int, err error) {
	err = w.between(ctx, func() error {
		gone, err = prune(w.options, w.now(), w.path)
		return err
	})
	return gone, err
}

// between has the writing goroutine do something, once it has written what waits.
func (w *Writer) between(ctx context.Context, do func() error) error {
	c := chore{do, make(chan error, 1)}
	select {
	case w.chores <- c:
		return <-c.done
	case <-w.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats are the figures as of the latest flush.
func (w *Writer) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.Lost = w.queue.lostInAll()
	return w.stats
}

// Close writes what is queued and an End, and waits for both. It fails where
// the disk refuses them.
func (w *Writer) Close() (err error) {
	w.queue.close()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stats.Stopped != "" {
		err = fmt.Errorf("journal: close: what waited is lost: %s", w.stats.Stopped)
	}
	return errors.Join(err, w.file.Close())
}

// run is the goroutine that writes.
func (w *Writer) run() {
	defer close(w.done)
	tick := time.NewTicker(w.options.Flush)
	defer tick.Stop()
	for closed := false; !closed; {
		select {
		case <-w.queue.wake: // much waits, or it is closed
			if closed = w.queue.isClosed(); closed || !w.stalled {
				w.write()
			}
		case c := <-w.chores:
			w.write()
			c.done <- c.do()
		case <-tick.C:
			if w.write(); !w.stalled {
				w.check(w.enc.flush())
				w.turn()
				w.count(0)
			}
		}
	}
	w.finish()
}

// write writes all that waits, unless the disk refuses.
func (w *Writer) write() {
	if w.stalled && !w.goOn() {
		return
	}
	items := append(w.held, w.queue.take()...)
	w.held = nil
	for i, it := range items {
		err := w.add(it)
		if errors.Is(err, errUnfit) {
			w.log.Error("the journal lost a record", "err", err)
			var gap Gap
			gap.count(it)
			err = w.add(gap)
		}
		w.check(err)
		w.turn()
		if w.stalled {
			w.count(i + 1)
			w.held = items[i+1:]
			return
		}
	}
	w.count(len(items))
}

// turn goes on in a new file where the present one has no room left.
func (w *Writer) turn() {
	if !w.stalled && w.isFull() {
		w.check(w.next(nil))
	}
}

func (w *Writer) add(it any) error {
	switch it := it.(type) {
	case stepped:
		if len(w.masks) > 0 {
			it.ev, it.effects = w.masks.event(it.ev), w.masks.effects(it.effects)
		}
		s, err := stepOf(it.at, it.ev, it.effects)
		if err != nil {
			return fmt.Errorf("%w: %w", errUnfit, err)
		}
		if err = w.enc.add(s); !errors.Is(err, errUnfit) {
			w.steps, w.last = w.steps+1, max(w.last, s.At)
		}
		return err
	case rested:
		return w.atRest(it.Rest)
	case Gap:
		w.steps, w.broken = w.steps+it.Steps, w.broken || it.Steps > 0
		return w.enc.add(it)
	case shown:
		gen, err := w.generation(it.u.Gen)
		return errors.Join(err, w.record(Shown{At: it.at, Viewer: it.u.Viewer, Gen: gen, Full: it.u.Full,
			Put: places(it.u.Put), Gone: it.u.Gone, Scores: places(it.u.Scores)}))
	case Record:
		return w.record(it)
	}
	return fmt.Errorf("%w: a %T", errUnfit, it)
}

func (w *Writer) record(r Record) error {
	if len(w.masks) > 0 {
		if r = w.masks.record(r); r == nil {
			return nil
		}
	}
	return w.enc.add(r)
}

// generation counts the generations, and records a new one.
func (w *Writer) generation(g policy.Generation) (int, error) {
	n, known := w.gens[g]
	if known {
		return n, nil
	}
	n = len(w.gens)
	w.gens[g] = n
	return n, w.enc.add(Taken{Name: g.Name, Digest: g.Digest, Params: g.Params})
}

func (w *Writer) finish() {
	if !w.stalled {
		w.check(w.enc.flush()) // it may go on in a new file
	}
	if !w.stalled {
		w.check(errors.Join(w.enc.add(End{At: w.now().UnixMilli()}), w.enc.flush()))
	}
	w.count(0)
}

// check finds out whether the disk refuses. The evening goes on, and the journal
// once it can: what waits for it finds room in the queue, or is lost and counted.
func (w *Writer) check(err error) {
	if errors.Is(err, errFull) { // one record was larger than the room that is kept free
		err = w.next(nil)
	}
	if err == nil {
		return
	}
	w.stalled = true
	w.say(err.Error())
	w.log.Error("the journal cannot be written", "err", err, "file", w.path)
}

// goOn tries what was refused once more.
func (w *Writer) goOn() bool {
	err := w.enc.write(nil)
	if err == nil && w.enc.full {
		err = w.next(w.rest)
	}
	if err != nil {
		w.say(err.Error())
		return false
	}
	w.stalled = false
	w.say("")
	w.log.Info("the journal goes on", "file", w.path)
	return true
}

func (w *Writer) say(stopped string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.Stopped = stopped
}

func (w *Writer) count(records int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stats.Records += uint64(records)
	w.stats.Bytes = w.enc.size
}
