package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Session implements store.Accounts.
func (m *Memory) Session(ctx context.Context, tokenHash string, now int64) (store.Visit, error) {
	if err := m.enter(ctx); err != nil {
		return store.Visit{}, err
	}
	defer m.mu.Unlock()
	s, ok := m.sessions[tokenHash]
	if !ok || s.ExpiresAt <= now {
		return store.Visit{}, fmt.Errorf("memory: session: %w", store.ErrNotFound)
	}
	return store.Visit{Session: s, Guest: m.people[s.Person].Guest}, m.notBanned(s.Person)
}

// Sessions implements store.Accounts.
func (m *Memory) Sessions(ctx context.Context, id lobby.PersonID, now int64) ([]store.Session, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.Session
	for _, s := range m.sessions {
		if s.Person == id && s.ExpiresAt > now {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y store.Session) int {
		return cmp.Or(cmp.Compare(y.CreatedAt, x.CreatedAt), cmp.Compare(x.TokenHash, y.TokenHash))
	})
	return all, nil
}

// OpenSession implements store.Accounts.
func (m *Memory) OpenSession(ctx context.Context, s store.Session, alone bool) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if _, ok := m.people[s.Person]; !ok {
		return fmt.Errorf("memory: open session: %w", store.ErrNotFound)
	}
	if err := m.notBanned(s.Person); err != nil {
		return err
	}
	if have, taken := m.sessions[s.TokenHash]; taken && have != s {
		return fmt.Errorf("memory: open session: %w", store.ErrConflict)
	}
	m.sessions[s.TokenHash] = s
	if alone {
		m.endSessions(s.Person, s.TokenHash)
	}
	return nil
}

// RenewSession implements store.Accounts.
func (m *Memory) RenewSession(ctx context.Context, tokenHash string, expiresAt int64) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	s, ok := m.sessions[tokenHash]
	if !ok {
		return fmt.Errorf("memory: renew session: %w", store.ErrNotFound)
	}
	s.ExpiresAt = expiresAt
	m.sessions[tokenHash] = s
	return nil
}

// EndSessions implements store.Accounts.
func (m *Memory) EndSessions(ctx context.Context, id lobby.PersonID, keep string) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.endSessions(id, keep)
	return nil
}

func (m *Memory) endSessions(id lobby.PersonID, keep string) {
	maps.DeleteFunc(m.sessions, func(hash string, s store.Session) bool { return s.Person == id && hash != keep })
}

// Upgrade implements store.Accounts.
func (m *Memory) Upgrade(ctx context.Context, u store.Upgrade) (returned bool, err error) {
	if err := m.enter(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	p, ok := m.people[u.Person]
	if !ok {
		return false, fmt.Errorf("memory: upgrade: %w", store.ErrNotFound)
	}
	if err := m.notBanned(u.Person); err != nil {
		return false, err
	}
	if have, ok := m.accounts[u.Person]; ok {
		if have != u.Account {
			return false, fmt.Errorf("memory: upgrade: %w", store.ErrConflict)
		}
		return false, nil
	}
	for _, a := range m.accounts {
		if a.EmailKey == u.EmailKey {
			return false, fmt.Errorf("memory: upgrade: %w", store.ErrTaken)
		}
	}
	gone, returned := m.departed[u.EmailHash]
	if returned = returned && gone.Until > u.Since; returned {
		if err := m.notBanned(gone.Stead); err != nil {
			return false, err
		}
		delete(m.departed, u.EmailHash)
		m.moveHeldAgainst(gone.Stead, u.Person)
	}
	p.Guest = false
	m.people[u.Person], m.accounts[u.Person] = p, u.Account
	return returned, nil
}

// Account implements store.Accounts.
func (m *Memory) Account(ctx context.Context, id lobby.PersonID) (store.Account, error) {
	return m.account(ctx, func(a store.Account) bool { return a.Person == id })
}

// AccountByEmail implements store.Accounts.
func (m *Memory) AccountByEmail(ctx context.Context, key string) (store.Account, error) {
	return m.account(ctx, func(a store.Account) bool { return a.EmailKey == key })
}

func (m *Memory) account(ctx context.Context, is func(store.Account) bool) (store.Account, error) {
	if err := m.enter(ctx); err != nil {
		return store.Account{}, err
	}
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if is(a) {
			return a, nil
		}
	}
	return store.Account{}, fmt.Errorf("memory: account: %w", store.ErrNotFound)
}

