package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

func TestSignUpStoresAGuestAndLogsThemIn(t *testing.T) {
	w := newWorld(t)
	a := w.ok(w.send("POST", "/v1/guests", `{"name":"  Ada ","gender":0,"seeking":[2,1,1],"age":36,"age_max":50,
		"tags":["books","art","books"],"langs":["en","no"],"bio":"line\r\nline","socials":[{"kind":"web","handle":" @ada "}],"attrs":{"height_cm":170}}`), 201)
	const id = 1<<60 + 1
	if a.body["id"] != "1152921504606846977" || a.body["version"] != 1.0 {
		t.Errorf("got %s", a.raw)
	}
	want := store.Profile{
		Name: "Ada", Gender: 0, Seeking: 0b110, Age: 36, AgeMin: 18, AgeMax: 50, Tags: []string{"books", "art"}, Langs: []string{"en", "no"},
		Bio: "line\nline", Socials: []store.Social{{Kind: "web", Handle: "@ada"}}, Attrs: map[string]int64{"height_cm": 170},
	}
	if p := w.people[id]; !reflect.DeepEqual(p, store.Person{ID: id, Guest: true, Version: 1, CreatedAt: w.now.UnixMilli(), Profile: want}) {
		t.Errorf("stored %+v", p)
	}
	token := a.body["token"].(string)
	expires := w.now.Add(7 * 24 * time.Hour).UnixMilli()
	if s := w.sessions[hashForTest(token)]; s.Person != id || s.ExpiresAt != expires || a.body["expires_at"] != float64(expires) {
		t.Errorf("session %+v, answer %s", s, a.raw)
	}
	for _, login := range []with{bearerToken(token), cookieToken(token)} {
		me := w.ok(w.send("GET", "/v1/me", "", login), 200)
		if me.body["id"] != a.body["id"] || me.body["guest"] != true || !reflect.DeepEqual(me.body["profile"], a.body["profile"]) {
			t.Errorf("me %s", me.raw)
		}
	}
	profile := a.body["profile"].(map[string]any)
	if !reflect.DeepEqual(profile["seeking"], []any{1.0, 2.0}) || profile["photo"] != "" {
		t.Errorf("profile %v", profile)
	}
}

// Lists are [] and attrs {} in JSON, never null: pages iterate over them.
func TestAnEmptyProfileHasNoNulls(t *testing.T) {
	w := newWorld(t)
	a := w.ok(w.send("POST", "/v1/guests", ada), 201)
	if strings.Contains(string(a.raw), "null") {
		t.Errorf("got %s", a.raw)
	}
}

func TestATakenIDIsDrawnAgain(t *testing.T) {
	w := newWorld(t)
	w.signUp()
	w.ids-- // the next draw is the same
	w.signUp()
	if len(w.people) != 2 {
		t.Errorf("%d people", len(w.people))
	}
	w.taken = true
	w.refused(w.send("POST", "/v1/guests", ada), 409, "conflict", "")
}

