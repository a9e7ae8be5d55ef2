// Package reel keeps, for everyone who watches, the ranked list of who is here.
// It is a read model: one goroutine applies the lobby's ordered feed, owns the
// rows, asks the scorer, and emits a whole reel once and deltas after that.
//
// It does three things at three paces. News is applied as it comes: who comes
// is held against every list with one scoring, who goes is replaced from the
// reserve. Lists are ranked afresh in a sweep whose period grows with the
// people (pace.go). Updates go to a viewer at most five times a second, and who
// is busy or free once a second. A pass does a bounded amount of each (pass.go).
package reel

import (
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// Item is one piece of the feed. Face is set with Entered and Recast, and only there.
type Item struct {
	Seq  uint64
	At   int64 // Unix ms of the step
	News lobby.News
	Face *Face
}

// Face is what the reel needs of a person: the row to rank and the card to
// show, already trimmed and encoded. Both are immutable.
type Face struct {
	Row  policy.Person
	Card []byte // one JSON object, schema card
}

// Entry is one place in a reel.
type Entry struct {
	Person lobby.PersonID
	Card   []byte
	Score  int32
	Busy   bool
}

// Update is what one viewer's connections must be sent. It and all in it are
// immutable once emitted.
type Update struct {
	Viewer lobby.PersonID
	Conns  []lobby.ConnID // whom to send it to
	At     uint64         // the lobby's sequence it reflects
	Full   bool           // Put is the whole reel, in order
	Gen    policy.Generation
	Put    []Entry
	Gone   []lobby.PersonID
	Scores []Entry // only Person and Score
	Busy   []lobby.PersonID
	Free   []lobby.PersonID
}
