package policy_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy"
)

func everything(string) bool { return true }

func TestApply(t *testing.T) {
	plan := policy.Plan{
		Drop:  []string{"secret", "ключ"},
		Text:  map[string]int{"bio": 5, "none": 0, "one": 1, "id": 1},
		Round: map[string]int64{"n": 10, "huge": 1 << 62},
		List:  map[string]int{"tags": 2, "empty": 0},
	}
	for in, want := range map[string]string{
		`{}`:     `{}`,
		" {\n} ": `{}`,
		`{"a":1,"secret":{"deep":[1,"x"]},"b":2}`: `{"a":1,"b":2}`,
		`{"secret":1}`:                                    `{}`,
		`{"s\u0065cret":1,"\u043bюч":2}`:                  `{"\u043bюч":2}`,
		`{"\u043aлюч":1,"x":2}`:                           `{"x":2}`,
		`{"secret":1,"a":2,"secret":3}`:                   `{"a":2}`,
		`{"bio":"12345"}`:                                 `{"bio":"12345"}`,
		`{"bio":"123456"}`:                                `{"bio":"1234…"}`,
		`{"bio":"день и ночь"}`:                           `{"bio":"день…"}`,
		`{"bio":"\n\t\"\\\u00e9\/"}`:                      `{"bio":"\n\t\"\\…"}`,
		`{"bio":"\ud83d\ude00😀\ud83d\ude00\ud83d\ude00"}`: `{"bio":"\ud83d\ude00😀\ud83d\ude00\ud83d\ude00"}`,
		`{"bio":"\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00😀😀"}`: `{"bio":"\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00…"}`,
		`{"bio":"\ud83dabcde"}`:              `{"bio":"\ud83dabc…"}`,
		`{"bio":123456}`:                     `{"bio":123456}`,
		`{"bio":null,"none":"x","one":"ab"}`: `{"bio":null,"none":"","one":"…"}`,
		`{"n":19,"b":{"n":19}}`:              `{"n":10,"b":{"n":19}}`,
		`{"n":-1}`:                           `{"n":-10}`,
		`{"n":-0}`:                           `{"n":0}`,
		`{"n":1.5}`:                          `{"n":1.5}`,
		`{"n":1e3}`:                          `{"n":1e3}`,
		`{"n":9999999999999999999999}`:       `{"n":9999999999999999999999}`,
		`{"huge":-999999999999999999}`:       `{"huge":-4611686018427387904}`,
		`{"tags":["a","b"]}`:                 `{"tags":["a","b"]}`,
		`{"tags":[ "a" , {"]":[1]} , "c" ]}`: `{"tags":[ "a" , {"]":[1]}]}`,
		`{"tags":[],"empty":[1,2]}`:          `{"tags":[],"empty":[]}`,
		`{"tags":"abc","other":[1,2,3]}`:     `{"tags":"abc","other":[1,2,3]}`,
		`{"id":"12345"}`:                     `{"id":"12345"}`,
	} {
		got, err := plan.Apply([]byte("before:"), []byte(in), func(f string) bool { return f != "id" })
		if err != nil || string(got) != "before:"+want {
			t.Errorf("%s\n got %s, %v\nwant %s", in, got, err, want)
		}
	}
	if got, err := plan.Apply(nil, []byte(`{"secret":1}`), nil); err != nil || string(got) != `{"secret":1}` {
		t.Errorf("without a list of optional fields something was dropped: %s, %v", got, err)
	}
}

func TestApplyRefusesWhatIsNoObject(t *testing.T) {
	var plan policy.Plan
	for _, in := range []string{
		``, ` `, `[]`, `"x"`, `1`, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":1}}`, `{"a":1}x`,
		`{"a":tru}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":-}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"` + "\n" + `"}`, `{"a":"x}`,
		`{"a":[1,]}`, `{"a":[1}`, `{"a":{"b":1]}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		if got, err := plan.Apply([]byte("before"), []byte(in), everything); err == nil || string(got) != "before" {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

// FuzzApply: valid JSON stays valid JSON, what is required is not touched, what
// is dropped is gone, and lengths hold. encoding/json is the judge.
func FuzzApply(f *testing.F) {
	for _, s := range []string{`{}`, `{"id":"7","v":3,"name":"Ann","bio":"\ud83d\ude00 long é…","age":33,"tags":["a","b"],"x":null}`,
		`{"b\u0069o":"12345","bio":["x"],"id":{}}`, `{"age":-7.5e3}`, `{"tags":[[1],{"a":2}]}`, "{\"bio\":\"\xff\xfe\"}"} {
		f.Add([]byte(s), "bio", 3, int64(5))
	}
	f.Fuzz(func(t *testing.T, payload []byte, field string, n int, step int64) {
		plan := policy.Plan{Drop: []string{field, "id"}, Text: map[string]int{"bio": n}, List: map[string]int{"tags": n}, Round: map[string]int64{"age": step}}
		got, err := plan.Apply(nil, payload, func(f string) bool { return f != "id" })
		var before, after map[string]any
		object := json.Unmarshal(payload, &before) == nil && before != nil
		if err != nil {
			if object && bytes.Count(payload, []byte("["))+bytes.Count(payload, []byte("{")) < 60 {
				t.Fatalf("%q is an object, yet %v", payload, err)
			}
			return
		}
		if !object {
			t.Fatalf("%q is no object, yet it became %q", payload, got)
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%q became %q: %v", payload, got, err)
		}
		if !reflect.DeepEqual(before["id"], after["id"]) {
			t.Fatalf("a required field changed: %q became %q", payload, got)
		}
		if _, there := after[field]; there && field != "id" && json.Valid([]byte(`"`+field+`"`)) {
			t.Fatalf("%q was not dropped: %q became %q", field, payload, got)
		}
		if s, ok := after["bio"].(string); ok && len([]rune(s)) > max(n, 0) {
			t.Fatalf("bio has %d runes of %d: %q", len([]rune(s)), n, got)
		}
		if l, ok := after["tags"].([]any); ok && len(l) > max(n, 0) {
			t.Fatalf("%d tags of %d: %q", len(l), n, got)
		}
	})
}

func TestApplyAllocatesNothing(t *testing.T) {
	plan, payload, dst := cardPlan(), []byte(card), make([]byte, 0, 2048)
	if n := testing.AllocsPerRun(100, func() { dst, _ = plan.Apply(dst[:0], payload, everything) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkApply(b *testing.B) {
	plan, payload, dst := cardPlan(), []byte(card), make([]byte, 0, 2048)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = plan.Apply(dst[:0], payload, everything)
	}
}

func cardPlan() policy.Plan {
	return policy.Plan{Drop: []string{"secret"}, Text: map[string]int{"bio": 140}, List: map[string]int{"tags": 6, "langs": 4}, Round: map[string]int64{"age": 5}}
}

var card = `{"id":"812","v":4,"name":"Ann","age":34,"gender":1,"secret":"x","tags":["hiking","jazz","film","tea","chess","sea","books","cats"],` +
	`"langs":["en","fr","de","it","pt"],"bio":"` + strings.Repeat("long walks & short talks, ", 12) + `","photo":"9f86d081884c7d65"}`
