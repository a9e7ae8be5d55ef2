package engine

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
)

const (
	refaceEvery = 2 * time.Millisecond // so a lobby of 10,000 has its new cards in 20 s, and nothing else waits for them
	refaceRetry = time.Second
)

// Reface has the card of everyone present made again, because what of a card
// leaves the server was changed. It returns at once: cards are made off the
// loop, a few at a time, and go out as they are ready.
func (e *Engine) Reface() {
	e.era.Add(1)
	e.in.answer(reface{})
}

type reface struct{}

func (reface) apply(e *Engine) {
	for id, p := range e.people {
		if p.face != nil {
			e.refaces.put(id)
		}
	}
}

// outdated has a face made again that was begun before the latest Reface.
func (e *Engine) outdated(id lobby.PersonID, era uint64) {
	if era != e.era.Load() {
		e.refaces.put(id)
	}
}

// refaceLine is who waits for a new card, each once. Safe for concurrent use.
type refaceLine struct {
	mu    sync.Mutex
	line  []lobby.PersonID
	waits map[lobby.PersonID]bool
	wake  chan struct{} // holds one token while somebody may wait
}

func (q *refaceLine) init() {
	q.waits, q.wake = map[lobby.PersonID]bool{}, make(chan struct{}, 1)
}

func (q *refaceLine) put(id lobby.PersonID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waits[id] {
		return
	}
	q.waits[id] = true
	q.line = append(q.line, id)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *refaceLine) take() (id lobby.PersonID, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.line) == 0 {
		q.line = nil
		return 0, false
	}
	id = q.line[0]
	q.line = q.line[1:]
	delete(q.waits, id)
	return id, true
}

// runRefacer makes cards again until the engine leaves.
func (e *Engine) runRefacer(ctx context.Context) {
	for {
		id, ok := e.refaces.take()
		if !ok {
			select {
			case <-e.refaces.wake:
				continue
			case <-e.leaving:
				return
			}
		}
		pause := refaceEvery
		switch m, err := e.refaced(ctx, id); {
		case err == nil:
			e.in.answer(m)
		case !errors.Is(err, store.ErrNotFound): // who was deleted needs no card
			e.deps.Log.Warn("a card keeps its old trimming for now", "person", id, "err", err)
			e.refaces.put(id)
			pause = refaceRetry
		}
		select {
		case <-time.After(pause):
		case <-e.leaving:
			return
		}
	}
}

func (e *Engine) refaced(ctx context.Context, id lobby.PersonID) (refaced, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(e.cfg.Rules.StoreWaitMS)*time.Millisecond)
	defer cancel()
	era := e.era.Load()
	p, err := e.deps.Store.Person(ctx, id)
	if err != nil {
		return refaced{}, err
	}
	face, err := e.deps.Face(ctx, p)
	return refaced{p, face, era}, err
}

// refaced brings a new face of somebody whose profile may be as it was.
type refaced struct {
	person store.Person
	face   *reel.Face
	era    uint64
}

func (m refaced) apply(e *Engine) {
	p, here := e.people[m.person.ID]
	if !here || p.version > m.person.Version {
		return // gone; or a newer profile came with a face of its own
	}
	e.outdated(m.person.ID, m.era)
	same := p.version == m.person.Version && p.face != nil && bytes.Equal(p.face.Card, m.face.Card)
	e.wear(p, m.person, m.face)
	if !same {
		e.step(lobby.Changed{Person: m.person.ID})
	}
}
