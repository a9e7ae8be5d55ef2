package bot

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Entry is one place in a reel.
type Entry struct {
	Card  wire.Card
	Score int64
	Busy  bool
}

// Reel is what the person sees of the lobby: one full list, then deltas.
// Not safe for concurrent use; Person guards its own.
type Reel struct {
	// Lean keeps only who is there, not their cards; thousands of bots fit in one process.
	Lean bool

	full    bool
	at      int64
	entries map[int64]Entry
}

// Full says whether a whole reel has come since the last Clear.
func (r *Reel) Full() bool { return r.full }

// Clear forgets everything, as after a stream that could not be resumed.
func (r *Reel) Clear() { r.full, r.at, r.entries = false, 0, nil }

// Replace takes a whole reel. The error names what is wrong with it.
func (r *Reel) Replace(ev wire.ServerReelFull) error {
	r.full, r.at, r.entries = true, ev.At, make(map[int64]Entry, len(ev.Entries))
	var err error
	for _, e := range ev.Entries {
		n := len(r.entries)
		err = cmp.Or(err, r.put(e))
		if len(r.entries) == n {
			err = cmp.Or(err, fmt.Errorf("bot: reel.full names somebody twice"))
		}
	}
	return err
}

// Apply takes a delta. The error names the first thing that does not fit what
// came before; all that fits is applied nevertheless.
func (r *Reel) Apply(ev wire.ServerReelDelta) error {
	if !r.full {
		return fmt.Errorf("bot: reel.delta before reel.full")
	}
	var err error
	if ev.At < r.at {
		err = fmt.Errorf("bot: reel.delta at %d after %d", ev.At, r.at)
	}
	r.at = max(r.at, ev.At)
	for _, id := range ev.Gone {
		err = cmp.Or(err, r.change(id, "gone", func(*Entry) {}))
		delete(r.entries, id)
	}
	for _, e := range ev.Put {
		err = cmp.Or(err, r.put(e))
	}
	for _, s := range ev.Score {
		err = cmp.Or(err, r.change(s.ID, "score", func(e *Entry) { e.Score = s.Score }))
	}
	for _, id := range ev.Busy {
		err = cmp.Or(err, r.change(id, "busy", func(e *Entry) { e.Busy = true }))
	}
	for _, id := range ev.Free {
		err = cmp.Or(err, r.change(id, "free", func(e *Entry) { e.Busy = false }))
	}
	return err
}

func (r *Reel) put(e wire.Entry) error {
	c, err := wire.ParseCard(e.Card)
	if err != nil {
		return fmt.Errorf("bot: reel: %w", err)
	}
	if r.Lean {
		c = wire.Card{ID: c.ID, V: c.V}
	}
	r.entries[c.ID] = Entry{Card: c, Score: e.Score, Busy: e.Busy}
	return nil
}

func (r *Reel) change(id int64, field string, f func(*Entry)) error {
	e, ok := r.entries[id]
	if !ok {
		return fmt.Errorf("bot: reel.delta: %s: %d is not in the reel", field, id)
	}
	f(&e)
	r.entries[id] = e
	return nil
}

// Entries are the places in order: highest score first, then id.
func (r *Reel) Entries() []Entry {
	out := make([]Entry, 0, len(r.entries))
	for _, e := range r.entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Card.ID, b.Card.ID))
	})
	return out
}
