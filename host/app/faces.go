package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/wire"
)

// faces turns a stored person into what others may see: the row a match plugin
// ranks and the card, trimmed and encoded once per profile version.
type faces struct {
	tags  map[string]uint64 // word → its bit
	langs map[string]uint64
	plan  func(ctx context.Context, kind, audience string) (policy.Plan, error)
	made  *cards // nil: none are kept
}

func newFaces(p config.Product, plan func(context.Context, string, string) (policy.Plan, error), made *cards) *faces {
	f := &faces{tags: map[string]uint64{}, langs: map[string]uint64{}, plan: plan, made: made}
	for i, t := range p.Tags {
		f.tags[t] = 1 << i
	}
	for i, l := range p.Langs {
		f.langs[l.ID] = 1 << i
	}
	return f
}

func bits(of map[string]uint64, words []string) (set uint64) {
	for _, w := range words {
		set |= of[w] // a word that has left the product's list counts for nothing
	}
	return set
}

// listed are those words that the product has in its list.
func listed(of map[string]uint64, words []string) (list []string) {
	for _, w := range words {
		if of[w] != 0 {
			list = append(list, w)
		}
	}
	return list
}

func (f *faces) face(ctx context.Context, p store.Person) (*reel.Face, error) {
	plan, err := f.plan(ctx, "card", "public")
	if err != nil {
		return nil, fmt.Errorf("card of person %d: %w", p.ID, err)
	}
	return f.made.face(ctx, p, plan, f.make)
}

// make trims and encodes.
func (f *faces) make(p store.Person, plan policy.Plan) (*reel.Face, error) {
	q := p.Profile
	whole := wire.AppendCard(nil, wire.Card{
		ID: int64(p.ID), V: p.Version, Name: q.Name, Age: int64(q.Age), Gender: int64(q.Gender),
		Tags: listed(f.tags, q.Tags), Langs: listed(f.langs, q.Langs), Bio: q.Bio, Photo: q.Photo,
	})
	card, err := plan.Apply(nil, whole, policy.Optional("card"))
	if err != nil {
		return nil, fmt.Errorf("card of person %d: %w", p.ID, err)
	}
	return &reel.Face{
		Card: slices.Clip(card),
		Row: policy.Person{
			Gender: uint8(q.Gender), Seeking: uint8(q.Seeking), Age: uint8(q.Age),
			AgeMin: uint8(q.AgeMin), AgeMax: uint8(q.AgeMax),
			Tags: bits(f.tags, q.Tags), Langs: bits(f.langs, q.Langs), Attrs: q.Attrs,
		},
	}, nil
}
