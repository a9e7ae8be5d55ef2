package app

import (
	"context"
	"hash/maphash"
	"reflect"
	"time"

	"github.com/napalmsky/napalmsky/host/cache"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
)

// cards keeps faces, so that who comes back with the profile they left with, to
// the same trim plan, need not be trimmed and encoded again. Safe for concurrent
// use; a nil one keeps nothing.
type cards struct {
	seed  maphash.Seed
	table *cache.Table[uint64, card]
}

// card is a face and what it was made of.
type card struct {
	person  lobby.PersonID
	version int64
	plan    policy.Plan
	face    *reel.Face
}

func newCards(bytes int64, keep time.Duration, now func() time.Time) (*cards, error) {
	table, err := cache.NewTable(cache.Rules[uint64, card]{
		Name: "cards", LoadWait: time.Second, Bytes: bytes, Keep: keep, Now: now,
		Weigh: func(c card) int64 { return int64(cap(c.face.Card) + 64*len(c.face.Row.Attrs) + 320) },
	})
	if err != nil {
		return nil, err
	}
	return &cards{seed: maphash.MakeSeed(), table: table}, nil
}

// face answers the face of a person under a plan: the one that is kept, or what
// make makes of them.
func (c *cards) face(ctx context.Context, p store.Person, plan policy.Plan, make func(store.Person, policy.Plan) (*reel.Face, error)) (*reel.Face, error) {
	if c == nil {
		return make(p, plan)
	}
	key := maphash.Comparable(c.seed, struct {
		id      lobby.PersonID
		version int64
	}{p.ID, p.Version})
	for range 2 { // a card of the plan before is in the way once
		have, err := c.table.Through(ctx, key, func(context.Context) (card, error) {
			face, err := make(p, plan)
			return card{p.ID, p.Version, plan, face}, err
		})
		if err != nil {
			return nil, err
		}
		if have.person == p.ID && have.version == p.Version && reflect.DeepEqual(have.plan, plan) {
			return have.face, nil
		}
		c.table.Forget(key)
	}
	return make(p, plan)
}
