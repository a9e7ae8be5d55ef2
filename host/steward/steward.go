// Package steward keeps a server small however long it runs. Every few minutes
// it does its chores: what is over and done with goes. Every half minute, and
// after each of the collector's rounds, it reads the memory; at the warning mark it says
// so, at the critical mark it sheds, one thing after the other in a stated
// order, and takes all of it back when there is room again.
//
// It knows no other part of the server: chores and what can be shed are handed
// to it, in the order that counts.
package steward

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Level says how scarce memory is.
type Level int32

const (
	Calm     Level = iota
	Warning        // said, and nothing else
	Critical       // things are being shed, or were and are not yet taken back
)

func (l Level) String() string { return [...]string{"calm", "warning", "critical"}[l] }

// Chore is one thing to clean up.
type Chore struct {
	Name string // in logs and metrics
	// Do does a bounded part of the work, and tells how many things went and
	// whether there is more to do at once. An error leaves it for the next round.
	Do func(ctx context.Context, now time.Time) (gone int, more bool, err error)
}

// Shed is one thing the server can do without for a while. Both are called by
// Run's goroutine and must not block for long.
type Shed struct {
	Name string
	Shed func()
	Back func() // undoes it; nil: it comes back by itself as it is needed
}

// Config holds the figures. Zero fields take their default.
type Config struct {
	CleanEvery time.Duration // 5 min
	LookEvery  time.Duration // 30 s
	// The marks, as parts of the limit. Warning ends below Warning-Slack, shedding below Warning.
	Warning, Critical, Slack float64 // 0.75, 0.90, 0.05
}

func (c Config) withDefaults() Config {
	set(&c.CleanEvery, 5*time.Minute)
	set(&c.LookEvery, 30*time.Second)
	set(&c.Warning, 0.75)
	set(&c.Critical, 0.90)
	set(&c.Slack, 0.05)
	return c
}

func set[T time.Duration | float64](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Deps is what a Steward works with. Read, Now and Log are needed.
type Deps struct {
	Read   func() Memory
	Chores []Chore // in this order
	Sheds  []Shed  // the first goes first, and comes back last
	// Free gives unused memory back to the system; debug.FreeOSMemory by default.
	Free func()
	// Settled is called some time after the start, and after Stirred, to give back
	// what only the start needed. Nil: nothing is.
	Settled func()
	// Collections calls its argument after each of the collector's rounds until
	// stopped; by default it watches Go's.
	Collections func(look func()) (stop func())
	Now         func() time.Time
	Log         *slog.Logger
}

// Stats is how the steward does.
type Stats struct {
	Memory Memory // as read last
	Level  Level
	Shed   []string       // what is shed now, in order
	Sheds  uint64         // times that something was shed
	Gone   map[string]int // by chore, since the start
	Failed map[string]int // rounds that failed, by chore
	Rounds int            // of all chores
}

// Steward looks after one server. Make it with New, then call Run once.
type Steward struct {
	cfg      Config
	deps     Deps
	level    atomic.Int32
	poke     chan struct{}
	stirring chan struct{}

	mu    sync.Mutex // guards stats
	stats Stats

	// Run's goroutine's:
	shed  int       // how many of Sheds are shed
	freed time.Time // when Free was called last
}

// New makes a steward; nothing happens before Run.
func New(cfg Config, d Deps) *Steward {
	if d.Free == nil {
		d.Free = debug.FreeOSMemory
	}
	if d.Collections == nil {
		d.Collections = afterCollections
	}
	s := &Steward{cfg: cfg.withDefaults(), deps: d, poke: make(chan struct{}, 1), stirring: make(chan struct{}, 1)}
	s.stats.Gone, s.stats.Failed = map[string]int{}, map[string]int{}
	for _, c := range d.Chores {
		s.stats.Gone[c.Name], s.stats.Failed[c.Name] = 0, 0
	}
	return s
}

// Level may be asked at any time, and often.
func (s *Steward) Level() Level { return Level(s.level.Load()) }

// Stats is a snapshot. Safe from any goroutine.
func (s *Steward) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Level = s.Level()
	st.Gone, st.Failed = clone(st.Gone), clone(st.Failed)
	st.Shed = slices.Clone(st.Shed)
	return st
}

