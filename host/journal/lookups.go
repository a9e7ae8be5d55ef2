package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Lookup is one read of a person's row or session, as a server would make it
// that keeps neither the lobby nor the reel in memory: a session for each thing
// a person does, their row with it, the row of whom it concerns, and one row for
// each face that comes into a reel.
type Lookup struct {
	Kind   string // sessions, users
	Person lobby.PersonID
}

// Lookups makes a trace of an evening. With most > 0 only the first so many
// people count, as if no others had come. Errors: ErrFormat, ErrDamaged, r's.
func Lookups(ctx context.Context, r io.Reader, most int) ([]Lookup, error) {
	j, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	t := tracer{most: most, known: map[lobby.PersonID]bool{}}
	err = j.each(ctx, func(rec Record) error {
		switch rec := rec.(type) {
		case Step:
			var ev struct {
				Person lobby.PersonID `json:"person"`
				Other  lobby.PersonID `json:"other"`
			}
			if err := json.Unmarshal(rec.Event, &ev); err != nil {
				return fmt.Errorf("journal: %s: %w", rec.Kind, errors.Join(ErrDamaged, err))
			}
			if t.add("sessions", ev.Person) {
				t.add("users", ev.Person)
				t.add("users", ev.Other)
			}
		case Shown:
			if t.counts(rec.Viewer) {
				for _, p := range rec.Put {
					t.add("users", p.Person)
				}
			}
		}
		return nil
	})
	return t.trace, err
}

type tracer struct {
	most  int
	known map[lobby.PersonID]bool
	trace []Lookup
}

func (t *tracer) counts(p lobby.PersonID) bool {
	if p == 0 {
		return false
	}
	if !t.known[p] && (t.most == 0 || len(t.known) < t.most) {
		t.known[p] = true
	}
	return t.known[p]
}

func (t *tracer) add(kind string, p lobby.PersonID) bool {
	if !t.counts(p) {
		return false
	}
	t.trace = append(t.trace, Lookup{kind, p})
	return true
}
