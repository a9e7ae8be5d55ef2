// Package archive moves finished calls out of the way of a backend's tables and
// finds them again for histories. It is the same for every backend: one hands it
// its rows as a Shelf, inside a transaction where anything is written.
package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Chunk is one row: some dozens of one person's calls.
type Chunk struct {
	Person          lobby.PersonID
	N               int64
	FirstAt, LastAt int64 // ms, when its earliest and latest call started
	Calls           int64
	Body            string
}

// Shelf is a backend's rows.
type Shelf interface {
	// Finished reads ended calls that started before a time, the oldest first.
	Finished(ctx context.Context, before int64, limit int) ([]store.ArchivedCall, error)
	// Delete deletes an ended call and tells whether it was there.
	Delete(ctx context.Context, id lobby.CallID) (bool, error)
	// Chunk reads one; store.ErrNotFound.
	Chunk(ctx context.Context, id lobby.PersonID, n int64) (Chunk, error)
	// Newest reads a person's last one; store.ErrNotFound.
	Newest(ctx context.Context, id lobby.PersonID) (Chunk, error)
	// Before reads up to limit of a person's chunks numbered below a number whose
	// first call started before a time, the last first.
	Before(ctx context.Context, id lobby.PersonID, below, before int64, limit int) ([]Chunk, error)
	// Put writes one, in the place of any with its number.
	Put(ctx context.Context, c Chunk) error
	// Clear deletes a person's chunks.
	Clear(ctx context.Context, id lobby.PersonID) error
}

// all is a number and a time beyond every other.
const all = int64(1<<63 - 1)

// Move archives up to limit calls and answers how many. An error leaves things
// half done: the caller's transaction must not stand.
func Move(ctx context.Context, s Shelf, before int64, limit int) (int, error) {
	calls, err := s.Finished(ctx, before, limit)
	if err != nil {
		return 0, err
	}
	shares := map[lobby.PersonID][]store.ArchivedCall{}
	for _, c := range calls {
		shares[c.Caller] = append(shares[c.Caller], c)
		shares[c.Callee] = append(shares[c.Callee], c)
	}
	for person, share := range shares {
		if err := file(ctx, s, person, share); err != nil {
			return 0, err
		}
	}
	for _, c := range calls {
		if there, err := s.Delete(ctx, c.ID); err != nil || !there {
			return 0, fmt.Errorf("call %d: %w", c.ID, cmp.Or(err, errors.New("it was there a moment ago")))
		}
	}
	return len(calls), nil
}

// file appends calls, which are in order, to a person's chunks: first to the
// last one, while there is room.
func file(ctx context.Context, s Shelf, person lobby.PersonID, calls []store.ArchivedCall) error {
	last, err := s.Newest(ctx, person)
	var have []store.ArchivedCall
	switch {
	case errors.Is(err, store.ErrNotFound):
		last = Chunk{Person: person, N: 0}
	case err != nil:
		return err
	case last.Calls >= store.ChunkCalls:
		last.N++
	default:
		if have, err = store.DecodeChunk(last.Body); err != nil {
			return fmt.Errorf("chunk %d of person %d: %w", last.N, person, err)
		}
	}
	for n := last.N; len(calls) > 0; n++ {
		room := min(store.ChunkCalls-len(have), len(calls))
		if err := write(ctx, s, person, n, slices.Concat(have, calls[:room])); err != nil {
			return err
		}
		have, calls = nil, calls[room:]
	}
	return nil
}

// write stores a chunk and reads it back: what cannot be read again is not archived.
func write(ctx context.Context, s Shelf, person lobby.PersonID, n int64, calls []store.ArchivedCall) error {
	body, err := store.EncodeChunk(calls)
	if err != nil {
		return err
	}
	c := Chunk{Person: person, N: n, FirstAt: calls[0].StartedAt, LastAt: calls[0].StartedAt, Calls: int64(len(calls)), Body: body}
	for _, call := range calls {
		c.FirstAt, c.LastAt = min(c.FirstAt, call.StartedAt), max(c.LastAt, call.StartedAt)
	}
	if err := s.Put(ctx, c); err != nil {
		return err
	}
	back, err := s.Chunk(ctx, person, n)
	if err != nil {
		return err
	}
	got, err := store.DecodeChunk(back.Body)
	if err == nil && (!slices.Equal(got, calls) || back != c) {
		err = errors.New("reads otherwise than written")
	}
	if err != nil {
		return fmt.Errorf("chunk %d of person %d: %w", n, person, err)
	}
	return nil
}

