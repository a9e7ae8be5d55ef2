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

func version(n int) store.PluginVersion {
	return store.PluginVersion{
		Digest: strings.Repeat(fmt.Sprint(n), 64), About: `{"name":"match-mutual","params":[{"help":"it's \"fine\" ♥"}]}`,
		Bytes: 1 << 20, LoadedAt: now + int64(n),
	}
}

func generation(hook string, rev int) store.PluginGeneration {
	return store.PluginGeneration{
		Hook: hook, Rev: rev, Digest: version(rev % 10).Digest, Name: "match-mutual@1.0.0", Params: `{"age_window":8}`,
		Paused: rev%2 == 0, Back: rev - 1, Since: now + int64(rev), By: "ada",
	}
}

func change(at int64) store.PluginChange {
	return store.PluginChange{
		At: at, Who: "ada", Action: "load", Hook: "match", Digest: version(1).Digest,
		Before: "match-mutual@1.0.0 abc", After: "match-mutual@1.1.0 def", Result: "ok",
	}
}

var pluginChecks = []check{
	{"what was saved is read back, also by the next store", func(t *testing.T, s store.Store) {
		_, err := s.PluginGeneration(t.Context(), "match", 0)
		wantIs(t, "nothing yet", err, store.ErrNotFound)
		save := store.PluginSave{
			Versions:    []store.PluginVersion{version(2), version(1)},
			Generations: []store.PluginGeneration{generation("match", 1), generation("trim", 1), generation("match", 2)},
			Changes:     []store.PluginChange{change(now), change(now + 1)},
		}
		must(t, s.SavePlugins(t.Context(), save))
		must(t, s.SavePlugins(t.Context(), save)) // word by word: no conflict
		read := func(s store.Store) {
			t.Helper()
			versions, err := s.PluginVersions(t.Context())
			must(t, err)
			wantAll(t, versions, version(1), version(2))
			for _, want := range save.Generations {
				got, err := s.PluginGeneration(t.Context(), want.Hook, want.Rev)
				must(t, err)
				wantAll(t, []store.PluginGeneration{got}, want)
			}
			for hook, rev := range map[string]int{"match": 2, "trim": 1} {
				got, err := s.PluginGeneration(t.Context(), hook, 0)
				must(t, err)
				wantAll(t, []store.PluginGeneration{got}, generation(hook, rev))
			}
			for hook, rev := range map[string]int{"match": 3, "trim": 2, "cooldown": 0} {
				_, err := s.PluginGeneration(t.Context(), hook, rev)
				wantIs(t, hook, err, store.ErrNotFound)
			}
			changes, err := s.PluginChanges(t.Context(), 0, 10)
			must(t, err)
			wantAll(t, changes, change(now+1), change(now))
		}
		read(s)
		if r, ok := s.(Reopener); ok {
			read(r.Reopen(t))
		}
	}},
	{"all of a save or nothing", func(t *testing.T, s store.Store) {
		must(t, s.SavePlugins(t.Context(), store.PluginSave{
			Generations: []store.PluginGeneration{generation("match", 1)}, Changes: []store.PluginChange{change(now)},
		}))
		other, later := generation("match", 1), change(now)
		other.By, later.Result = "bob", "refused"
		backless := generation("match", 2)
		backless.Back = 2
		for name, bad := range map[string]store.PluginSave{
			"a revision taken":  {Versions: []store.PluginVersion{version(1)}, Generations: []store.PluginGeneration{generation("trim", 1), other}},
			"a time taken":      {Versions: []store.PluginVersion{version(1)}, Generations: []store.PluginGeneration{generation("match", 2)}, Changes: []store.PluginChange{change(now + 1), later}},
			"no digest":         {Versions: []store.PluginVersion{version(1), {}}},
			"no hook":           {Versions: []store.PluginVersion{version(1)}, Generations: []store.PluginGeneration{generation("", 1)}},
			"no revision":       {Versions: []store.PluginVersion{version(1)}, Generations: []store.PluginGeneration{{Hook: "match"}}},
			"back to the front": {Versions: []store.PluginVersion{version(1)}, Generations: []store.PluginGeneration{backless}},
			"no time":           {Versions: []store.PluginVersion{version(1)}, Changes: []store.PluginChange{change(0)}},
		} {
			wantIs(t, name, s.SavePlugins(t.Context(), bad), store.ErrConflict)
		}
		versions, err := s.PluginVersions(t.Context())
		must(t, err)
		wantAll(t, versions)
		got, err := s.PluginGeneration(t.Context(), "match", 0)
		must(t, err)
		wantAll(t, []store.PluginGeneration{got}, generation("match", 1))
		_, err = s.PluginGeneration(t.Context(), "trim", 0)
		wantIs(t, "trim", err, store.ErrNotFound)
		changes, err := s.PluginChanges(t.Context(), 0, 10)
		must(t, err)
		wantAll(t, changes, change(now))
	}},
	{"a version is replaced", func(t *testing.T, s store.Store) {
		bad := version(1)
		bad.Quarantined = "it trapped 5 times in a minute"
		for _, v := range []store.PluginVersion{version(1), bad} {
			must(t, s.SavePlugins(t.Context(), store.PluginSave{Versions: []store.PluginVersion{v}}))
			got, err := s.PluginVersions(t.Context())
			must(t, err)
			wantAll(t, got, v)
		}
	}},
	{"a version that is forgotten leaves its history", func(t *testing.T, s store.Store) {
		must(t, s.SavePlugins(t.Context(), store.PluginSave{
			Versions: []store.PluginVersion{version(1), version(2)}, Generations: []store.PluginGeneration{generation("match", 1)}, Changes: []store.PluginChange{change(now)},
		}))
		gone := store.PluginSave{Gone: []string{version(1).Digest, version(9).Digest}, Changes: []store.PluginChange{change(now + 1)}}
		for range 2 { // word by word: no conflict
			must(t, s.SavePlugins(t.Context(), gone))
		}
		versions, err := s.PluginVersions(t.Context())
		must(t, err)
		wantAll(t, versions, version(2))
		got, err := s.PluginGeneration(t.Context(), "match", 1)
		must(t, err)
		wantAll(t, []store.PluginGeneration{got}, generation("match", 1))
		changes, err := s.PluginChanges(t.Context(), 0, 10)
		must(t, err)
		wantAll(t, changes, change(now+1), change(now))
		wantIs(t, "no digest", s.SavePlugins(t.Context(), store.PluginSave{Gone: []string{version(2).Digest, ""}}), store.ErrConflict)
		must(t, s.SavePlugins(t.Context(), store.PluginSave{Versions: []store.PluginVersion{version(1)}})) // loaded again
		versions, err = s.PluginVersions(t.Context())
		must(t, err)
		wantAll(t, versions, version(1), version(2))
	}},
	{"who served a hook since a time", func(t *testing.T, s store.Store) {
		served := func(since int64) []string {
			t.Helper()
			digests, err := s.PluginsServedSince(t.Context(), since)
			must(t, err)
			return digests
		}
		wantAll(t, served(now))
		// match: 1, then 3 (a revision may be left out) from now+3 on, then 4; trim: 2 from the start.
		trim := generation("trim", 2)
		trim.Since = now - 1000
		for _, g := range []store.PluginGeneration{generation("match", 1), generation("match", 3), generation("match", 4), trim} {
			must(t, s.SavePlugins(t.Context(), store.PluginSave{Generations: []store.PluginGeneration{g}}))
		}
		d := func(n int) string { return version(n).Digest }
		wantAll(t, served(now-2000), d(1), d(2), d(3), d(4))
		wantAll(t, served(now+2), d(1), d(2), d(3), d(4))
		wantAll(t, served(now+3), d(2), d(3), d(4)) // 3 took over at that moment
		wantAll(t, served(now+4), d(2), d(4))
		wantAll(t, served(now+1_000_000), d(2), d(4))
		again := generation("match", 5)
		again.Digest = d(1)
		must(t, s.SavePlugins(t.Context(), store.PluginSave{Generations: []store.PluginGeneration{again}}))
		wantAll(t, served(now+1_000_000), d(1), d(2))
	}},
	{"the audit log in pages, newest first", func(t *testing.T, s store.Store) {
		const lines = 25
		for i := range int64(lines) {
			must(t, s.SavePlugins(t.Context(), store.PluginSave{Changes: []store.PluginChange{change(now + i)}}))
		}
		var got []store.PluginChange
		for before := int64(0); ; before = got[len(got)-1].At {
			page, err := s.PluginChanges(t.Context(), before, 10)
			must(t, err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
		}
		if len(got) != lines {
			t.Fatalf("%d lines in all pages", len(got))
		}
		for i, c := range got {
			if c != change(now+lines-1-int64(i)) {
				t.Fatalf("line %d: %+v", i, c)
			}
		}
		for _, limit := range []int{0, -1} {
			page, err := s.PluginChanges(t.Context(), 0, limit)
			must(t, err)
			wantAll(t, page)
		}
	}},
	{"of two who take one revision, one wins", func(t *testing.T, s store.Store) {
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				g := generation("match", 1)
				g.By = fmt.Sprint("operator ", i)
				err := s.SavePlugins(t.Context(), store.PluginSave{Generations: []store.PluginGeneration{g}})
				if err == nil {
					won.Add(1)
				} else if !is(err, store.ErrConflict) {
					t.Error(err)
				}
			})
		}
		if wg.Wait(); won.Load() != 1 {
			t.Fatalf("%d won", won.Load())
		}
	}},
}

func wantAll[T any](t *testing.T, got []T, want ...T) {
	t.Helper()
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}
