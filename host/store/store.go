// Package store is what Napalm Sky keeps: people, sessions, calls, cooldowns,
// blocks, reports, and which plugins serve. It holds the contract only; sqlite/ is the embedded backend,
// postgres/ the other one, and storetest/ the suite every backend must pass.
//
// Every method is safe for concurrent use. A nil error means durable: the data
// survives the process and a power cut. An error that Is ErrUnknown means the
// outcome could not be learned; any other error means nothing was changed.
package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/napalmsky/napalmsky/host/lobby"
)

var (
	// ErrNotFound: no such row, or it is not this person's.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the backend cannot answer now; nothing was changed; try again.
	ErrUnavailable = errors.New("store unavailable")
	// ErrSuperseded is the ErrUnavailable that does not pass: another server has
	// taken the database over, and this one must not write to it any more.
	ErrSuperseded = fmt.Errorf("%w: another server has taken the database over", ErrUnavailable)
	// ErrUnknown: the write may or may not be there (the backend died in commit).
	// Every write is safe to repeat.
	ErrUnknown = errors.New("outcome unknown")
	// ErrConflict: the write contradicts what is stored (an id that is taken; a stale version).
	ErrConflict = errors.New("conflict")
)

// Store is everything at once, as a backend offers it. Consumers declare the part they use.
type Store interface {
	People
	Accounts
	Moderation
	Meetings
	Plugins
	Chores
	// Ping reads one row; nil means the store can answer. It takes two seconds at most.
	Ping(ctx context.Context) error
	Close() error
}

// Profile is what a person says of themselves. The caller has validated it.
type Profile struct {
	Name    string           // 1–40 runes
	Gender  int              // an index into the product's list of genders, 0–7
	Seeking int              // bit set over the same list
	Age     int              // years, 18–120
	AgeMin  int              // whom they wish to meet, inclusive
	AgeMax  int              //
	Tags    []string         // at most 16
	Langs   []string         // ISO 639-1, at most 8
	Bio     string           // at most 600 runes
	Socials []Social         // at most 6; shown to a call's other person only when shared
	Photo   string           // media id ("" none)
	Attrs   map[string]int64 // a product's own attributes, at most 16
}

// Social is one account elsewhere, for instance {"instagram", "@ada"}.
type Social struct {
	Kind   string `json:"kind"`
	Handle string `json:"handle"`
}

// Person is one row of people.
type Person struct {
	ID        lobby.PersonID
	Guest     bool
	Version   int64 // grows by one at every profile write
	CreatedAt int64 // ms
	Profile   Profile
}

// Session is one login. TokenHash is the hex SHA-256 of the token; the token itself is never stored.
type Session struct {
	TokenHash string
	Person    lobby.PersonID
	CreatedAt int64 // ms
	ExpiresAt int64 // ms
}

// People keeps persons and their logins.
type People interface {
	// SignUp stores a new person and their first session, both or neither.
	SignUp(ctx context.Context, p Person, s Session) error
	// Login returns whose unexpired session this is. ErrNotFound otherwise, and for the banned.
	Login(ctx context.Context, tokenHash string, now int64) (lobby.PersonID, error)
	// Logout deletes one session; deleting what is not there is no error.
	Logout(ctx context.Context, tokenHash string) error
	// Person reads one; ErrNotFound.
	Person(ctx context.Context, id lobby.PersonID) (Person, error)
	// SaveProfile replaces the profile if the stored version is still version, and
	// returns the new version. ErrConflict if somebody else wrote; ErrNotFound.
	SaveProfile(ctx context.Context, id lobby.PersonID, version int64, p Profile) (int64, error)
}

// Meeting is one call as one of its two people sees it in their history.
type Meeting struct {
	Call          lobby.CallID
	Other         lobby.PersonID
	OtherName     string
	OtherPhoto    string
	Caller        bool  // this person called
	Seconds       int   // agreed
	StartedAt     int64 // ms
	EndedAt       int64 // ms; 0 while it runs
	Reason        string
	CooldownUntil int64 // ms; 0 none
}

// Meetings keeps calls and what follows from them.
type Meetings interface {
	// Commit makes writes durable in order, in as few transactions as the
	// backend likes, and answers each (len(errs) == len(writes)). A write's
	// failure leaves the others alone. Every write is idempotent.
	Commit(ctx context.Context, writes []lobby.Write) (errs []error)
	// Bars reads all that keeps a person from others at now: unexpired cooldowns
	// and blocks in either direction, with how often the pair met. Cooldowns that
	// are over are among them where the two have met, since the cooldown policy is
	// told how often; their Until is in the past.
	Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error)
	// OpenCalls reads every call without an end.
	OpenCalls(ctx context.Context) ([]lobby.CallStart, error)
	// History reads a person's calls, newest first, those started before
	// `before` (ms; 0 = all), at most limit.
	History(ctx context.Context, id lobby.PersonID, before int64, limit int) ([]Meeting, error)
	// Cooldowns reads a person's unexpired cooldowns (never blocks: they are silent).
	Cooldowns(ctx context.Context, id lobby.PersonID, now int64) ([]Cooldown, error)
}

// Cooldown is one unexpired cooldown as its person sees it.
type Cooldown struct {
	Other     lobby.PersonID
	OtherName string
	Until     int64
	Reason    string
}