// Each fault in a profile is refused by the field's path, alike at sign-up and later.
func TestBadProfilesAreRefusedByField(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	long := func(n int) string { return strings.Repeat("ä", n) }
	table := []struct{ field, key, value, code string }{
		{"name", "name", `""`, "bad_value"},
		{"name", "name", `" \t "`, "bad_value"},
		{"name", "name", `"` + long(41) + `"`, "bad_value"},
		{"name", "name", `"A\u0000"`, "bad_value"},
		{"name", "name", `"A\nB"`, "bad_value"},
		{"name", "name", `"\u202eadA"`, "bad_value"},
		{"name", "name", `"\u200d"`, "bad_value"},
		{"name", "name", `7`, "wrong_type"},
		{"name", "name", `null`, "wrong_type"},
		{"gender", "gender", `4`, "bad_value"},
		{"gender", "gender", `-1`, "bad_value"},
		{"gender", "gender", `1.0`, "wrong_type"},
		{"gender", "gender", `"1"`, "wrong_type"},
		{"seeking", "seeking", `[]`, "bad_value"},
		{"seeking[1]", "seeking", `[1,4]`, "bad_value"},
		{"seeking[0]", "seeking", `[99999]`, "bad_value"},
		{"seeking[0]", "seeking", `["1"]`, "wrong_type"},
		{"seeking", "seeking", `1`, "wrong_type"},
		{"age", "age", `17`, "bad_value"},
		{"age", "age", `121`, "bad_value"},
		{"age", "age", `9223372036854775808`, "wrong_type"},
		{"age_min", "age_min", `17`, "bad_value"},
		{"age_max", "age_max", `121`, "bad_value"},
		{"age_min", "age_min", `null`, "wrong_type"},
		{"tags[0]", "tags", `["nope"]`, "bad_value"},
		{"tags", "tags", `["art","astronomy","board games","books","climbing","coding","cooking","cycling","dancing","dogs","cats","fashion","film","football","gaming","gardening","hiking"]`, "bad_value"},
		{"tags[1]", "tags", `["art",null]`, "wrong_type"},
		{"langs[0]", "langs", `["xx"]`, "bad_value"},
		{"langs", "langs", `["en","es","fr","de","pt","it","nl","pl","sv"]`, "bad_value"},
		{"bio", "bio", `"` + long(601) + `"`, "bad_value"},
		{"bio", "bio", `"a\u0007"`, "bad_value"},
		{"socials", "socials", `[` + strings.Repeat(`{"kind":"a","handle":"b"},`, 6) + `{"kind":"a","handle":"c"}]`, "bad_value"},
		{"socials[0].kind", "socials", `[{"kind":"In Sta","handle":"b"}]`, "bad_value"},
		{"socials[0].handle", "socials", `[{"kind":"a","handle":" "}]`, "bad_value"},
		{"socials[0].handle", "socials", `[{"kind":"a","handle":"` + long(81) + `"}]`, "bad_value"},
		{"socials[1]", "socials", `[{"kind":"a","handle":"b"},{"kind":"a","handle":"b"}]`, "bad_value"},
		{"socials[0].url", "socials", `[{"kind":"a","handle":"b","url":"c"}]`, "unknown_field"},
		{"socials[0]", "socials", `[[]]`, "wrong_type"},
		{"attrs.shoe", "attrs", `{"shoe":1}`, "bad_value"},
		{"attrs.height_cm", "attrs", `{"height_cm":119}`, "bad_value"},
		{"attrs.height_cm", "attrs", `{"height_cm":1.5}`, "wrong_type"},
		{"attrs.height_cm", "attrs", `{"height_cm":130,"height_cm":131}`, "duplicate_field"},
		{"photo", "photo", `"https://elsewhere.example/x.jpg"`, "foreign_photo"},
		{"photo", "photo", `{}`, "wrong_type"},
		{"id", "id", `"1"`, "unknown_field"},
		{"Name", "Name", `"x"`, "unknown_field"},
	}
	for _, c := range table {
		t.Run(c.key+"="+c.value[:min(20, len(c.value))], func(t *testing.T) {
			fields := map[string]string{"name": `"Ada"`, "gender": "0", "seeking": "[1]", "age": "36"}
			fields[c.key] = c.value
			var parts []string
			for k, v := range fields {
				parts = append(parts, fmt.Sprintf("%q:%s", k, v))
			}
			body := "{" + strings.Join(parts, ",") + "}"
			w.t = t
			w.refused(w.send("POST", "/v1/guests", body), 400, c.code, c.field)
			w.refused(w.send("PUT", "/v1/me/profile", `{"version":1,"profile":`+body+`}`, bearerToken(token)), 400, c.code, "profile."+c.field)
			w.now = w.now.Add(time.Minute) // far from any limit
		})
	}
	if len(w.people) != 1 || w.people[1<<60+1].Version != 1 {
		t.Error("something that was refused was stored")
	}
}

func TestCrossedAgesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.refused(w.send("POST", "/v1/guests", `{"name":"Ada","gender":0,"seeking":[1],"age":36,"age_min":40,"age_max":39}`), 400, "bad_value", "age_max")
}

