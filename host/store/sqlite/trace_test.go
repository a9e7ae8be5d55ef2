package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// columns says of every column of the schema whether it can hold somebody's
// number (who), what a person said or is known by (their), or nothing about
// people (""). A new column must be entered here, and a new place for people
// must be filled by the test below and emptied by Depart.
var columns = map[string]string{
	"people.id": "who", "people.guest": "", "people.version": "", "people.created_at": "",
	"people.name": "their", "people.gender": "", "people.seeking": "", "people.age": "", "people.age_min": "", "people.age_max": "",
	"people.tags": "their", "people.langs": "their", "people.bio": "their", "people.socials": "their", "people.photo": "their", "people.attrs": "their",
	"sessions.token_hash": "their", "sessions.person_id": "who", "sessions.created_at": "", "sessions.expires_at": "",
	"accounts.person_id": "who", "accounts.email": "their", "accounts.email_key": "their", "accounts.password": "their", "accounts.since": "",
	"calls.id": "", "calls.lobby": "", "calls.caller": "who", "calls.callee": "who", "calls.seconds": "", "calls.started_at": "",
	"calls.deadline": "", "calls.cooldown_until": "", "calls.ended_at": "", "calls.reason": "", "calls.ended_by": "who",
	"cooldowns.a": "who", "cooldowns.b": "who", "cooldowns.lobby": "", "cooldowns.call_id": "", "cooldowns.set_at": "",
	"cooldowns.until": "", "cooldowns.reason": "", "cooldowns.digest": "", "cooldowns.met": "",
	"blocks.by_person": "who", "blocks.of_person": "who", "blocks.lobby": "", "blocks.set_at": "",
	"reports.by_person": "who", "reports.of_person": "who", "reports.lobby": "", "reports.filed_at": "", "reports.call_id": "",
	"reports.reason": "", "reports.note": "their",
	"bans.person_id": "who", "bans.since": "", "bans.by_whom": "", "bans.reason": "",
	"rulings.person_id": "who", "rulings.ruled_at": "", "rulings.by_whom": "", "rulings.action": "", "rulings.reason": "",
	// The stand-in's number and a slow hash: what Depart leaves on purpose.
	"departed.email_hash": "", "departed.person_id": "", "departed.until": "",

	"call_archive.person_id": "who", "call_archive.n": "", "call_archive.first_at": "", "call_archive.last_at": "", "call_archive.calls": "",
	"call_archive.body": "who",

	"claim.one": "", "claim.epoch": "",

	"plugin_versions.digest": "", "plugin_versions.about": "", "plugin_versions.bytes": "", "plugin_versions.loaded_at": "", "plugin_versions.quarantined": "",
	"plugin_generations.hook": "", "plugin_generations.rev": "", "plugin_generations.digest": "", "plugin_generations.name": "",
	"plugin_generations.params": "", "plugin_generations.paused": "", "plugin_generations.back": "", "plugin_generations.since": "", "plugin_generations.by_whom": "",
	"plugin_changes.at": "", "plugin_changes.who": "", "plugin_changes.action": "", "plugin_changes.hook": "", "plugin_changes.digest": "",
	"plugin_changes.before": "", "plugin_changes.after": "", "plugin_changes.result": "",
}

// ada is who leaves: her number and her words stand nowhere else.
const (
	ada   = lobby.PersonID(7_777_777)
	words = "adaword"
)

// TestDepartureLeavesNoTrace looks for a departed person in every column there is.
func TestDepartureLeavesNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "napalmsky.db")
	s := open(t, path)
	live(t, s)
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })

	schema := schemaOf(t, raw)
	for c, kind := range columns {
		switch there := slices.Contains(schema, c); {
		case !there:
			t.Errorf("%s is gone from the schema; take it out here, too", c)
		case kind != "" && !holds(t, raw, c):
			t.Errorf("this test puts nothing of Ada's into %s, so it cannot see it go", c)
		}
	}
	for _, c := range schema {
		if _, known := columns[c]; !known {
			t.Errorf("%s is new: say whether it can hold somebody's number or words, and let Depart see to it", c)
		}
	}
	if err := s.Depart(t.Context(), store.Departure{Person: ada, Stead: 5_555_555, EmailHash: "slow hash", Until: 9}); err != nil {
		t.Fatal(err)
	}
	for _, c := range schema {
		if holds(t, raw, c) {
			t.Errorf("after the departure %s still names Ada", c)
		}
	}
}