// Calls reads a person's archived calls that took place and started before a
// time, newest first, at most limit.
func Calls(ctx context.Context, s Shelf, id lobby.PersonID, before int64, limit int) ([]store.ArchivedCall, error) {
	var found []store.ArchivedCall
	for below := all; len(found) < limit; {
		chunks, err := s.Before(ctx, id, below, before, 2)
		if err != nil || len(chunks) == 0 {
			return found, err
		}
		for _, c := range chunks {
			calls, err := store.DecodeChunk(c.Body)
			if err != nil {
				return nil, fmt.Errorf("chunk %d of person %d: %w", c.N, id, err)
			}
			for _, call := range calls {
				if call.StartedAt < before && call.Reason != "void" {
					found = append(found, call)
				}
			}
			below = c.N
		}
		slices.SortFunc(found, newestFirst)
	}
	return found[:min(len(found), limit)], nil
}

func newestFirst(a, b store.ArchivedCall) int {
	return cmp.Or(cmp.Compare(b.StartedAt, a.StartedAt), cmp.Compare(b.ID, a.ID))
}

// Rename puts another number in the place of a person's, in everybody's chunks,
// and takes away the person's own.
func Rename(ctx context.Context, s Shelf, from, to lobby.PersonID) error {
	others := map[lobby.PersonID]bool{}
	err := each(ctx, s, from, func(_ Chunk, calls []store.ArchivedCall) error {
		for _, c := range calls {
			others[c.Caller], others[c.Callee] = true, true
		}
		return nil
	})
	if err != nil {
		return err
	}
	delete(others, from)
	for other := range others {
		err := each(ctx, s, other, func(c Chunk, calls []store.ArchivedCall) error {
			if !rename(calls, from, to) {
				return nil
			}
			return write(ctx, s, other, c.N, calls)
		})
		if err != nil {
			return err
		}
	}
	return s.Clear(ctx, from)
}

// each reads a person's chunks, the last first.
func each(ctx context.Context, s Shelf, id lobby.PersonID, do func(Chunk, []store.ArchivedCall) error) error {
	for below := all; ; {
		chunks, err := s.Before(ctx, id, below, all, 8)
		if err != nil || len(chunks) == 0 {
			return err
		}
		for _, c := range chunks {
			calls, err := store.DecodeChunk(c.Body)
			if err == nil {
				err = do(c, calls)
			}
			if err != nil {
				return fmt.Errorf("chunk %d of person %d: %w", c.N, id, err)
			}
			below = c.N
		}
	}
}

func rename(calls []store.ArchivedCall, from, to lobby.PersonID) (changed bool) {
	for i := range calls {
		for _, p := range []*lobby.PersonID{&calls[i].Caller, &calls[i].Callee, &calls[i].EndedBy} {
			if *p == from {
				*p, changed = to, true
			}
		}
	}
	return changed
}

// Meeting is a call as one of its two people sees it, without what is only known
// elsewhere: the other's name and photo, and the cooldown.
func Meeting(c store.ArchivedCall, of lobby.PersonID) store.Meeting {
	other := c.Caller
	if c.Caller == of {
		other = c.Callee
	}
	return store.Meeting{Call: c.ID, Other: other, Caller: c.Caller == of, Seconds: int(c.Seconds), StartedAt: c.StartedAt, EndedAt: c.EndedAt, Reason: c.Reason}
}

// Merge puts two parts of a history, each newest first, into one of at most
// limit. A call that moved between the two readings is in both, and counts once.
func Merge(a, b []store.Meeting, limit int) []store.Meeting {
	both := slices.Concat(a, b)
	slices.SortStableFunc(both, func(x, y store.Meeting) int {
		return cmp.Or(cmp.Compare(y.StartedAt, x.StartedAt), cmp.Compare(y.Call, x.Call))
	})
	both = slices.CompactFunc(both, func(x, y store.Meeting) bool { return x.Call == y.Call })
	return both[:min(len(both), limit)]
}
