// Package engine runs one lobby. One goroutine owns the state machine, its
// timers and every stream's outbox; it touches no socket, and waits for no
// policy and no database: what they have to say comes back as a message on a
// lane of its own.
//
//	conn ─Post─▶ inbox ─▶ lobby.Step ─Effects─▶ Tell  ─▶ outbox ─▶ sink
//	                 ▲                          Store ─▶ writer ──┐
//	                 │                          Load  ─▶ loader ──┤
//	                 │                          Ask   ─▶ asker ───┤
//	                 └──────── reserved room ◀────────────────────┘
//	                                            Feed  ─▶ reel ─Update─▶ reserved room
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/wire"
)

// Store is what an engine needs of the store.
type Store interface {
	Commit(ctx context.Context, writes []lobby.Write) []error
	Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error)
	Person(ctx context.Context, id lobby.PersonID) (store.Person, error)
	OpenCalls(ctx context.Context) ([]lobby.CallStart, error)
}

// Reel is the read model this engine feeds. Both methods return at once.
type Reel interface {
	Feed(reel.Item)
	Offer(viewer, other lobby.PersonID, now int64) *lobby.Offer
}

// Deps are an engine's neighbours. All are required but Journal and AtRest.
type Deps struct {
	Store Store
	Reel  Reel
	// Decide asks the cooldown policy; called from the engine's own few goroutines.
	Decide func(ctx context.Context, c lobby.Case) (seconds int64, digest string, err error)
	// Face makes what others may see of a person (trimmed and encoded once).
	Face func(ctx context.Context, p store.Person) (*reel.Face, error)
	// ICE makes the servers a member of a call may use, until (Unix ms) the
	// logins in them end; 0: they do not. Quick, never fails.
	ICE func(p lobby.PersonID, now time.Time) (servers []wire.ICEServer, until int64)
	// Journal is handed every step and its effects, in order, from the engine's
	// goroutine, once they are done. It must not block, nor change what it is handed.
	Journal func(lobby.Stamp, lobby.Event, []lobby.Effect)
	// AtRest is called after a Journal call for a step that left nobody in the
	// lobby and nothing under way.
	AtRest func(lobby.Rest)
	Now    func() time.Time
	// Seed gives 64 random bits at a time; called from the engine's goroutine only.
	Seed func() uint64
	Log  *slog.Logger
}

// Config are an engine's figures.
type Config struct {
	Lobby      string // the lobby's id on the wire
	Epoch      string // changes with every start
	Rules      lobby.Rules
	Inbox      int // people's events that may wait; default 16,384
	OutboxMax  int // bytes of unacknowledged frames kept per person; default 16 KB
	ResumeFor  time.Duration
	Loaders    int           // store reads at once; default 4
	WriteLimit time.Duration // how long one commit may take; default 30 s
}

// Engine runs one lobby. Its methods are safe for concurrent use.
type Engine struct {
	cfg  Config
	deps Deps

	in    inbox
	write queue[writeJob]
	loads queue[loadJob]
	asks  queue[askJob]

	refaces refaceLine
	era     atomic.Uint64 // how often Reface was called

	// Owned by Run's goroutine.
	lobby     *lobby.Lobby
	streams   map[lobby.ConnID]*stream
	people    map[lobby.PersonID]*present
	cards     uint32        // how many cards were made
	lost      []loss        // streams without a socket, the first to expire first
	sweepAt   int64         // ms
	behind    []*stream     // whose peers are too slow for the reel
	catchUpAt int64         // ms, when those are shown it again
	last      int64         // ms of the latest stamp
	sparing   bool          // memory is short; see Spare
	after     []lobby.Event // to step once the current step's effects are done

	stats   atomic.Pointer[Stats]
	workers sync.WaitGroup
	started chan struct{}
	leaving chan struct{} // closed when the loop has ended and the writer finishes up
	ended   chan struct{}
}

// Stats are a moment's figures.
type Stats struct {
	People  int // in the lobby
	Free    int
	Rings   int
	Calls   int
	Streams int
	Known   int // people with a stream, in the lobby or in a meeting
	Steps   uint64
	Waiting int // store writes not yet answered
}

