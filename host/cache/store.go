package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Options of a Store; all are needed but Tell.
type Options struct {
	Bytes int64            // of all entries together; see Shares
	Keep  time.Duration    // how long an entry is believed, at most
	Wait  time.Duration    // for one read of the store that somebody waits for
	Now   func() time.Time // the same clock as callers' "now"
	// Tell hears of everything forgotten here, after it was and before the writer
	// hears of the write, for other servers' Forget. Nil: there are no others.
	Tell func(Stale)
}

// Shares of a cache's bytes, in sixteenths. Cards are the server's own table,
// not a Store's.
const (
	PeopleShare   = 5
	SessionsShare = 3
	BarsShare     = 4
	CardsShare    = 4
)

// Share is so many sixteenths of bytes.
func Share(bytes, sixteenths int64) int64 { return max(bytes*sixteenths/16, 1) }

// KeepMissing is how long the store is not asked again for what it has not.
const KeepMissing = 10 * time.Second

// Store is a store.Store that answers Person, Session, Login and Bars from
// memory where it can. A read sees every write through this Store that returned
// before the read began. Writes by others than this Store and those it is told of
// (Forget) are seen within Options.Keep.
//
// While the store behind is away, what is in memory is still answered; what is
// not, fails as it would without a cache. No failure is ever kept or taken for "none".
type Store struct {
	store.Store
	tell     func(Stale)
	people   *Table[int64, store.Person]
	sessions *Table[string, visit]
	bars     *Table[int64, bars]
	swept    sweeps
	now      func() time.Time
}

var _ store.Store = (*Store)(nil)

// New puts a cache before inner, which Close closes too.
func New(inner store.Store, o Options) (s *Store, err error) {
	s = &Store{Store: inner, tell: o.Tell, now: o.Now}
	if s.tell == nil {
		s.tell = func(Stale) {}
	}
	missing := func(err error) bool { return errors.Is(err, store.ErrNotFound) }
	if s.people, err = NewTable(Rules[int64, store.Person]{
		Name: "people", Load: s.loadPerson, LoadWait: o.Wait, Missing: missing, Weigh: weighPerson,
		Bytes: Share(o.Bytes, PeopleShare), Keep: o.Keep, KeepMissing: KeepMissing, Now: o.Now,
	}); err != nil {
		return nil, err
	}
	if s.sessions, err = NewTable(Rules[string, visit]{
		Name: "sessions", Load: s.loadSession, LoadWait: o.Wait, Missing: missing, Weigh: weighVisit,
		Bytes: Share(o.Bytes, SessionsShare), Keep: o.Keep, KeepMissing: KeepMissing, Now: o.Now,
		Owner: func(v visit) int64 { return int64(v.Person) },
	}); err != nil {
		s.people.Close()
		return nil, err
	}
	if s.bars, err = NewTable(Rules[int64, bars]{
		Name: "bars", Load: s.loadBars, LoadWait: o.Wait, Weigh: weighBars,
		Bytes: Share(o.Bytes, BarsShare), Keep: o.Keep, Now: o.Now,
	}); err != nil {
		s.people.Close()
		s.sessions.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the store behind and frees the cache.
func (s *Store) Close() error {
	err := s.Store.Close()
	s.people.Close()
	s.sessions.Close()
	s.bars.Close()
	return err
}

// Shrink empties the cache and lets it have an eighth of its bytes, or (on is
// false) all of them again.
func (s *Store) Shrink(on bool) {
	s.people.Shrink(on)
	s.sessions.Shrink(on)
	s.bars.Shrink(on)
}

// Tables is how each table does.
func (s *Store) Tables() []Stats {
	return []Stats{s.people.Stats(), s.sessions.Stats(), s.bars.Stats()}
}

// Behind is the store that the cache stands in front of. Nothing may be written
// to it but what changes no person, session or bar.
func (s *Store) Behind() store.Store { return s.Store }

// Stale names what a write may have changed.
type Stale struct {
	People   []lobby.PersonID
	Tokens   []string         // sessions, by the hash of their token
	Sessions []lobby.PersonID // all sessions of these people
	Bars     []lobby.PersonID
	AllBars  bool
	// Unknown: the write may still be under way.
	Unknown bool
}

// Forget makes what a write may have changed be read anew.
func (s *Store) Forget(w Stale) {
	if w.Unknown { // first: what is read from here on is not kept
		s.people.Doubt()
		s.sessions.Doubt()
		s.bars.Doubt()
	}
	for _, id := range w.People {
		s.people.Forget(int64(id))
	}
	for _, hash := range w.Tokens {
		s.sessions.Forget(hash)
	}
	for _, id := range w.Sessions {
		s.sessions.ForgetOwner(int64(id))
	}
	if w.AllBars {
		s.bars.ForgetAll()
		return
	}
	for _, id := range w.Bars {
		s.bars.Forget(int64(id))
	}
}

// wrote forgets what a write with this outcome may have changed, here and elsewhere.
func (s *Store) wrote(w Stale, err error) error {
	w.Unknown = w.Unknown || unknown(err)
	s.Forget(w)
	s.tell(w)
	return err
}

// unknown: a caller's own end says little about what became of the write.
func unknown(err error) bool {
	return errors.Is(err, store.ErrUnknown) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func says(op string, err error) error { return fmt.Errorf("cache: %s: %w", op, err) }
