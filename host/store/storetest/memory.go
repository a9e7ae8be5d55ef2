package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Memory is a store.Store in maps: the model the suite compares backends with,
// and a fast store for the tests of other packages. Nothing outlives it.
// Make one with NewMemory; it needs no Close.
type Memory struct {
	mu        sync.Mutex
	closed    bool
	people    map[lobby.PersonID]store.Person
	sessions  map[string]store.Session
	calls     map[lobby.CallID]call
	archived  archive
	cooldowns map[lobby.Pair]cooldown
	blocks    map[lobby.BlockSet]int64 // when; the key's At is 0
	reports   map[report]lobby.ReportFiled
	plugins   plugins
	accounts  map[lobby.PersonID]store.Account
	bans      map[lobby.PersonID]store.Ruling
	rulings   map[decided]store.Ruling
	departed  map[string]store.Departure // by EmailHash; Person 0
}

type call struct {
	lobby.CallStart
	end lobby.CallEnd // EndedAt 0: it runs
}

type cooldown struct {
	lobby.CooldownSet
	met int
}

type report struct {
	by, of lobby.PersonID
	at     int64
}

var _ store.Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		people:    map[lobby.PersonID]store.Person{},
		sessions:  map[string]store.Session{},
		calls:     map[lobby.CallID]call{},
		archived:  archive{},
		cooldowns: map[lobby.Pair]cooldown{},
		blocks:    map[lobby.BlockSet]int64{},
		reports:   map[report]lobby.ReportFiled{},
		plugins:   newPlugins(),
		accounts:  map[lobby.PersonID]store.Account{},
		bans:      map[lobby.PersonID]store.Ruling{},
		rulings:   map[decided]store.Ruling{},
		departed:  map[string]store.Departure{},
	}
}

// enter locks the store if it can answer; the caller unlocks.
func (m *Memory) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return fmt.Errorf("memory: closed: %w", store.ErrUnavailable)
	}
	return nil
}

// Ping implements store.Store.
func (m *Memory) Ping(ctx context.Context) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	m.mu.Unlock()
	return nil
}

// Close implements store.Store.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// SignUp implements store.People.
func (m *Memory) SignUp(ctx context.Context, p store.Person, s store.Session) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if p.ID <= 0 || s.Person != p.ID {
		return fmt.Errorf("memory: sign up: %w", store.ErrConflict)
	}
	p.Profile = clone(p.Profile)
	have, taken := m.people[p.ID]
	login, used := m.sessions[s.TokenHash]
	switch {
	case !taken && !used:
		m.people[p.ID] = p
		m.sessions[s.TokenHash] = s
		return nil
	case taken && used && login == s && equal(have, p):
		return nil
	default:
		return fmt.Errorf("memory: sign up: %w", store.ErrConflict)
	}
}

// Login implements store.People.
func (m *Memory) Login(ctx context.Context, tokenHash string, now int64) (lobby.PersonID, error) {
	if err := m.enter(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	s, ok := m.sessions[tokenHash]
	if _, banned := m.bans[s.Person]; !ok || banned || s.ExpiresAt <= now {
		return 0, fmt.Errorf("memory: login: %w", store.ErrNotFound)
	}
	return s.Person, nil
}

// Logout implements store.People.
func (m *Memory) Logout(ctx context.Context, tokenHash string) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	delete(m.sessions, tokenHash)
	return nil
}

// Person implements store.People.
func (m *Memory) Person(ctx context.Context, id lobby.PersonID) (store.Person, error) {
	if err := m.enter(ctx); err != nil {
		return store.Person{}, err
	}
	defer m.mu.Unlock()
	p, ok := m.people[id]
	if !ok {
		return store.Person{}, fmt.Errorf("memory: person: %w", store.ErrNotFound)
	}
	p.Profile = clone(p.Profile)
	return p, nil
}