func clone(m map[string]int) map[string]int {
	c := make(map[string]int, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// Look has the memory read soon, by Run. It never blocks.
func (s *Steward) Look() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Stirred says that something like a start has just been, as when a plugin is
// loaded: after a while there is something to give back again. It never blocks.
func (s *Steward) Stirred() {
	select {
	case s.stirring <- struct{}{}:
	default:
	}
}

// Run looks and cleans until ctx ends. What is shed comes back at the end.
func (s *Steward) Run(ctx context.Context) error {
	defer s.takeBack(0)
	stop := s.deps.Collections(s.Look)
	defer stop()
	look := time.NewTicker(s.cfg.LookEvery)
	defer look.Stop()
	clean := time.NewTicker(s.cfg.CleanEvery)
	defer clean.Stop()
	settled := time.NewTimer(s.cfg.LookEvery)
	defer settled.Stop()
	s.look()
	for {
		select {
		case <-settled.C:
			if s.deps.Settled != nil {
				s.deps.Settled()
			}
			s.deps.Free()
		case <-s.stirring:
			settled.Reset(s.cfg.LookEvery)
		case <-ctx.Done():
			return ctx.Err()
		case <-s.poke:
			s.look()
		case <-look.C:
			s.look()
		case <-clean.C:
			s.clean(ctx)
		}
	}
}

// look reads the memory and does what its level asks for.
func (s *Steward) look() {
	m := s.read()
	if m.Limit == 0 {
		return
	}
	part := func() float64 { return float64(m.Used) / float64(m.Limit) }
	switch {
	case part() >= s.cfg.Critical:
		// What the collector has not given back yet is not in use.
		if s.shed < len(s.deps.Sheds) {
			s.free()
		} else {
			s.freeSeldom()
		}
		for m = s.read(); part() >= s.cfg.Critical && s.shed < len(s.deps.Sheds); m = s.read() {
			next := s.deps.Sheds[s.shed]
			s.shed++
			next.Shed()
			s.free()
			s.told()
			s.deps.Log.Warn("memory is critical: shed", "what", next.Name, "used_mib", m.Used>>20, "limit_mib", m.Limit>>20)
		}
		if s.shed > 0 || part() >= s.cfg.Critical {
			s.enter(Critical, m)
		} else if part() >= s.cfg.Warning {
			s.enter(Warning, m)
		}
	case part() >= s.cfg.Warning:
		if s.shed == 0 {
			s.enter(Warning, m)
		} else {
			s.freeSeldom() // people who left may have left room that only seems used
		}
	case s.Level() == Critical:
		// One thing at a time: all at once might be too much again.
		s.takeBack(s.shed - 1)
		if s.shed == 0 {
			s.enter(Warning, m)
		}
	case part() < s.cfg.Warning-s.cfg.Slack:
		s.enter(Calm, m)
	}
}

func (s *Steward) free() {
	s.freed = s.deps.Now()
	s.deps.Free()
}

// freeSeldom is for when there is nothing to follow: each Free is a collection,
// after which there is another look.
func (s *Steward) freeSeldom() {
	if s.deps.Now().Sub(s.freed) >= s.cfg.LookEvery {
		s.free()
	}
}

func (s *Steward) read() Memory {
	m := s.deps.Read()
	s.mu.Lock()
	s.stats.Memory = m
	s.mu.Unlock()
	return m
}

// enter says every change of level once.
func (s *Steward) enter(l Level, m Memory) {
	was := Level(s.level.Swap(int32(l)))
	if was == l {
		return
	}
	level := slog.LevelInfo
	if l > was {
		level = slog.LevelWarn
	}
	s.deps.Log.Log(context.Background(), level, "memory is "+l.String(), "used_mib", m.Used>>20, "go_mib", m.Go>>20, "limit_mib", m.Limit>>20)
}

// takeBack undoes what was shed last until only n things are shed.
func (s *Steward) takeBack(n int) {
	for s.shed > max(n, 0) {
		s.shed--
		last := s.deps.Sheds[s.shed]
		if last.Back != nil {
			last.Back()
		}
		s.deps.Log.Info("memory has room: taken back", "what", last.Name)
		s.told()
	}
}

// told keeps the stats' list of what is shed.
func (s *Steward) told() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shed > len(s.stats.Shed) {
		s.stats.Sheds++
	}
	s.stats.Shed = s.stats.Shed[:0:0]
	for _, x := range s.deps.Sheds[:s.shed] {
		s.stats.Shed = append(s.stats.Shed, x.Name)
	}
}

// mostParts bounds one chore's share of a round; the rest waits for the next.
const mostParts = 1000

// clean does every chore once, to its end or to mostParts.
func (s *Steward) clean(ctx context.Context) {
	for _, c := range s.deps.Chores {
		gone := 0
		for range mostParts {
			n, more, err := c.Do(ctx, s.deps.Now())
			gone += n
			if err != nil && ctx.Err() == nil {
				s.count(c.Name, 0, 1)
				s.deps.Log.Warn("a chore is left for the next round", "chore", c.Name, "err", err)
			}
			if err != nil || !more || ctx.Err() != nil {
				break
			}
		}
		s.count(c.Name, gone, 0)
		if gone > 0 {
			s.deps.Log.Debug("cleaned up", "chore", c.Name, "gone", gone)
		}
	}
	s.mu.Lock()
	s.stats.Rounds++
	s.mu.Unlock()
}

func (s *Steward) count(chore string, gone, failed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Gone[chore] += gone
	s.stats.Failed[chore] += failed
}

// afterCollections calls f after every round of Go's collector, which come the
// more often the scarcer memory is, until stop is called. f must not block.
func afterCollections(f func()) (stop func()) {
	var stopped atomic.Bool
	var arm func()
	arm = func() {
		// An object that nothing holds is gone after the next round.
		runtime.AddCleanup(new([16]byte), func(struct{}) {
			if !stopped.Load() {
				f()
				arm()
			}
		}, struct{}{})
	}
	arm()
	return func() { stopped.Store(true) }
}
