package api

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// memory is a store, a media store and a lobby in memory. err, when set, is
// what every operation answers, having done nothing.
type memory struct {
	mu        sync.Mutex
	err       error
	failOn    string // only this operation fails; "" all
	people    map[lobby.PersonID]store.Person
	sessions  map[string]store.Session
	meetings  []store.Meeting
	cooldowns []store.Cooldown
	photos    map[string][]byte
	changed   []store.Person
	accounts
	before func(op string) // called first in each operation, unlocked
}

var (
	errTooBig   = errors.New("too big")
	errNotImage = errors.New("not an image")
	errNoMedia  = errors.New("no media")
	errBusy     = errors.New("busy")
)

func newMemory() *memory {
	return &memory{people: map[lobby.PersonID]store.Person{}, sessions: map[string]store.Session{}, photos: map[string][]byte{},
		accounts: accounts{byPerson: map[lobby.PersonID]store.Account{}, banned: map[lobby.PersonID]bool{}}}
}

// begin locks and answers the error an operation must fail with.
func (m *memory) begin(op string) (func(), error) {
	if m.before != nil {
		m.before(op)
	}
	m.mu.Lock()
	if m.err != nil && (m.failOn == "" || m.failOn == op) {
		return m.mu.Unlock, fmt.Errorf("memory: %s: %w", op, m.err)
	}
	return m.mu.Unlock, nil
}

func (m *memory) SignUp(_ context.Context, p store.Person, s store.Session) error {
	unlock, err := m.begin("sign up")
	defer unlock()
	if err != nil {
		return err
	}
	if _, taken := m.people[p.ID]; taken {
		return store.ErrConflict
	}
	m.people[p.ID], m.sessions[s.TokenHash] = p, s
	return nil
}

func (m *memory) Login(_ context.Context, hash string, now int64) (lobby.PersonID, error) {
	unlock, err := m.begin("login")
	defer unlock()
	if err != nil {
		return 0, err
	}
	s, ok := m.sessions[hash]
	if !ok || s.ExpiresAt <= now {
		return 0, store.ErrNotFound
	}
	return s.Person, nil
}

func (m *memory) Logout(_ context.Context, hash string) error {
	unlock, err := m.begin("logout")
	defer unlock()
	if err == nil {
		delete(m.sessions, hash)
	}
	return err
}

func (m *memory) Person(_ context.Context, id lobby.PersonID) (store.Person, error) {
	unlock, err := m.begin("person")
	defer unlock()
	if err != nil {
		return store.Person{}, err
	}
	p, ok := m.people[id]
	if !ok {
		return p, store.ErrNotFound
	}
	return p, nil
}

func (m *memory) SaveProfile(_ context.Context, id lobby.PersonID, version int64, profile store.Profile) (int64, error) {
	unlock, err := m.begin("save")
	defer unlock()
	if err != nil {
		return 0, err
	}
	p, ok := m.people[id]
	if !ok {
		return 0, store.ErrNotFound
	}
	if p.Version != version {
		return 0, store.ErrConflict
	}
	p.Version, p.Profile = version+1, profile
	m.people[id] = p
	return p.Version, nil
}

func (m *memory) History(_ context.Context, _ lobby.PersonID, before int64, limit int) ([]store.Meeting, error) {
	unlock, err := m.begin("history")
	defer unlock()
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(slices.Clone(m.meetings), func(x store.Meeting) bool { return before > 0 && x.StartedAt >= before })
	slices.SortFunc(list, func(a, b store.Meeting) int { return cmp.Compare(b.StartedAt, a.StartedAt) })
	return list[:min(limit, len(list))], nil
}

func (m *memory) Cooldowns(context.Context, lobby.PersonID, int64) ([]store.Cooldown, error) {
	unlock, err := m.begin("cooldowns")
	defer unlock()
	return m.cooldowns, err
}

func (m *memory) Put(ctx context.Context, r io.Reader) (string, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("%w: %v", errNotImage, err) // as a decoder would put it
	}
	unlock, err := m.begin("put")
	defer unlock()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return "", err
	}
	if bytes.HasPrefix(data, []byte("huge")) {
		return "", fmt.Errorf("memory: %w", errTooBig)
	}
	if !bytes.HasPrefix(data, []byte("image")) {
		return "", fmt.Errorf("memory: %w", errNotImage)
	}
	id := fmt.Sprintf("m%x", len(data))
	m.photos[id] = data
	return id, nil
}

type openPhoto struct{ *bytes.Reader }

func (openPhoto) Close() error { return nil }

func (m *memory) Open(id string) (io.ReadSeekCloser, time.Time, error) {
	unlock, err := m.begin("open")
	defer unlock()
	if err != nil {
		return nil, time.Time{}, err
	}
	data, ok := m.photos[id]
	if !ok {
		return nil, time.Time{}, fmt.Errorf("memory: %w", errNoMedia)
	}
	return openPhoto{bytes.NewReader(data)}, time.Unix(1_700_000_000, 0), nil
}

func (m *memory) Changed(_ lobby.PersonID, p store.Person) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changed = append(m.changed, p)
}