func TestMissingFieldsAreNamed(t *testing.T) {
	w := newWorld(t)
	var full map[string]any
	if err := json.Unmarshal([]byte(ada), &full); err != nil {
		t.Fatal(err)
	}
	for field := range full {
		part := map[string]any{}
		for k, v := range full {
			if k != field {
				part[k] = v
			}
		}
		body, _ := json.Marshal(part)
		w.refused(w.send("POST", "/v1/guests", string(body)), 400, "missing_field", field)
	}
	token := w.signUp()
	w.refused(w.send("PUT", "/v1/me/profile", `{"profile":`+ada+`}`, bearerToken(token)), 400, "missing_field", "version")
	w.refused(w.send("PUT", "/v1/me/profile", `{"version":1}`, bearerToken(token)), 400, "missing_field", "profile")
}

func TestBodiesThatAreNoProfile(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Limits.SignupsPerMinute = 0 })
	asJSON := header("Content-Type", "application/json")
	for _, body := range []string{"", "null", "[]", `"x"`, "{", ada + ada, ada + " x", "{\"name\":\"\xff\"}", strings.Repeat("[", 20_000)} {
		w.refused(w.send("POST", "/v1/guests", body, asJSON), 400, "bad_json", "")
	}
	w.ok(w.send("POST", "/v1/guests", "\n "+ada+" \n", header("Content-Type", "application/json; charset=utf-8")), 201)
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json/"} {
		w.refused(w.send("POST", "/v1/guests", ada, header("Content-Type", kind)), 415, "bad_content_type", "")
	}
	w.refused(w.send("POST", "/v1/guests", `{"name":"`+strings.Repeat("x", 70_000)+`"}`), 413, "body_too_large", "")
	w.refused(w.send("POST", "/v1/guests", `{"`+strings.Repeat("k", 500)+`":1}`), 400, "unknown_field", strings.Repeat("k", 64)+"…")
}

func TestProfileChangeIsStoredAndTold(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	a := w.ok(w.send("PUT", "/v1/me/profile", `{"version":1,"profile":{"name":"Grace","gender":1,"seeking":[0],"age":40,"bio":"hi","photo":""}}`, bearerToken(token)), 200)
	if a.body["version"] != 2.0 || a.body["profile"].(map[string]any)["name"] != "Grace" {
		t.Errorf("got %s", a.raw)
	}
	stored := w.people[1<<60+1]
	if stored.Version != 2 || stored.Profile.Name != "Grace" {
		t.Errorf("stored %+v", stored)
	}
	if len(w.changed) != 1 || !reflect.DeepEqual(w.changed[0], stored) {
		t.Errorf("the lobby heard %+v", w.changed)
	}
}

func TestAStaleProfileChangeIsAConflictWithTheVersion(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	change := func(version int) answer {
		return w.send("PUT", "/v1/me/profile", fmt.Sprintf(`{"version":%d,"profile":%s}`, version, ada), bearerToken(token))
	}
	w.ok(change(1), 200)
	a := change(1)
	w.refused(a, 409, "conflict", "version")
	if a.body["error"].(map[string]any)["version"] != 2.0 {
		t.Errorf("got %s", a.raw)
	}
	// Somebody else writes between our read and our write.
	w.before = func(op string) {
		if op == "save" {
			w.before = nil
			p := w.people[1<<60+1]
			p.Version = 9
			w.people[1<<60+1] = p
		}
	}
	a = change(2)
	w.refused(a, 409, "conflict", "version")
	if a.body["error"].(map[string]any)["version"] != 9.0 {
		t.Errorf("got %s", a.raw)
	}
	if len(w.changed) != 1 {
		t.Errorf("the lobby heard of %d changes, there was 1", len(w.changed))
	}
}

