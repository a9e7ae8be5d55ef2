package store

import (
	"context"
	"errors"

	"github.com/napalmsky/napalmsky/host/lobby"
)

var (
	// ErrBanned: an operator keeps this person out.
	ErrBanned = errors.New("banned")
	// ErrTaken: another person has an account with this email.
	ErrTaken = errors.New("email taken")
)

// Account is what makes a guest permanent: how they log in again.
type Account struct {
	Person   lobby.PersonID
	Email    string // as its person wrote it; for themselves and for operators who ask
	EmailKey string // folded by the caller; no two accounts share one
	Password string // PHC string, never the password
	Since    int64  // ms
}

// Visit is a session with what every request of it asks.
type Visit struct {
	Session
	Guest bool
}

// Upgrade is a guest becoming permanent. A repeat, word by word, is no conflict.
type Upgrade struct {
	Account
	EmailHash string // as Departure.EmailHash
}

// Departure is a person deleting themselves.
type Departure struct {
	Person lobby.PersonID
	// Stead is a number nobody has or had. It takes the person's place in what
	// others keep: their calls, and the blocks they made.
	Stead lobby.PersonID
	// EmailHash is a slow hash of the folded email ("" for a guest). Whoever
	// comes back with that email before Until (ms) meets the blocks, cooldowns,
	// reports and bans again that they left behind.
	EmailHash string
	Until     int64
}

// Held is what else a person has a right to read of themselves.
type Held struct {
	Blocks  []Blocked
	Reports []Filed
}

// Blocked is one block that the person made.
type Blocked struct {
	Of     lobby.PersonID
	OfName string // "" if they are gone
	At     int64  // ms
}

// Filed is one report that the person filed.
type Filed struct {
	Of           lobby.PersonID
	OfName       string // "" if they are gone
	At           int64  // ms
	Call         lobby.CallID
	Reason, Note string
}

// Accounts keeps logins that last, and lets people go.
type Accounts interface {
	// Session reads an unexpired session. ErrNotFound; ErrBanned beside the
	// session if its person is.
	Session(ctx context.Context, tokenHash string, now int64) (Visit, error)
	// Sessions reads a person's unexpired sessions, newest first.
	Sessions(ctx context.Context, id lobby.PersonID, now int64) ([]Session, error)
	// OpenSession stores one more session of a person; alone ends their others.
	// ErrNotFound without the person, ErrBanned.
	OpenSession(ctx context.Context, s Session, alone bool) error
	// RenewSession moves a session's end. ErrNotFound.
	RenewSession(ctx context.Context, tokenHash string, expiresAt int64) error
	// EndSessions deletes all sessions of a person but the one kept ("" none).
	EndSessions(ctx context.Context, id lobby.PersonID, keep string) error

	// Upgrade gives a guest an account. returned: they had deleted an account of
	// this email, and what was held against it holds again. ErrNotFound without
	// the person, ErrTaken, ErrConflict if they have another account already,
	// ErrBanned if they are, or were when they left.
	Upgrade(ctx context.Context, u Upgrade) (returned bool, err error)
	// Account reads a person's; ErrNotFound.
	Account(ctx context.Context, id lobby.PersonID) (Account, error)
	// AccountByEmail reads by EmailKey; ErrNotFound.
	AccountByEmail(ctx context.Context, key string) (Account, error)
	// SetPassword replaces the password if it still is was, and ends all sessions
	// but the one kept. ErrNotFound; ErrConflict if it is another.
	SetPassword(ctx context.Context, id lobby.PersonID, was, password, keep string) error

	// Held reads what only the person themselves may.
	Held(ctx context.Context, id lobby.PersonID) (Held, error)
	// PhotoInUse says whether any profile shows this photo.
	PhotoInUse(ctx context.Context, photo string) (bool, error)
	// Depart deletes a person: their row, account, sessions and blocks; the words
	// of their reports; and their number wherever it stands. Nobody is no error.
	Depart(ctx context.Context, d Departure) error
}
