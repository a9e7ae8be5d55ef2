package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// TestHistoryFitsATerminal: what changed, and no more of it than that.
func TestHistoryFitsATerminal(t *testing.T) {
	at := time.Date(2026, 9, 21, 20, 0, 1, 0, time.Local)
	const mutual, tall = "match-mutual@1.0.0 4f5a1c0e7b22 age_span=10 age_weight=1 tag_weight=10", "match-tall@0.1.0 9d3be1270caa height_span=20 tag_weight=10"
	changes := []registry.Change{
		{At: at, Who: "unix:1000", Action: "set", Hook: registry.Match, Digest: "9d3be1270caa55", Before: tall, After: strings.Replace(tall, "tag_weight=10", "tag_weight=-20", 1), Result: "ok"},
		{At: at, Who: "unix:1000", Action: "load", Hook: registry.Match, Digest: "9d3be1270caa55", Before: mutual, After: tall, Result: "ok"},
		{At: at, Who: "napalmsky", Action: "quarantine", Hook: registry.Match, Digest: "9d3be1270caa55", Before: tall, After: "match-mutual@1.0.0 native:match age_span=10",
			Result: "2026-09-21 18:00:01 UTC, 5 failures within 1m0s, the last one: match: plugin trapped: it panicked: runtime error: index out of range [20] with length 3"},
		{At: at, Who: "unix:1000", Action: "load", Digest: "9d3be1270caa55", Result: "plugin refused: it does not export memory"},
		{At: at, Who: "token", Action: "pause", Hook: registry.Match, Before: mutual, After: mutual, Result: "ok"},
		{At: at, Who: "token", Action: "rollback", Hook: registry.Trim, Before: "trim-essential@1.0.0 1c0e7b22ffff", Result: "trim: nothing to roll back to"},
		{At: at, Who: "napalmsky", Action: "delete", Digest: "9d3be1270caa55", Before: "match-tall@0.1.0", After: "has served no hook since 2026-08-21", Result: "ok"},
	}
	var b bytes.Buffer
	writeHistory(&b, changes)
	const want = `WHEN                 WHO        ACTION      HOOK   WHAT
2026-09-21 20:00:01  unix:1000  set         match  match-tall@0.1.0 9d3be12: tag_weight 10→-20
2026-09-21 20:00:01  unix:1000  load        match  match-mutual@1.0.0 4f5a1c0 → match-tall@0.1.0 9d3be12
2026-09-21 20:00:01  napalmsky  quarantine  match  match-tall@0.1.0 9d3be12 → match-mutual@1.0.0 (compiled
                                                   in): 2026-09-21 18:00:01 UTC, 5 failures within 1m0s, the
                                                   last one: match: plugin trapped: it panicked: runtime
                                                   error: index out of range [20] with length 3
2026-09-21 20:00:01  unix:1000  load        -      9d3be12: plugin refused: it does not export memory
2026-09-21 20:00:01  token      pause       match  match-mutual@1.0.0 4f5a1c0
2026-09-21 20:00:01  token      rollback    trim   trim-essential@1.0.0 1c0e7b2: trim: nothing to roll back to
2026-09-21 20:00:01  napalmsky  delete      -      match-tall@0.1.0 → has served no hook since 2026-08-21
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", &b, want)
	}
}

// TestNoLineIsTooLong: whatever stands in the log, a terminal of 120 columns holds it.
func TestNoLineIsTooLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z0-9@.=:ä-]{1,200}`)
		text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(word, 0, 12).Draw(t, "words"), " ") })
		var changes []registry.Change
		for range rapid.IntRange(1, 5).Draw(t, "changes") {
			changes = append(changes, registry.Change{
				At: time.Unix(1_790_000_000, 0), Who: text.Draw(t, "who"), Action: "load again", Hook: registry.Signalling,
				Digest: text.Draw(t, "digest"), Before: text.Draw(t, "before"), After: text.Draw(t, "after"), Result: text.Draw(t, "result"),
			})
		}
		var b bytes.Buffer
		writeHistory(&b, changes)
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 120 {
				t.Fatalf("%d columns: %s", n, line)
			}
		}
	})
}
