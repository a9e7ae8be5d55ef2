package reel

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// Config is the reel's figures. A zero field takes its default.
type Config struct {
	K              int           // faces in a reel; 20
	Reserve        int           // faces ranked behind them, to refill from; 44
	ExposureFactor int           // a face is shown to at most ExposureFactor*K viewers at once; 2
	Few            int           // below so many faces a viewer is given overexposed ones too, the least exposed first; 5
	MinInterval    time.Duration // between two updates to one viewer; 200 ms
	Presence       time.Duration // between two tellings of who is busy and who is free, to one viewer; 1 s
	Refresh        time.Duration // a list is ranked afresh this often, each viewer's at a phase of its own; 15 s
	RefreshEach    time.Duration // or, if that is longer, this often times the people in the lobby; 6 ms
	OfferFor       time.Duration // how long a face that went counts as offered; 10 s
}

// WithDefaults fills the zero fields.
func (c Config) WithDefaults() Config {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	span := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&c.K, 20)
	def(&c.Reserve, 44)
	def(&c.ExposureFactor, 2)
	def(&c.Few, 5)
	c.Few = min(c.Few, c.K)
	span(&c.MinInterval, 200*time.Millisecond)
	span(&c.Presence, time.Second)
	span(&c.Refresh, 15*time.Second)
	span(&c.RefreshEach, 6*time.Millisecond)
	span(&c.OfferFor, 10*time.Second)
	return c
}

// Deps is what the reel needs of the world. All but Log must be set.
type Deps struct {
	// Ranker hands over the current generation's scorer, which the reel then owns
	// and closes. Called by Run's goroutine, which waits for it.
	Ranker func(ctx context.Context) (policy.Match, error)
	// Stale tells that Ranker would hand over a newer generation. Asked often.
	Stale func() bool
	// Emit takes an update, in the order they must reach each connection. It is
	// called by Run's goroutine and must not block.
	Emit func(Update)
	Now  func() time.Time
	Log  *slog.Logger
}

// Stats is how the reel is doing: three gauges, the rest counted since the start.
type Stats struct {
	People        int // in the lobby
	Watchers      int // people with at least one connection that shows the reel
	ExposureMax   int // viewers of the most shown face, now
	Rescored      int // lists ranked afresh
	Updates       int // emitted
	Fulls         int // of those, whole reels
	Cards         int // cards in all updates
	MatchFailures int // calls of the scorer that failed
	RankerErrors  int // times that no scorer could be had
	Generations   int // scorers taken
}

// Reel ranks one lobby for those who watch it.
type Reel struct {
	cfg   Config
	deps  Deps
	limit int // viewers of one face

	mu     sync.Mutex // guards inbox, closed and stats
	inbox  []Item
	closed bool
	stats  Stats
	wake   chan struct{}

	offers *board

	// All below belongs to Run's goroutine.
	clock  clock
	now    int64 // ms, read once per pass or item
	seq    uint64
	news   []Item // taken from the inbox
	heard  int    // of those, how many are applied
	people map[lobby.PersonID]*person
	slots  slots
	tables []*table // the current generation last; before it the one that lists still stand on
	ranks  alarms   // what has many rows scored
	chores alarms   // all else
	credit int      // rows the running part of a pass may still score

	renewAt    int64 // no scorer is asked for before
	renewTries int
	loggedAt   int64

	count    Stats
	exposure []int   // how many faces have so many viewers
	scores   []int32 // scratch of one scoring
	keys     []uint64
	pool     []place // scratch of one ranking, as keys
	next     []shown // scratch of one update
}

// New makes a reel; nothing happens before Run.
func New(cfg Config, deps Deps) *Reel {
	cfg = cfg.WithDefaults()
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Reel{
		cfg: cfg, deps: deps, limit: cfg.ExposureFactor * cfg.K,
		wake:   make(chan struct{}, 1),
		offers: newBoard(cfg.OfferFor.Milliseconds()),
		clock:  startClock(deps.Now),
		people: map[lobby.PersonID]*person{},
	}
}

// Feed hands over one change of the lobby, in the lobby's order. It never
// blocks and never drops (except once Run has returned). Safe from any
// goroutine, but order is the caller's.
func (r *Reel) Feed(it Item) {
	r.mu.Lock()
	if !r.closed {
		r.inbox = append(r.inbox, it)
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Offer answers what the reel has offered viewer about other, as of now (Unix
// ms): nil when other was not shown to them in the last OfferFor. SeenAt is now
// while other still is. Safe from any goroutine.
func (r *Reel) Offer(viewer, other lobby.PersonID, now int64) *lobby.Offer {
	return r.offers.offer(viewer, other, now)
}

// Stats is a snapshot. Safe from any goroutine.
func (r *Reel) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Run follows the feed until ctx ends, and returns its error. Call it once.
func (r *Reel) Run(ctx context.Context) error {
	defer r.close(context.WithoutCancel(ctx))
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.wake:
		case <-timer.C:
		}
		if wait, ok := r.pass(ctx); ok {
			if wait > 0 {
				wait = max(wait, turn)
			}
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
	}
}

// turn is the least time between two passes that no news asks for: what many
// viewers are due within it goes out together.
const turn = 20 * time.Millisecond

func (r *Reel) close(ctx context.Context) {
	r.mu.Lock()
	r.closed, r.inbox = true, nil
	r.mu.Unlock()
	for _, t := range r.tables {
		r.closeTable(ctx, t)
	}
	r.tables = nil
}
