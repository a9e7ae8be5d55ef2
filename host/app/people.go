package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/api"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/password"
	"github.com/napalmsky/napalmsky/host/store"
)

// login answers whose session a socket brings.
type login struct {
	accounts store.Accounts
	now      func() time.Time
}

func (l login) Login(ctx context.Context, token string) (lobby.PersonID, error) {
	v, err := l.accounts.Session(ctx, store.HashToken(token), l.now().UnixMilli())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return 0, conn.ErrNoSession
	case errors.Is(err, store.ErrBanned):
		return 0, conn.ErrBanned
	}
	return v.Person, err
}

// lobbyDoor is the lobby, and the sockets before it, as the HTTP routes see them.
type lobbyDoor struct {
	engine *engine.Engine
	hub    *conn.Hub
	log    *slog.Logger
}

func (d lobbyDoor) Changed(_ lobby.PersonID, p store.Person) {
	go func() { // making a face asks the trim policy; a request does not wait for that
		if err := d.engine.Changed(context.Background(), p); err != nil {
			d.log.Warn("a changed profile is not shown yet", "err", err)
		}
	}()
}

var endings = map[api.Ending]conn.CloseCode{
	api.LoggedOut: conn.CloseGone,
	api.Elsewhere: conn.CloseElsewhere,
	api.Revoked:   conn.CloseRevoked,
	api.Deleted:   conn.CloseDeleted,
	api.Returned:  conn.CloseAnew,
}

func (d lobbyDoor) Ended(id lobby.PersonID, why api.Ending, keep func(hash string) bool) {
	var keeps func(token string) bool
	if keep != nil {
		keeps = func(token string) bool { return keep(store.HashToken(token)) }
	}
	d.end(id, endings[why], keeps)
}

func (a *App) door() lobbyDoor { return lobbyDoor{a.engine, a.hub, a.log} }

// end closes a person's sockets. Whoever has none left leaves the lobby at
// once: nobody is coming back to a call.
func (d lobbyDoor) end(id lobby.PersonID, code conn.CloseCode, keep func(token string) bool) {
	if d.hub.Expel(id, code, keep) == 0 {
		d.engine.Gone(id)
	}
}

// newPasswords bounds what logins may take of this machine.
func newPasswords(l config.Limits, o Options) *password.Hasher {
	atOnce := l.PasswordsAtOnce
	if atOnce == 0 {
		atOnce = runtime.GOMAXPROCS(0)
	}
	cost := password.Standard
	if o.PasswordCost != (password.Cost{}) {
		cost = o.PasswordCost
	}
	return password.New(atOnce, l.PasswordsQueued, cost, o.Random)
}

// forget takes a person out of the journal.
func (a *App) forget(ctx context.Context, id lobby.PersonID) error {
	if a.journal == nil {
		return nil
	}
	return a.journal.Erase(ctx, id)
}

// lateWrites is how long the lobby may still have something to store of a
// person who was deleted: it waits for the store and for a policy in between.
const lateWrites = 10 * time.Minute

// departing is a store that remembers for a while who was deleted, so that what
// the lobby decided before it heard of that is not stored afterwards.
type departing struct {
	store.Store
	now func() time.Time

	mu   sync.RWMutex // held for reading while the lobby's writes are stored
	left map[lobby.PersonID]time.Time
}

func newDeparting(s store.Store, now func() time.Time) *departing {
	return &departing{Store: s, now: now, left: map[lobby.PersonID]time.Time{}}
}

// Depart deletes a person after every write of the lobby that is under way.
func (d *departing) Depart(ctx context.Context, one store.Departure) error {
	now := d.now()
	d.mu.Lock()
	maps.DeleteFunc(d.left, func(_ lobby.PersonID, at time.Time) bool { return now.Sub(at) > lateWrites })
	d.left[one.Person] = now
	d.mu.Unlock()
	err := d.Store.Depart(ctx, one)
	if err != nil && !errors.Is(err, store.ErrUnknown) { // nothing was changed
		d.mu.Lock()
		delete(d.left, one.Person)
		d.mu.Unlock()
	}
	return err
}

// Commit stores what still concerns somebody. The rest is answered as stored:
// those it concerns are gone.
func (d *departing) Commit(ctx context.Context, writes []lobby.Write) []error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if len(d.left) == 0 {
		return d.Store.Commit(ctx, writes)
	}
	errs := make([]error, len(writes))
	var pass []lobby.Write
	var at []int
	for i, w := range writes {
		if w, ok := d.without(w); ok {
			pass, at = append(pass, w), append(at, i)
		}
	}
	for i, err := range d.Store.Commit(ctx, pass) {
		errs[at[i]] = err
	}
	return errs
}

// without is a write that names nobody who left; false if nothing remains.
func (d *departing) without(w lobby.Write) (lobby.Write, bool) {
	gone := func(id lobby.PersonID) bool { _, left := d.left[id]; return left }
	switch w := w.(type) {
	case lobby.CallEnd:
		if gone(w.By) {
			w.By = 0
		}
		return w, true
	case lobby.CallStart:
		return w, !gone(w.A) && !gone(w.B)
	case lobby.CooldownSet:
		return w, !gone(w.A) && !gone(w.B)
	case lobby.BlockSet:
		return w, !gone(w.By) && !gone(w.Of)
	case lobby.ReportFiled:
		return w, !gone(w.By) && !gone(w.Of)
	}
	return w, true
}
