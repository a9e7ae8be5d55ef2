package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/store"
)

// TestCardsAreKept: a face is made once for a person, a version and a plan.
func TestCardsAreKept(t *testing.T) {
	kept, err := newCards(1<<20, time.Minute, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.table.Close()
	plan := policy.Plan{}
	f := newFaces(config.Default().Product, func(context.Context, string, string) (policy.Plan, error) { return plan, nil }, kept)
	one := store.Person{ID: 1, Version: 1, Profile: store.Profile{Name: "Ada", Bio: "hello there", Tags: []string{"art"}}}
	two := store.Person{ID: 2, Version: 1, Profile: store.Profile{Name: "Bob"}}
	anew := one
	anew.Version, anew.Profile.Name = 2, "Ada L."
	card := func(p store.Person) string {
		face, err := f.face(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return string(face.Card)
	}
	if c := card(one); !strings.Contains(c, "Ada") || !strings.Contains(c, "hello") {
		t.Fatal(c)
	}
	if c := card(two); !strings.Contains(c, "Bob") {
		t.Errorf("another person's card: %s", c)
	}
	if c := card(anew); !strings.Contains(c, "Ada L.") {
		t.Errorf("another version's card: %s", c)
	}
	// The table takes a card in some moments after it was made.
	for hits := kept.table.Stats().Hits; hits == kept.table.Stats().Hits; {
		if c := card(one); !strings.Contains(c, "hello") {
			t.Fatal(c)
		}
		if t.Context().Err() != nil {
			t.Fatal("no card was kept")
		}
	}
	plan.Drop = []string{"bio"}
	for range 3 {
		if c := card(one); strings.Contains(c, "hello") || !strings.Contains(c, "Ada") {
			t.Errorf("the plan before still holds: %s", c)
		}
	}
}

// TestACardShowsWhatTheProductLists: words that an operator took out stay in the
// profile, and are on no card.
func TestACardShowsWhatTheProductLists(t *testing.T) {
	kept, err := newCards(1<<20, time.Minute, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.table.Close()
	f := newFaces(config.Default().Product, func(context.Context, string, string) (policy.Plan, error) { return policy.Plan{}, nil }, kept)
	face, err := f.face(t.Context(), store.Person{ID: 1, Version: 1, Profile: store.Profile{
		Name: "Ada", Tags: []string{"telegraphy", "art"}, Langs: []string{"en", "xx"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if c := string(face.Card); !strings.Contains(c, `["art"]`) || !strings.Contains(c, `["en"]`) {
		t.Errorf("the card %s", c)
	}
}

// BenchmarkFace: what it saves to keep a face.
func BenchmarkFace(b *testing.B) {
	kept, err := newCards(1<<20, time.Hour, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer kept.table.Close()
	p := store.Person{ID: 1, Version: 1, Profile: store.Profile{Name: "Ada", Bio: strings.Repeat("hello there ", 25), Tags: []string{"art", "yoga"}}}
	plan := func(context.Context, string, string) (policy.Plan, error) {
		return policy.Plan{Drop: []string{"langs"}, Text: map[string]int{"bio": 140}}, nil
	}
	for name, c := range map[string]*cards{"made": nil, "kept": kept} {
		b.Run(name, func(b *testing.B) {
			f := newFaces(config.Default().Product, plan, c)
			for b.Loop() {
				if _, err := f.face(b.Context(), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
