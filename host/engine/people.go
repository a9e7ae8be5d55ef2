package engine

import (
	"encoding/json"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/wire"
)

// present is what travels beside the lobby's events for one person: the face
// others see, the socials they may share, and their streams. None of it is
// journalled.
type present struct {
	version int64
	face    *reel.Face
	packed  []byte // the face's card as hands of cards write it
	number  uint32 // of that card in this lobby, never that of another
	socials []byte // JSON array
	streams []*stream
}

func (e *Engine) wear(p *present, row store.Person, face *reel.Face) {
	socials := row.Profile.Socials
	if socials == nil {
		socials = []store.Social{}
	}
	b, err := json.Marshal(socials)
	if err != nil {
		b = []byte("[]") // strings only: cannot fail
	}
	p.version, p.face, p.socials = row.Version, face, b
	e.cards++
	p.packed, p.number = wire.PutCard(face.Card), e.cards
}

func (e *Engine) person(id lobby.PersonID) *present {
	p := e.people[id]
	if p == nil {
		p = &present{}
		e.people[id] = p
	}
	return p
}

// forgetPerson lets go of someone who is neither here nor expected.
func (e *Engine) forgetPerson(id lobby.PersonID) {
	p := e.people[id]
	if p == nil || len(p.streams) > 0 || e.lobby.Activity(id) != lobby.Outside {
		return
	}
	delete(e.people, id)
}

// card is what others see of a person; a person whose face is not loaded is a
// name-less card rather than a lie.
func (e *Engine) card(id lobby.PersonID) []byte {
	if p := e.people[id]; p != nil && p.face != nil {
		return p.face.Card
	}
	return nameless(id)
}

// wish is an event of an authenticated person, with what the client may not say itself.
type wish struct{ ev lobby.Event }

func (m wish) apply(e *Engine) {
	switch ev := m.ev.(type) {
	case lobby.Invite:
		ev.Offer = e.deps.Reel.Offer(ev.Person, ev.To, e.now())
		e.step(ev)
	case lobby.Share:
		if p := e.people[ev.Person]; p != nil {
			ev.Body = p.socials
		}
		e.step(ev)
	default:
		e.step(m.ev)
	}
}

// feed hands the reel the lobby's news, with the face of whoever is new.
func (e *Engine) feed(x lobby.Feed) {
	item := reel.Item{Seq: x.Seq, At: e.last, News: x.News}
	switch n := x.News.(type) {
	case lobby.Watch:
		if !e.watch(n) {
			return
		}
	case lobby.Unwatch:
		if !e.unwatch(n) {
			return
		}
	case lobby.Entered:
		item.Face = e.person(n.Person).face
	case lobby.Recast:
		item.Face = e.person(n.Person).face
	case lobby.Left:
		e.notHeld(n.Person) // whoever leaves watches nothing
		defer e.forgetPerson(n.Person)
	}
	e.deps.Reel.Feed(item)
}
