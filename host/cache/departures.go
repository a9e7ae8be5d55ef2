package cache

import (
	"context"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// Upgrade implements store.Accounts. Whoever returns takes the place of their
// stand-in in others' bars.
func (s *Store) Upgrade(ctx context.Context, u store.Upgrade) (returned bool, err error) {
	returned, err = s.Store.Upgrade(ctx, u)
	who := []lobby.PersonID{u.Person}
	return returned, s.wrote(Stale{People: who, Sessions: who, Bars: who, AllBars: returned || unknown(err)}, err)
}

// Depart implements store.Accounts. Whoever had a bar with them has it with
// their stand-in now; who that is, only the store knows.
func (s *Store) Depart(ctx context.Context, d store.Departure) error {
	err := s.Store.Depart(ctx, d)
	return s.wrote(Stale{People: []lobby.PersonID{d.Person}, Sessions: []lobby.PersonID{d.Person}, AllBars: true}, err)
}
