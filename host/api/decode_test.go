package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

type decodeInto struct {
	Text  string           `json:"text" need:"yes"`
	Maybe *int             `json:"maybe"`
	Yes   bool             `json:"yes"`
	Many  []decodeItem     `json:"many"`
	Map   map[string]int64 `json:"map"`
}

type decodeItem struct {
	N int `json:"n" need:"yes"`
}

func TestDecodeNamesWhatIsWrong(t *testing.T) {
	table := []struct{ in, code, field string }{
		{`{"text":"x","maybe":3,"yes":true,"many":[{"n":1}],"map":{"a":-1}}`, "", ""},
		{`{"text":"x","text":"y"}`, "duplicate_field", "text"},
		{`{"text":"x","te\u0078t":"y"}`, "duplicate_field", "text"},
		{`{"text":"x","many":[{"n":1},{"n":2,"n":3}]}`, "duplicate_field", "many[1].n"},
		{`{"text":"x","TEXT":"y"}`, "unknown_field", "TEXT"},
		{`{"text":"x","":1}`, "unknown_field", ""},
		{`{"text":"x","many":[{"m":1}]}`, "unknown_field", "many[0].m"},
		{`{"text":"x","many":[{}]}`, "missing_field", "many[0].n"},
		{`{}`, "missing_field", "text"},
		{`{"text":"x","many":[null]}`, "wrong_type", "many[0]"},
		{`{"text":"x","many":null}`, "wrong_type", "many"},
		{`{"text":"x","many":{}}`, "wrong_type", "many"},
		{`{"text":"x","map":[]}`, "wrong_type", "map"},
		{`{"text":"x","map":{"a":null}}`, "wrong_type", "map.a"},
		{`{"text":"x","map":{"a":1,"a":1}}`, "duplicate_field", "map.a"},
		{`{"text":"x","maybe":null}`, "wrong_type", "maybe"},
		{`{"text":"x","maybe":1e2}`, "wrong_type", "maybe"},
		{`{"text":"x","maybe":true}`, "wrong_type", "maybe"},
		{`{"text":"x","yes":"true"}`, "wrong_type", "yes"},
		{`{"text":["x"]}`, "wrong_type", "text"},
		{`{"text":"\ud83d\ude00 \\ud800 \"\n\u0041"}`, "", ""},
		{`{"text":"\ud800"}`, "bad_value", "text"},
		{`{"text":"\udc00\ud800"}`, "bad_value", "text"},
		{`{"text":"\ud800\ud800\udc00"}`, "bad_value", "text"},
		{`{"text":"\\\uDFFF"}`, "bad_value", "text"},
		{`{"text":"\ud800\n"}`, "bad_value", "text"},
		{`{"text":"x", "\ud800":1}`, "bad_value", "\ufffd"},
		{`{"text":"x","map":{"a\ud800":1}}`, "bad_value", "map.a�"},
		{`{"text":"x"} {}`, "bad_json", ""},
		{`{"text":"x",}`, "bad_json", ""},
		{`[{"text":"x"}]`, "bad_json", ""},
		{``, "bad_json", ""},
	}
	for _, c := range table {
		var v decodeInto
		f := decode([]byte(c.in), &v)
		if f == nil {
			f = &fault{}
		}
		if f.Code != c.code || f.Field != c.field {
			t.Errorf("%s: got %s %q, want %s %q", c.in, f.Code, f.Field, c.code, c.field)
		}
	}
}

// What decode accepts, the standard library understands alike; and what it
// refuses has a code that the table knows.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		ada, `{"text":"x","maybe":3,"yes":true,"many":[{"n":1}],"map":{"a":-1}}`, `{"text":null}`, `{"text":"\ud800"}`, `[]`, `{"a":{"b":[`, `{"text":"x","maybe":-0}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, target := range []func() any{func() any { return new(decodeInto) }, func() any { return new(profile) }} {
			ours, theirs := target(), target()
			if bad := decode(data, ours); bad != nil {
				if _, known := table[bad.Code]; !known {
					t.Errorf("unknown code %q", bad.Code)
				}
				continue
			}
			d := json.NewDecoder(bytes.NewReader(data))
			d.DisallowUnknownFields()
			if err := d.Decode(theirs); err != nil || !reflect.DeepEqual(ours, theirs) {
				t.Errorf("%q: ours %+v, theirs %+v, %v", data, ours, theirs, err)
			}
		}
	})
}
