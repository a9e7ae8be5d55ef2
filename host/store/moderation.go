package store

import (
	"context"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// What an operator can decide. Ban and Vindicate settle the reports filed until then.
const (
	Ban       = "ban"       // keeps the person out
	Unban     = "unban"     // lets them in again; their reports stay settled
	Vindicate = "vindicate" // they did nothing wrong; lets them in again, too
)

// Report is one complaint as operators read it. The person it is about never does.
type Report struct {
	By, Of         lobby.PersonID
	ByName, OfName string // "" if they are gone
	At             int64  // ms
	Call           lobby.CallID
	Reason, Note   string
	Settled        bool  // a later Ban or Vindicate answered it
	Reporters      int   // how many people have ever reported Of
	BannedSince    int64 // ms; 0: Of is not banned
}

// ReportQuery chooses reports.
type ReportQuery struct {
	Of      lobby.PersonID // 0 everybody
	Settled bool           // those, too
	Before  int64          // ms; 0 all
	Limit   int
}

// Found is somebody an operator may be looking for.
type Found struct {
	ID          lobby.PersonID
	Name        string
	Guest       bool
	CreatedAt   int64 // ms
	BannedSince int64 // ms; 0: not banned
}

// PeopleQuery chooses people.
type PeopleQuery struct {
	Part   string         // of their name, A to Z in either case; "" everybody
	ID     lobby.PersonID // or, beside a Part, with this number; 0 nobody
	Before int64          // ms; 0 all
	Limit  int
}

// Ruling is one decision about one person.
type Ruling struct {
	Person lobby.PersonID
	At     int64  // ms
	By     string // the operator
	Action string // Ban, Unban, Vindicate
	Reason string
}

// Moderation keeps what operators decide about people.
type Moderation interface {
	// Reports reads complaints, newest first.
	Reports(ctx context.Context, q ReportQuery) ([]Report, error)
	// FindPeople reads who is there, whoever came last first. It looks at everybody:
	// for an operator's question now and then.
	FindPeople(ctx context.Context, q PeopleQuery) ([]Found, error)
	// Rule stores a decision and does what it says, both or neither. ErrNotFound
	// if nobody has this number and no report names it; ErrConflict for an action
	// that is none, or another decision about the person at the same time.
	// A repeat, word by word, is no conflict.
	Rule(ctx context.Context, r Ruling) error
	// Rulings reads decisions before a time (ms; 0 all), newest first.
	Rulings(ctx context.Context, before int64, limit int) ([]Ruling, error)
}

// CheckRuling says whether a decision is one; ErrConflict. Backends call it first.
func CheckRuling(r Ruling) error {
	switch r.Action {
	case Ban, Unban, Vindicate:
		if r.Person > 0 {
			return nil
		}
	}
	return ErrConflict
}
