package cache

import (
	"context"
	"maps"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

func (s *Store) loadPerson(ctx context.Context, id int64) (store.Person, error) {
	return s.Store.Person(ctx, lobby.PersonID(id))
}

// Person implements store.People. The answer is the caller's own.
func (s *Store) Person(ctx context.Context, id lobby.PersonID) (store.Person, error) {
	p, err := s.people.Get(ctx, int64(id))
	if err != nil {
		return store.Person{}, err
	}
	f := &p.Profile
	f.Tags, f.Langs, f.Socials, f.Attrs = slices.Clone(f.Tags), slices.Clone(f.Langs), slices.Clone(f.Socials), maps.Clone(f.Attrs)
	return p, nil
}

// SignUp implements store.People.
func (s *Store) SignUp(ctx context.Context, p store.Person, first store.Session) error {
	err := s.Store.SignUp(ctx, p, first)
	return s.wrote(Stale{People: []lobby.PersonID{p.ID}, Tokens: []string{first.TokenHash}}, err)
}

// SaveProfile implements store.People.
func (s *Store) SaveProfile(ctx context.Context, id lobby.PersonID, version int64, p store.Profile) (int64, error) {
	now, err := s.Store.SaveProfile(ctx, id, version, p)
	return now, s.wrote(Stale{People: []lobby.PersonID{id}}, err)
}

func weighPerson(p store.Person) int64 {
	const fixed, header = 256, 16
	f := p.Profile
	n := fixed + len(f.Name) + len(f.Bio) + len(f.Photo)
	for _, words := range [][]string{f.Tags, f.Langs} {
		for _, w := range words {
			n += header + len(w)
		}
	}
	for _, social := range f.Socials {
		n += 2*header + len(social.Kind) + len(social.Handle)
	}
	for name := range f.Attrs {
		n += 3*header + len(name)
	}
	return int64(n)
}