func TestPhotoOfAProfileIsOnlyEverOnesOwn(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	mine := w.ok(w.send("PUT", "/v1/me/photo", "image of mine", bearerToken(token)), 200).body["photo"].(string)
	w.photos["theirs"] = []byte("image")
	put := func(version int, photo string) answer {
		return w.send("PUT", "/v1/me/profile", fmt.Sprintf(`{"version":%d,"profile":{"name":"Ada","gender":0,"seeking":[1],"age":36%s}}`, version, photo), bearerToken(token))
	}
	for _, foreign := range []string{"https://elsewhere.example/a.jpg", "theirs", "data:image/png;base64,AA", "//x", mine + "0"} {
		w.refused(put(2, fmt.Sprintf(`,"photo":%q`, foreign)), 400, "foreign_photo", "profile.photo")
	}
	for i, same := range []string{"", `,"photo":""`, fmt.Sprintf(`,"photo":%q`, mine)} {
		if a := w.ok(put(2+i, same), 200); a.body["profile"].(map[string]any)["photo"] != mine {
			t.Errorf("the photo is gone: %s", a.raw)
		}
	}
}

func TestLogoutEndsTheLogin(t *testing.T) {
	w := newWorld(t)
	token := w.signUp()
	a := w.ok(w.send("POST", "/v1/logout", "", cookieToken(token), header("Origin", "http://sky.example")), 204)
	if c := a.Cookies(); len(c) != 1 || c[0].Name != SessionCookie || c[0].MaxAge >= 0 || c[0].Value != "" {
		t.Errorf("cookies %v", c)
	}
	if len(w.ended) != 1 || w.ended[0].id != lobby.PersonID(1<<60+1) || w.ended[0].why != LoggedOut || w.ended[0].keeps(token) {
		t.Errorf("the lobby heard %v", w.ended)
	}
	w.refused(w.send("GET", "/v1/me", "", cookieToken(token)), 401, "no_login", "")
}

func TestOptionsSayWhatCanBeSaid(t *testing.T) {
	w := newWorld(t, func(c *config.Config) { c.Lobby.MaxSeconds = 900 })
	a := w.ok(w.send("GET", "/v1/options", ""), 200)
	if !reflect.DeepEqual(a.body["lengths"], []any{60.0, 180.0, 300.0, 600.0, 900.0}) {
		t.Errorf("lengths %v", a.body["lengths"])
	}
	if !reflect.DeepEqual(a.body["limits"], map[string]any{"name": 40.0, "bio": 600.0, "tags": 16.0, "langs": 8.0, "socials": 6.0}) {
		t.Errorf("limits %v", a.body["limits"])
	}
	if !reflect.DeepEqual(a.body["attrs"], []any{map[string]any{"name": "height_cm", "min": 120.0, "max": 230.0}}) {
		t.Errorf("attrs %v", a.body["attrs"])
	}
	if a.body["guest_seconds"] != 604800.0 {
		t.Errorf("a guest is remembered for %v s", a.body["guest_seconds"])
	}
	genders := a.body["genders"].([]any)
	if !reflect.DeepEqual(genders[1], map[string]any{"id": 1.0, "label": "Man"}) || len(a.body["tags"].([]any)) < 30 || len(a.body["langs"].([]any)) < 24 {
		t.Errorf("got %s", a.raw)
	}
}

func TestHealthAndStatsNeedNobody(t *testing.T) {
	w := newWorld(t)
	w.err = store.ErrUnavailable
	if a := w.ok(w.send("GET", "/healthz", ""), 200); a.body["status"] != "ok" {
		t.Errorf("got %s", a.raw)
	}
	if a := w.ok(w.send("GET", "/v1/stats", ""), 200); a.body["people_online"] != 7.0 {
		t.Errorf("got %s", a.raw)
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	w := newWorld(t)
	w.refused(w.send("GET", "/v1/nothing", ""), 404, "not_found", "")
	w.refused(w.send("GET", "/nothing", ""), 404, "not_found", "")
	w.refused(w.send("POST", "/v1/me", "", bearerToken("x")), 405, "bad_method", "")
	if a := w.send("HEAD", "/v1/nothing", ""); a.StatusCode != http.StatusMethodNotAllowed || len(a.raw) != 0 {
		t.Errorf("HEAD got %d %q", a.StatusCode, a.raw)
	}
}