// live has Ada do and suffer everything that is stored.
func live(t *testing.T, s store.Store) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []lobby.PersonID{ada, 1, 9_999_999} {
		p := store.Person{ID: id, Guest: true, Version: 1, CreatedAt: 1}
		if id == ada {
			p.Profile = store.Profile{Name: words, Tags: []string{words}, Langs: []string{words}, Bio: words, Photo: words,
				Socials: []store.Social{{Kind: "x", Handle: words}}, Attrs: map[string]int64{words: 1}}
		}
		must(s.SignUp(t.Context(), p, store.Session{TokenHash: fmt.Sprint(words, id), Person: id, CreatedAt: 1, ExpiresAt: 1 << 50}))
	}
	_, err := s.Upgrade(t.Context(), store.Upgrade{Account: store.Account{Person: ada, Email: words, EmailKey: words, Password: words, Since: 1}})
	must(err)
	var writes []lobby.Write
	for i, c := range []lobby.CallStart{{A: ada, B: 1}, {A: 9_999_999, B: ada}} { // so that her number is the lesser and the greater
		c.Call, c.StartedAt, c.CooldownUntil = lobby.CallID(i+1), 10, 1<<50
		writes = append(writes, c, lobby.CallEnd{Call: c.Call, EndedAt: 20, Reason: "hangup", By: ada})
		for _, by := range []lobby.PersonID{c.A, c.B} {
			of, said := c.A+c.B-by, "said of her"
			if by == ada {
				said = words
			}
			writes = append(writes, lobby.BlockSet{By: by, Of: of, At: 30},
				lobby.ReportFiled{By: by, Of: of, At: 40, Reason: "rude", Body: []byte(said)})
		}
	}
	for _, err := range s.Commit(t.Context(), writes) {
		must(err)
	}
	old := lobby.CallStart{Call: 3, A: 1, B: ada, StartedAt: 5, CooldownUntil: 6}
	for _, err := range s.Commit(t.Context(), []lobby.Write{old, lobby.CallEnd{Call: 3, EndedAt: 6, Reason: "hangup", By: ada}}) {
		must(err)
	}
	if n, err := s.ArchiveCalls(t.Context(), 6, 10); err != nil || n != 1 {
		t.Fatalf("%d archived, %v", n, err)
	}
	must(s.Rule(t.Context(), store.Ruling{Person: ada, At: 50, By: "op", Action: store.Ban, Reason: "why"}))
	// The other two must not hold her words.
	must(s.Logout(t.Context(), fmt.Sprint(words, 1)))
	must(s.Logout(t.Context(), fmt.Sprint(words, 9_999_999)))
}

func schemaOf(t *testing.T, raw *sql.DB) (all []string) {
	t.Helper()
	rows, err := raw.Query(`SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c string
		if err := rows.Scan(&c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil || len(all) == 0 {
		t.Fatalf("no schema: %v", err)
	}
	return all
}

// holds: a row of this column is Ada's number, or contains it or her words.
func holds(t *testing.T, raw *sql.DB, column string) bool {
	t.Helper()
	table, name, _ := strings.Cut(column, ".")
	if column == "call_archive.body" {
		return holdsArchived(t, raw)
	}
	var n int
	query := fmt.Sprintf(`SELECT COUNT(*) FROM %q WHERE CAST(%q AS TEXT) LIKE ? OR CAST(%q AS TEXT) LIKE ?`, table, name, name)
	if err := raw.QueryRow(query, fmt.Sprintf("%%%d%%", ada), "%"+words+"%").Scan(&n); err != nil {
		t.Fatalf("%s: %v", column, err)
	}
	return n > 0
}

// holdsArchived looks into what is compressed.
func holdsArchived(t *testing.T, raw *sql.DB) bool {
	t.Helper()
	rows, err := raw.Query(`SELECT body FROM call_archive`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			t.Fatal(err)
		}
		calls, err := store.DecodeChunk(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			found = found || c.Caller == ada || c.Callee == ada || c.EndedBy == ada
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}