// New makes an engine; Run starts it.
func New(cfg Config, deps Deps) *Engine {
	if cfg.Inbox == 0 {
		cfg.Inbox = 16384
	}
	if cfg.OutboxMax == 0 {
		cfg.OutboxMax = 16 << 10
	}
	if cfg.ResumeFor == 0 {
		cfg.ResumeFor = time.Duration(cfg.Rules.GraceMS) * time.Millisecond
	}
	if cfg.Loaders == 0 {
		cfg.Loaders = 4
	}
	if cfg.WriteLimit == 0 {
		cfg.WriteLimit = 30 * time.Second
	}
	e := &Engine{
		cfg: cfg, deps: deps,
		lobby:   lobby.New(cfg.Rules),
		streams: map[lobby.ConnID]*stream{},
		people:  map[lobby.PersonID]*present{},
		started: make(chan struct{}),
		leaving: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	e.in.init(cfg.Inbox)
	e.write.init()
	e.loads.init()
	e.asks.init()
	e.refaces.init()
	e.stats.Store(&Stats{})
	return e
}

// Run recovers unfinished calls, then runs the lobby until ctx ends. Before it
// returns it writes down what was already decided; calls that run stay open in
// the store and are recovered by the next Run of another engine.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.ended)
	defer e.in.close()
	if err := e.recover(ctx); err != nil {
		return fmt.Errorf("engine: recover calls: %w", err)
	}
	// The writer outlives the loop: what the last steps decided is still stored.
	off := context.WithoutCancel(ctx)
	e.workers.Go(func() { e.runWriter(off) })
	for range e.cfg.Loaders {
		e.workers.Go(func() { e.runLoader(off) })
	}
	for range 2 {
		e.workers.Go(func() { e.runAsker(off) })
	}
	e.workers.Go(func() { e.runRefacer(off) })
	close(e.started)
	e.loop(ctx)
	close(e.leaving)
	e.write.close()
	e.loads.close()
	e.asks.close()
	e.workers.Wait()
	return nil
}

// Started is closed when calls are recovered and streams may attach.
func (e *Engine) Started() <-chan struct{} { return e.started }

// Stats returns the figures after the latest batch of steps.
func (e *Engine) Stats() Stats { return *e.stats.Load() }

// recover reads the calls that a former epoch left open, with their people's faces.
func (e *Engine) recover(ctx context.Context) error {
	calls, err := e.deps.Store.OpenCalls(ctx)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		return nil
	}
	for _, c := range calls {
		for _, id := range c.People() {
			p, err := e.deps.Store.Person(ctx, id)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("person %d of call %d: %w", id, c.Call, err)
			}
			// A call goes on though a face cannot be shown: it has a nameless card then.
			if face, err := e.deps.Face(ctx, p); err != nil {
				e.deps.Log.Warn("a recovered call lacks a face", "err", err)
			} else if p.ID == id {
				e.wear(e.person(id), p, face)
			}
		}
	}
	e.deps.Log.Info("unfinished calls recovered", "calls", len(calls))
	e.step(lobby.Recovered{Calls: calls})
	return nil
}

// loop is the goroutine that owns the lobby.
func (e *Engine) loop(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(e.nap())
		select {
		case <-ctx.Done():
			return
		case <-e.in.wake:
			for _, m := range e.in.take() {
				m.apply(e)
			}
		case <-timer.C:
		}
		now := e.now()
		if due, ok := e.lobby.NextDeadline(); ok && due <= now {
			e.step(lobby.Tick{})
		}
		e.expireStreams(now)
		e.catchUp(now)
		e.publishStats()
	}
}

// nap is how long nothing is due.
func (e *Engine) nap() time.Duration {
	now := e.now()
	next := now + int64(time.Minute/time.Millisecond)
	if due, ok := e.lobby.NextDeadline(); ok {
		next = min(next, due)
	}
	if len(e.lost) > 0 {
		next = min(next, e.lost[0].at+e.resumeMS())
	}
	if len(e.behind) > 0 {
		next = min(next, e.catchUpAt)
	}
	return time.Duration(max(next-now, 0)) * time.Millisecond
}

func (e *Engine) now() int64 {
	return max(e.last, e.deps.Now().UnixMilli())
}

// step runs one event through the lobby and does what follows, in order.
func (e *Engine) step(ev lobby.Event) {
	e.last = e.now()
	at := lobby.Stamp{At: e.last, Seed: e.deps.Seed()}
	effects := e.lobby.Step(at, ev)
	for _, eff := range effects {
		e.do(eff)
	}
	if e.deps.Journal != nil {
		e.deps.Journal(at, ev, effects)
	}
	if e.deps.AtRest != nil {
		if r, resting := e.lobby.AtRest(); resting {
			e.deps.AtRest(r)
		}
	}
	// What the effects themselves brought about comes after all of them.
	for len(e.after) > 0 {
		ev := e.after[0]
		e.after = e.after[1:]
		e.step(ev)
	}
}

func (e *Engine) do(eff lobby.Effect) {
	switch x := eff.(type) {
	case lobby.Tell:
		e.tell(x)
	case lobby.Store:
		e.store(x)
	case lobby.Load:
		// Behind the writer, so that a person's own acknowledged writes are seen.
		e.write.put(writeJob{load: &loadJob{op: x.Op, person: x.Person}})
	case lobby.Ask:
		e.asks.put(askJob{op: x.Op, c: x.Case})
	case lobby.Drop:
		e.drop(x)
	case lobby.Feed:
		e.feed(x)
	}
}

func (e *Engine) publishStats() {
	people, free, rings, calls := e.lobby.Counts()
	e.stats.Store(&Stats{People: people, Free: free, Rings: rings, Calls: calls,
		Streams: len(e.streams), Known: len(e.people), Steps: e.lobby.Seq(), Waiting: e.write.len()})
}

var _ conn.Backend = (*Engine)(nil)
