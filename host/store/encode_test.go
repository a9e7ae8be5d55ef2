package store_test

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/store"
)

func TestListsComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := store.Profile{
			Tags:  rapid.SliceOfN(rapid.String(), 0, 16).Draw(rt, "tags"),
			Langs: rapid.SliceOfN(rapid.StringMatching("[a-z]{2}"), 0, 8).Draw(rt, "langs"),
			Socials: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) store.Social {
				return store.Social{Kind: rapid.String().Draw(rt, "kind"), Handle: rapid.String().Draw(rt, "handle")}
			}), 0, 6).Draw(rt, "socials"),
			Attrs: rapid.MapOfN(rapid.String(), rapid.Int64(), 0, 16).Draw(rt, "attrs"),
		}
		l, err := store.EncodeLists(p)
		if err != nil {
			rt.Fatal(err)
		}
		again, _ := store.EncodeLists(p)
		if again != l {
			rt.Fatalf("two texts of one profile: %v, %v", l, again)
		}
		got := store.Profile{Tags: []string{"of before"}, Attrs: map[string]int64{"of before": 1}}
		if err := l.Decode(&got); err != nil {
			rt.Fatal(err)
		}
		for _, pair := range [][2]any{{got.Tags, p.Tags}, {got.Langs, p.Langs}, {got.Socials, p.Socials}, {got.Attrs, p.Attrs}} {
			if reflect.ValueOf(pair[1]).Len() == 0 {
				if !reflect.ValueOf(pair[0]).IsNil() {
					rt.Fatalf("an empty list came back as %#v", pair[0])
				}
			} else if !reflect.DeepEqual(pair[0], pair[1]) {
				rt.Fatalf("got %#v, want %#v", pair[0], pair[1])
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(`["a"]`, `[]`, `[{"kind":"x","handle":"@a"}]`, `{"n":1}`)
	f.Add(``, `null`, `[{}]`, `{"n":1.5}`)
	f.Fuzz(func(t *testing.T, tags, langs, socials, attrs string) {
		var p store.Profile
		if err := (store.Lists{Tags: tags, Langs: langs, Socials: socials, Attrs: attrs}).Decode(&p); err != nil {
			return
		}
		if _, err := store.EncodeLists(p); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzNote(f *testing.F) {
	f.Add([]byte("he \xff said \x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		note := store.Note(body)
		if !utf8.ValidString(note) {
			t.Fatalf("%q", note)
		}
		for i := range len(note) {
			if note[i] == 0 {
				t.Fatalf("NUL in %q", note)
			}
		}
	})
}
