package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// TestWhatLeftTheListsIsInNobodysWay: an operator took an attribute, a tag, a
// language and a gender out. The page does not hear of them, one that still
// knows them can save all the same, and nothing is lost by it.
func TestWhatLeftTheListsIsInNobodysWay(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	const id = lobby.PersonID(1<<60 + 1)
	had := store.Profile{
		Name: "Ada", Seeking: 1<<1 | 1<<7, Age: 36, AgeMin: 20, AgeMax: 50, Bio: "hi",
		Tags: []string{"books", "telegraphy"}, Langs: []string{"xx", "en"}, Socials: []store.Social{{Kind: "web", Handle: "@ada"}},
		Attrs: map[string]int64{"height_cm": 170, "shoe": 38, "height": 3},
	}
	p := w.people[id]
	p.Profile = had
	w.people[id] = p

	sent := w.ok(w.send("GET", "/v1/me", "", bearerToken(token)), 200).body["profile"].(map[string]any)
	for field, want := range map[string]any{"seeking": []any{1.0}, "tags": []any{"books"}, "langs": []any{"en"}, "attrs": map[string]any{"height_cm": 170.0}} {
		if !reflect.DeepEqual(sent[field], want) {
			t.Errorf("%s: the page gets %v, want %v", field, sent[field], want)
		}
	}
	old, err := json.Marshal(profileOf(had)) // as a page has it that was there before the server was restarted
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range [][]byte{fresh, old} {
		w.ok(w.send("PUT", "/v1/me/profile", fmt.Sprintf(`{"version":%d,"profile":%s}`, i+1, body), bearerToken(token)), 200)
		got := w.people[id].Profile
		slices.Sort(got.Langs)
		want := had
		want.Langs = []string{"en", "xx"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("saved\n%+v, want\n%+v", got, want)
		}
	}
	if all := w.ok(w.send("GET", "/v1/me/export", "", bearerToken(token)), 200); !reflect.DeepEqual(all.body["person"].(map[string]any)["profile"].(map[string]any)["attrs"], map[string]any{"height_cm": 170.0, "shoe": 38.0, "height": 3.0}) {
		t.Errorf("the export hides what is kept: %s", all.raw)
	}
	// What they never had stays refused.
	for field, body := range map[string]string{
		"profile.attrs.shoe": `"attrs":{"shoe":39}`, "profile.tags[0]": `"tags":["morse"]`, "profile.langs[0]": `"langs":["yy"]`,
	} {
		w.refused(w.send("PUT", "/v1/me/profile", fmt.Sprintf(`{"version":3,"profile":{"name":"Ada","gender":0,"seeking":[1],"age":36,%s}}`, body), bearerToken(token)), 400, "bad_value", field)
	}
}

// Whatever leaves the lists: a page's own answer can always be saved, holds only
// what is known, and never pushes a profile over its bounds.
func TestAnyProfileCanBeSavedUnderAnyLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := func(name string, most int) []string {
			return rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,2}`), 0, most, rapid.ID[string]).Draw(t, name)
		}
		set := func(list []string) map[string]bool {
			s := map[string]bool{}
			for _, word := range list {
				s[word] = true
			}
			return s
		}
		numbers := rapid.MapOfN(rapid.StringMatching(`[a-d]{1,2}`), rapid.Int64Range(0, 20), 0, maxAttrs)
		r := rules{genders: rapid.IntRange(1, 8).Draw(t, "genders"), tags: set(words("known tags", 64)), langs: set(words("known langs", 64)), attrs: map[string]config.Bounds{}}
		for name, n := range numbers.Draw(t, "known attrs") {
			r.attrs[name] = config.Bounds{Min: n, Max: 10 + n/2}
		}
		maps.DeleteFunc(r.attrs, func(_ string, b config.Bounds) bool { return b.Min > b.Max })
		had := store.Profile{
			Name: "Ada", Seeking: rapid.IntRange(0, 255).Draw(t, "seeking"), Age: 30, AgeMin: 18, AgeMax: 99,
			Tags: words("tags", maxTags), Langs: words("langs", maxLangs), Attrs: numbers.Draw(t, "attrs"),
		}
		known, old := r.sort(had)
		page := profileOf(known)
		if len(page.Seeking) == 0 {
			page.Seeking = []int{0}
		}
		checked, err := r.check(old.dropFrom(page), "")
		if err != nil {
			t.Fatalf("%+v cannot be saved: %v", page, err)
		}
		saved := old.addTo(checked)
		if len(saved.Tags) > maxTags || len(saved.Langs) > maxLangs || len(saved.Attrs) > maxAttrs {
			t.Fatalf("too much: %+v", saved)
		}
		if !reflect.DeepEqual(set(saved.Tags), set(had.Tags)) || !reflect.DeepEqual(set(saved.Langs), set(had.Langs)) || !maps.Equal(saved.Attrs, had.Attrs) {
			t.Fatalf("saved %+v, had %+v", saved, had)
		}
		if again, _ := r.sort(saved); !reflect.DeepEqual(again.Tags, known.Tags) {
			t.Fatalf("the page gets %v after it, %v before", again.Tags, known.Tags)
		}
	})
}
