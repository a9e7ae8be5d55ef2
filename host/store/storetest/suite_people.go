package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/napalmsky/napalmsky/host/store"
)

var peopleChecks = []check{
	{"what was said comes back", func(t *testing.T, s store.Store) {
		full := person(1)
		full.Profile = store.Profile{
			Name: "Zoë 👩🏽‍🚀 مرحبا 'quoted\" \\ %_", Gender: 7, Seeking: 255, Age: 120, AgeMin: 18, AgeMax: 120,
			Tags:  strings.Split(strings.Repeat("日本語,", 15)+"<b>&amp;</b>", ","),
			Langs: []string{"de", "en", "ja", "ar", "he", "fr", "es", "pt"}, Bio: strings.Repeat("𝄞", 600),
			Socials: []store.Social{{Kind: "instagram", Handle: "@ada"}, {Kind: "x", Handle: "\u202eada\n"}},
			Photo:   strings.Repeat("ab", 32),
			Attrs:   map[string]int64{"height_cm": 171, "big": 1<<63 - 1, "small": -1 << 63, "": 0},
		}
		empty := person(1<<53 - 1)
		empty.Guest, empty.Version, empty.Profile = false, 7, store.Profile{Name: "x"}
		for _, p := range []store.Person{full, empty} {
			must(t, s.SignUp(t.Context(), p, session(p.ID, p.Profile.Name)))
			got, err := s.Person(t.Context(), p.ID)
			must(t, err)
			if !reflect.DeepEqual(got, p) {
				t.Fatalf("got  %+v\nwant %+v", got, p)
			}
		}
	}},
	{"an empty list is none", func(t *testing.T, s store.Store) {
		p := person(1)
		p.Profile.Tags, p.Profile.Attrs = []string{}, map[string]int64{}
		must(t, s.SignUp(t.Context(), p, session(1, "t")))
		got, err := s.Person(t.Context(), 1)
		must(t, err)
		if got.Profile.Tags != nil || got.Profile.Attrs != nil {
			t.Fatalf("got %#v", got.Profile)
		}
	}},
	{"a read person is the reader's own", func(t *testing.T, s store.Store) {
		p := person(1)
		p.Profile.Tags = []string{"jazz"}
		must(t, s.SignUp(t.Context(), p, session(1, "t")))
		p.Profile.Tags[0] = "scribbled"
		got, err := s.Person(t.Context(), 1)
		must(t, err)
		got.Profile.Tags[0] = "scribbled"
		if got, _ = s.Person(t.Context(), 1); got.Profile.Tags[0] != "jazz" {
			t.Fatal("a caller's slice is the store's")
		}
	}},
	{"nobody is not found", func(t *testing.T, s store.Store) {
		_, err := s.Person(t.Context(), 1)
		wantIs(t, "person", err, store.ErrNotFound)
		_, err = s.SaveProfile(t.Context(), 1, 1, person(1).Profile)
		wantIs(t, "save", err, store.ErrNotFound)
		_, err = s.Login(t.Context(), store.HashToken("t"), now)
		wantIs(t, "login", err, store.ErrNotFound)
	}},
	{"a session ends when it expires", func(t *testing.T, s store.Store) {
		must(t, s.SignUp(t.Context(), person(1), session(1, "t")))
		got, err := s.Login(t.Context(), store.HashToken("t"), now+hour-1)
		must(t, err)
		if got != 1 {
			t.Fatalf("login of person 1 is %d", got)
		}
		_, err = s.Login(t.Context(), store.HashToken("t"), now+hour)
		wantIs(t, "expired", err, store.ErrNotFound)
		_, err = s.Login(t.Context(), "t", now)
		wantIs(t, "the token instead of its hash", err, store.ErrNotFound)
	}},
	{"logout ends one session and may be repeated", func(t *testing.T, s store.Store) {
		signUp(t, s, 1, 2)
		for range 2 {
			must(t, s.Logout(t.Context(), session(1, "token of 1").TokenHash))
		}
		_, err := s.Login(t.Context(), store.HashToken("token of 1"), now)
		wantIs(t, "after logout", err, store.ErrNotFound)
		_, err = s.Login(t.Context(), store.HashToken("token of 2"), now)
		must(t, err)
	}},
	{"sign up stores both or neither", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		wantIs(t, "token taken", s.SignUp(t.Context(), person(2), session(2, "token of 1")), store.ErrConflict)
		_, err := s.Person(t.Context(), 2)
		wantIs(t, "person without session", err, store.ErrNotFound)
		wantIs(t, "id taken", s.SignUp(t.Context(), person(1), session(1, "other")), store.ErrConflict)
		_, err = s.Login(t.Context(), store.HashToken("other"), now)
		wantIs(t, "session without person", err, store.ErrNotFound)
		wantIs(t, "session of another", s.SignUp(t.Context(), person(3), session(1, "third")), store.ErrConflict)
		_, err = s.Login(t.Context(), store.HashToken("third"), now)
		wantIs(t, "session of another", err, store.ErrNotFound)
		wantIs(t, "nobody", s.SignUp(t.Context(), person(0), session(0, "zero")), store.ErrConflict)
	}},
	{"sign up may be repeated word by word", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		signUp(t, s, 1)
		changed := person(1)
		changed.Profile.Name = "Somebody else"
		wantIs(t, "another profile", s.SignUp(t.Context(), changed, session(1, "token of 1")), store.ErrConflict)
	}},
	{"a profile grows by versions", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		f := person(1).Profile
		f.Name, f.Tags = "Ada", []string{"jazz"}
		for range 2 { // the second is a repeat after an unknown outcome
			v, err := s.SaveProfile(t.Context(), 1, 1, f)
			must(t, err)
			if v != 2 {
				t.Fatalf("new version %d, want 2", v)
			}
		}
		stale := f
		stale.Name = "Eve"
		_, err := s.SaveProfile(t.Context(), 1, 1, stale)
		wantIs(t, "stale", err, store.ErrConflict)
		_, err = s.SaveProfile(t.Context(), 1, 3, stale)
		wantIs(t, "from the future", err, store.ErrConflict)
		want := person(1)
		want.Version, want.Profile = 2, f
		got, err := s.Person(t.Context(), 1)
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	}},
	{"of many who save one version, one wins", func(t *testing.T, s store.Store) {
		signUp(t, s, 1)
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				f := person(1).Profile
				f.Name = fmt.Sprint("writer ", i)
				switch v, err := s.SaveProfile(t.Context(), 1, 1, f); {
				case err == nil && v == 2:
					won.Add(1)
				default:
					if !is(err, store.ErrConflict) {
						t.Errorf("writer %d: version %d, %v", i, v, err)
					}
				}
			})
		}
		if wg.Wait(); won.Load() != 1 {
			t.Fatalf("%d writers won", won.Load())
		}
	}},
}