// SetPassword implements store.Accounts.
func (m *Memory) SetPassword(ctx context.Context, id lobby.PersonID, was, password, keep string) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok {
		return fmt.Errorf("memory: set password: %w", store.ErrNotFound)
	}
	if a.Password != was && a.Password != password {
		return fmt.Errorf("memory: set password: %w", store.ErrConflict)
	}
	a.Password = password
	m.accounts[id] = a
	m.endSessions(id, keep)
	return nil
}

// Held implements store.Accounts.
func (m *Memory) Held(ctx context.Context, id lobby.PersonID) (h store.Held, err error) {
	if err := m.enter(ctx); err != nil {
		return h, err
	}
	defer m.mu.Unlock()
	for b, at := range m.blocks {
		if b.By == id {
			h.Blocks = append(h.Blocks, store.Blocked{Of: b.Of, OfName: m.people[b.Of].Profile.Name, At: at})
		}
	}
	for _, r := range m.reports {
		if r.By == id {
			h.Reports = append(h.Reports, store.Filed{
				Of: r.Of, OfName: m.people[r.Of].Profile.Name, At: r.At, Call: r.Call, Reason: r.Reason, Note: store.Note(r.Body),
			})
		}
	}
	slices.SortFunc(h.Blocks, func(x, y store.Blocked) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Of, y.Of)) })
	slices.SortFunc(h.Reports, func(x, y store.Filed) int { return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Of, y.Of)) })
	return h, nil
}

// PhotoInUse implements store.Accounts.
func (m *Memory) PhotoInUse(ctx context.Context, photo string) (bool, error) {
	if err := m.enter(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	for _, p := range m.people {
		if p.Profile.Photo == photo {
			return true, nil
		}
	}
	return false, nil
}

// Depart implements store.Accounts.
func (m *Memory) Depart(ctx context.Context, d store.Departure) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	_, there := m.people[d.Person]
	if there && d.EmailHash != "" {
		m.departed[d.EmailHash] = store.Departure{Stead: d.Stead, EmailHash: d.EmailHash, Until: d.Until}
	}
	delete(m.people, d.Person)
	delete(m.accounts, d.Person)
	m.endSessions(d.Person, "")
	maps.DeleteFunc(m.blocks, func(b lobby.BlockSet, _ int64) bool { return b.By == d.Person })
	instead := func(id *lobby.PersonID) {
		if *id == d.Person {
			*id = d.Stead
		}
	}
	for id, c := range m.calls {
		instead(&c.A)
		instead(&c.B)
		instead(&c.end.By)
		m.calls[id] = c
	}
	for key, r := range m.reports {
		if key.by == d.Person {
			delete(m.reports, key)
			key.by, r.By, r.Body = d.Stead, d.Stead, nil
			m.reports[key] = r
		}
	}
	m.moveHeldAgainst(d.Person, d.Stead)
	return nil
}

func (m *Memory) moveHeldAgainst(from, to lobby.PersonID) {
	for b, at := range maps.Clone(m.blocks) {
		if b.Of != from {
			continue
		}
		delete(m.blocks, b)
		if _, there := m.blocks[lobby.BlockSet{By: b.By, Of: to}]; b.By != to && !there {
			m.blocks[lobby.BlockSet{By: b.By, Of: to}] = at
		}
	}
	for pair, c := range maps.Clone(m.cooldowns) {
		other, with := otherOf(from, pair.A, pair.B)
		if !with {
			continue
		}
		delete(m.cooldowns, pair)
		c.Pair = lobby.PairOf(other, to)
		if _, there := m.cooldowns[c.Pair]; other != to && !there {
			m.cooldowns[c.Pair] = c
		}
	}
	for key, r := range maps.Clone(m.reports) {
		if key.of == from && key.by != to {
			delete(m.reports, key)
			key.of, r.Of = to, to
			m.reports[key] = r
		}
	}
	if ban, ok := m.bans[from]; ok {
		delete(m.bans, from)
		m.bans[to] = ban
	}
	for key, r := range maps.Clone(m.rulings) {
		if key.person == from {
			delete(m.rulings, key)
			key.person, r.Person = to, to
			m.rulings[key] = r
		}
	}
}

func (m *Memory) notBanned(id lobby.PersonID) error {
	if _, banned := m.bans[id]; banned {
		return fmt.Errorf("memory: %w", store.ErrBanned)
	}
	return nil
}
