// Package storetest is what every backend of host/store must pass (Run), a
// store in memory (Memory) and one that fails on demand (Faulty).
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Reopener is a store whose data outlives it. If the factory's stores are
// Reopeners, Run also checks durability.
type Reopener interface {
	store.Store
	// Reopen closes the store and opens another over the same data.
	Reopen(t *testing.T) store.Store
}

// Run checks a backend against the contract. open returns an empty store and
// closes it through t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, group := range []struct {
		name  string
		cases []check
	}{
		{"People", peopleChecks},
		{"Accounts", accountChecks},
		{"Departures", departureChecks},
		{"Moderation", moderationChecks},
		{"Calls", callChecks},
		{"Bars", barChecks},
		{"History", historyChecks},
		{"Writing", writingChecks},
		{"Plugins", pluginChecks},
		{"Chores", choreChecks},
		{"Model", modelChecks},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
			}
		})
	}
}

type check struct {
	name string
	run  func(t *testing.T, s store.Store)
}

// now is the suite's idea of the present, ms.
const now = int64(1_900_000_000_000)

const hour = int64(3_600_000)

// person is a plain guest; name and photo tell them apart.
func person(id lobby.PersonID) store.Person {
	return store.Person{ID: id, Guest: true, Version: 1, CreatedAt: now, Profile: store.Profile{
		Name: fmt.Sprintf("Person %d", id), Gender: 1, Seeking: 6, Age: 30, AgeMin: 25, AgeMax: 40,
		Photo: fmt.Sprintf("photo-%d", id),
	}}
}

func session(id lobby.PersonID, token string) store.Session {
	return store.Session{TokenHash: store.HashToken(token), Person: id, CreatedAt: now, ExpiresAt: now + hour}
}

func signUp(t *testing.T, s store.Store, ids ...lobby.PersonID) {
	t.Helper()
	for _, id := range ids {
		must(t, s.SignUp(t.Context(), person(id), session(id, fmt.Sprint("token of ", id))))
	}
}

// start is a call of a to b that begins n hours after now and brings 24 hours of cooldown.
func start(id lobby.CallID, a, b lobby.PersonID, n int64) lobby.CallStart {
	at := now + n*hour
	return lobby.CallStart{
		Call: id, A: a, B: b, Seconds: 300, StartedAt: at, Deadline: at + 300_000, CooldownUntil: at + 24*hour,
	}
}

func end(c lobby.CallStart, reason string, by lobby.PersonID) lobby.CallEnd {
	return lobby.CallEnd{Call: c.Call, A: c.A, B: c.B, EndedAt: c.StartedAt + 20_000, Reason: reason, By: by}
}

func cool(a, b lobby.PersonID, call lobby.CallID, setAt, until int64) lobby.CooldownSet {
	return lobby.CooldownSet{
		Pair: lobby.PairOf(a, b), Call: call, SetAt: setAt, Until: until, Reason: "declined", Digest: "sha256:abc",
	}
}

// commit makes the writes durable one Commit each and fails the test if any is not.
func commit(t *testing.T, s store.Store, writes ...lobby.Write) {
	t.Helper()
	for _, w := range writes {
		must(t, commitErr(t.Context(), s, w))
	}
}

func commitErr(ctx context.Context, s store.Store, w lobby.Write) error {
	errs := s.Commit(ctx, []lobby.Write{w})
	if len(errs) != 1 {
		return fmt.Errorf("Commit of one write answered %d", len(errs))
	}
	return errs[0]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantIs(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", what, err, want)
	}
}
