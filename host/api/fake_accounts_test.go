package api

import (
	"context"
	"maps"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// accounts is the part of memory that keeps those who stay.
type accounts struct {
	byPerson map[lobby.PersonID]store.Account
	banned   map[lobby.PersonID]bool
	held     store.Held
	departed []store.Departure
	forgot   []lobby.PersonID
	ended    []ended
	renewed  int
}

// ended is what the lobby was told of sessions.
type ended struct {
	id   lobby.PersonID
	why  Ending
	keep func(hash string) bool
}

func (e ended) keeps(token string) bool { return e.keep != nil && e.keep(hashForTest(token)) }

func (m *memory) Session(_ context.Context, hash string, now int64) (v store.Visit, err error) {
	unlock, err := m.begin("login")
	defer unlock()
	if err != nil {
		return v, err
	}
	s, ok := m.sessions[hash]
	if !ok || s.ExpiresAt <= now {
		return v, store.ErrNotFound
	}
	v = store.Visit{Session: s, Guest: m.byPerson[s.Person].Person == 0}
	if m.banned[s.Person] {
		return v, store.ErrBanned
	}
	return v, nil
}

func (m *memory) Sessions(_ context.Context, id lobby.PersonID, now int64) (all []store.Session, err error) {
	unlock, err := m.begin("sessions")
	defer unlock()
	for _, s := range m.sessions {
		if s.Person == id && s.ExpiresAt > now {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y store.Session) int { return int(y.CreatedAt - x.CreatedAt) })
	return all, err
}

func (m *memory) OpenSession(_ context.Context, s store.Session, alone bool) error {
	unlock, err := m.begin("open session")
	defer unlock()
	switch {
	case err != nil:
		return err
	case m.banned[s.Person]:
		return store.ErrBanned
	}
	m.sessions[s.TokenHash] = s
	if alone {
		m.endAll(s.Person, s.TokenHash)
	}
	return nil
}

func (m *memory) endAll(id lobby.PersonID, keep string) {
	maps.DeleteFunc(m.sessions, func(hash string, s store.Session) bool { return s.Person == id && hash != keep })
}

func (m *memory) RenewSession(_ context.Context, hash string, expiresAt int64) error {
	unlock, err := m.begin("renew")
	defer unlock()
	if s, ok := m.sessions[hash]; ok && err == nil {
		m.renewed++
		s.ExpiresAt = expiresAt
		m.sessions[hash] = s
	}
	return err
}

func (m *memory) EndSessions(_ context.Context, id lobby.PersonID, keep string) error {
	unlock, err := m.begin("end sessions")
	defer unlock()
	if err == nil {
		m.endAll(id, keep)
	}
	return err
}

func (m *memory) Upgrade(_ context.Context, u store.Upgrade) (bool, error) {
	unlock, err := m.begin("upgrade")
	defer unlock()
	if err != nil {
		return false, err
	}
	for id, a := range m.byPerson {
		if id != u.Person && a.EmailKey == u.EmailKey {
			return false, store.ErrTaken
		}
	}
	m.byPerson[u.Person] = u.Account
	p := m.people[u.Person]
	p.Guest = false
	m.people[u.Person] = p
	return slices.ContainsFunc(m.departed, func(d store.Departure) bool { return d.EmailHash == u.EmailHash }), nil
}

func (m *memory) Account(_ context.Context, id lobby.PersonID) (store.Account, error) {
	unlock, err := m.begin("account")
	defer unlock()
	a, ok := m.byPerson[id]
	if err == nil && !ok {
		err = store.ErrNotFound
	}
	return a, err
}

func (m *memory) AccountByEmail(_ context.Context, key string) (store.Account, error) {
	unlock, err := m.begin("account by email")
	defer unlock()
	if err != nil {
		return store.Account{}, err
	}
	for _, a := range m.byPerson {
		if a.EmailKey == key {
			return a, nil
		}
	}
	return store.Account{}, store.ErrNotFound
}

func (m *memory) SetPassword(_ context.Context, id lobby.PersonID, was, password, keep string) error {
	unlock, err := m.begin("set password")
	defer unlock()
	a := m.byPerson[id]
	switch {
	case err != nil:
		return err
	case a.Password != was:
		return store.ErrConflict
	}
	a.Password = password
	m.byPerson[id] = a
	m.endAll(id, keep)
	return nil
}

func (m *memory) Held(context.Context, lobby.PersonID) (store.Held, error) {
	unlock, err := m.begin("held")
	defer unlock()
	return m.held, err
}

func (m *memory) PhotoInUse(_ context.Context, photo string) (bool, error) {
	unlock, err := m.begin("photo in use")
	defer unlock()
	for _, p := range m.people {
		if p.Profile.Photo == photo {
			return true, err
		}
	}
	return false, err
}

func (m *memory) Depart(_ context.Context, d store.Departure) error {
	unlock, err := m.begin("depart")
	defer unlock()
	if err != nil {
		return err
	}
	m.departed = append(m.departed, d)
	delete(m.people, d.Person)
	delete(m.byPerson, d.Person)
	m.endAll(d.Person, "")
	return nil
}

func (m *memory) Remove(id string) error {
	unlock, err := m.begin("remove")
	defer unlock()
	if err == nil {
		delete(m.photos, id)
	}
	return err
}

func (m *memory) Ended(id lobby.PersonID, why Ending, keep func(string) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = append(m.ended, ended{id, why, keep})
}

func (m *memory) forget(_ context.Context, id lobby.PersonID) error {
	unlock, err := m.begin("forget")
	defer unlock()
	if err == nil {
		m.forgot = append(m.forgot, id)
	}
	return err
}

// plainly hashes passwords by putting a word before them.
type plainly struct {
	busy  bool
	asked []string // what Verify compared with
}

func (p *plainly) Hash(_ context.Context, password string) (string, error) {
	if p.busy {
		return "", errBusy
	}
	return "plain:" + password, nil
}

func (p *plainly) Verify(_ context.Context, phc, password string) (bool, error) {
	if p.busy {
		return false, errBusy
	}
	p.asked = append(p.asked, phc)
	return phc == "plain:"+password, nil
}

func (p *plainly) Fingerprint(_ context.Context, text string) (string, error) {
	if p.busy {
		return "", errBusy
	}
	return "finger:" + text, nil
}