// SaveProfile implements store.People.
func (m *Memory) SaveProfile(ctx context.Context, id lobby.PersonID, version int64, f store.Profile) (int64, error) {
	if err := m.enter(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	have, ok := m.people[id]
	if !ok {
		return 0, fmt.Errorf("memory: save profile: %w", store.ErrNotFound)
	}
	saved := have
	saved.Version, saved.Profile = version+1, clone(f)
	if have.Version != version && !equal(have, saved) {
		return 0, fmt.Errorf("memory: save profile: %w", store.ErrConflict)
	}
	m.people[id] = saved
	return saved.Version, nil
}

// Commit implements store.Meetings.
func (m *Memory) Commit(ctx context.Context, writes []lobby.Write) []error {
	errs := make([]error, len(writes))
	err := m.enter(ctx)
	if err == nil {
		defer m.mu.Unlock()
	}
	for i, w := range writes {
		if errs[i] = err; err == nil {
			errs[i] = m.apply(w)
		}
	}
	return errs
}

func (m *Memory) apply(w lobby.Write) error {
	if err := store.Check(w); err != nil {
		return fmt.Errorf("memory: commit: %w", err)
	}
	switch w := w.(type) {
	case lobby.CallStart:
		if have, ok := m.calls[w.Call]; ok {
			if have.CallStart != w {
				return fmt.Errorf("memory: commit: call %d: %w", w.Call, store.ErrConflict)
			}
			return nil
		}
		m.calls[w.Call] = call{CallStart: w}
		pair := lobby.PairOf(w.A, w.B)
		m.cool(lobby.CooldownSet{
			Pair: pair, Call: w.Call, SetAt: w.StartedAt, Until: w.CooldownUntil, Reason: store.ReasonCall,
		})
		m.count(pair, 1)
	case lobby.CallEnd:
		c, ok := m.calls[w.Call]
		if !ok {
			return fmt.Errorf("memory: commit: call %d: %w", w.Call, store.ErrNotFound)
		}
		if c.end.EndedAt != 0 {
			return nil
		}
		c.end = w
		m.calls[w.Call] = c
		if w.Reason == store.ReasonVoid {
			m.count(lobby.PairOf(c.A, c.B), -1)
		}
	case lobby.CooldownSet:
		m.cool(w)
	case lobby.BlockSet:
		m.block(w.By, w.Of, w.At)
	case lobby.ReportFiled:
		m.block(w.By, w.Of, w.At)
		key := report{w.By, w.Of, w.At}
		if _, ok := m.reports[key]; !ok {
			w.Body = slices.Clone(w.Body)
			m.reports[key] = w
		}
	}
	return nil
}

// block: the first of its kind stays.
func (m *Memory) block(by, of lobby.PersonID, at int64) {
	key := lobby.BlockSet{By: by, Of: of}
	if _, there := m.blocks[key]; !there {
		m.blocks[key] = at
	}
}

func (m *Memory) cool(w lobby.CooldownSet) {
	w.Pair = lobby.PairOf(w.A, w.B)
	have, ok := m.cooldowns[w.Pair]
	if !ok || have.Call == w.Call || have.Until < w.Until {
		have.CooldownSet = w
		m.cooldowns[w.Pair] = have
	}
}

func (m *Memory) count(p lobby.Pair, by int) {
	c := m.cooldowns[p]
	c.met = max(c.met+by, 0)
	m.cooldowns[p] = c
}

// Bars implements store.Meetings.
func (m *Memory) Bars(ctx context.Context, id lobby.PersonID, now int64) ([]lobby.Bar, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	by := map[lobby.PersonID]lobby.Bar{}
	for p, c := range m.cooldowns {
		if other, ok := otherOf(id, p.A, p.B); ok && (c.Until > now || c.met > 0) {
			by[other] = lobby.Bar{Other: other, Until: c.Until, Reason: c.Reason, Met: c.met}
		}
	}
	for b := range m.blocks {
		if other, ok := otherOf(id, b.By, b.Of); ok {
			met := m.cooldowns[lobby.PairOf(b.By, b.Of)].met
			by[other] = lobby.Bar{Other: other, Until: lobby.Forever, Reason: store.ReasonBlock, Met: met}
		}
	}
	return slices.SortedFunc(maps.Values(by), func(x, y lobby.Bar) int { return cmp.Compare(x.Other, y.Other) }), nil
}

// OpenCalls implements store.Meetings.
func (m *Memory) OpenCalls(ctx context.Context) ([]lobby.CallStart, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var open []lobby.CallStart
	for _, c := range m.calls {
		if c.end.EndedAt == 0 {
			open = append(open, c.CallStart)
		}
	}
	slices.SortFunc(open, func(x, y lobby.CallStart) int {
		return cmp.Or(cmp.Compare(x.StartedAt, y.StartedAt), cmp.Compare(x.Call, y.Call))
	})
	return open, nil
}

// History implements store.Meetings.
func (m *Memory) History(ctx context.Context, id lobby.PersonID, before int64, limit int) ([]store.Meeting, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.Meeting
	for _, c := range m.calls {
		other, ok := otherOf(id, c.A, c.B)
		if !ok || c.end.Reason == store.ReasonVoid || before != 0 && c.StartedAt >= before {
			continue
		}
		their := m.people[other].Profile
		t := store.Meeting{
			Call: c.Call, Other: other, OtherName: their.Name, OtherPhoto: their.Photo, Caller: c.A == id,
			Seconds: c.Seconds, StartedAt: c.StartedAt, EndedAt: c.end.EndedAt, Reason: c.end.Reason,
		}
		if d := m.cooldowns[lobby.PairOf(c.A, c.B)]; d.Call == c.Call && d.Until > d.SetAt {
			t.CooldownUntil = d.Until
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(x, y store.Meeting) int {
		return cmp.Or(cmp.Compare(y.StartedAt, x.StartedAt), cmp.Compare(y.Call, x.Call))
	})
	return all[:min(len(all), max(limit, 0))], nil
}

// Cooldowns implements store.Meetings.
func (m *Memory) Cooldowns(ctx context.Context, id lobby.PersonID, now int64) ([]store.Cooldown, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var all []store.Cooldown
	for p, c := range m.cooldowns {
		if other, ok := otherOf(id, p.A, p.B); ok && c.Until > now {
			all = append(all, store.Cooldown{
				Other: other, OtherName: m.people[other].Profile.Name, Until: c.Until, Reason: c.Reason,
			})
		}
	}
	slices.SortFunc(all, func(x, y store.Cooldown) int {
		return cmp.Or(cmp.Compare(x.Until, y.Until), cmp.Compare(x.Other, y.Other))
	})
	return all, nil
}

func otherOf(id, x, y lobby.PersonID) (lobby.PersonID, bool) {
	switch id {
	case x:
		return y, true
	case y:
		return x, true
	}
	return 0, false
}

// clone shares nothing with f; empty lists become nil, as backends read them.
func clone(f store.Profile) store.Profile {
	f.Tags = append([]string(nil), f.Tags...)
	f.Langs = append([]string(nil), f.Langs...)
	f.Socials = append([]store.Social(nil), f.Socials...)
	if f.Attrs = maps.Clone(f.Attrs); len(f.Attrs) == 0 {
		f.Attrs = nil
	}
	return f
}

func equal(x, y store.Person) bool { return reflect.DeepEqual(x, y) }
