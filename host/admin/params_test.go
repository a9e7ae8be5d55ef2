package admin

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReadParams(t *testing.T) {
	good := map[string]map[string]int64{
		`{"a":1}`: {"a": 1},
		` {"a" : -9223372036854775808, "b":9223372036854775807} `: {"a": math.MinInt64, "b": math.MaxInt64},
	}
	for body, want := range good {
		if got, err := readParams([]byte(body)); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	bad := map[string]string{ // body → what the sentence says
		``: "JSON object", `null`: "JSON object", `{`: "JSON", `{}`: "at least one", `{"a":1}{}`: "nothing after", `{"a":1} x`: "nothing after",
		`{"a":1,"a":1}`: "twice", `{"a":1.0}`: "whole", `{"a":1e3}`: "whole", `{"a":9223372036854775808}`: "whole", `{"a":"1"}`: "whole",
		`{"a":true}`: "whole", `{"a":null}`: "whole", `{"a":{"b":1}}`: "whole", `{"a":[1]}`: "whole", `{"":1}`: "name", `{"a":}`: "JSON",
		`{"` + strings.Repeat("a", 49) + `":1}`: "name",
	}
	for body, says := range bad {
		var f *fault
		if got, err := readParams([]byte(body)); !errors.As(err, &f) || f.code != "bad_param" || !strings.Contains(f.detail, says) || got != nil {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
}

func TestAnyKnobsArriveAsSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.MapOfN(rapid.StringMatching(`[a-z][a-z0-9_]{0,47}`), rapid.Int64(), 1, mostKnobs).Draw(t, "params")
		body, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := readParams(body); err != nil || !maps.Equal(got, sent) {
			t.Fatalf("%v, %v", got, err)
		}
	})
}

func FuzzReadParams(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":1,"a":2}`, `{"a":1e9}`, `{"a":{`, `[[[[`, "{\"\xff\":1}", `{"a":-0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		params, err := readParams(body)
		if err != nil {
			if params != nil || faultOf(err).code != "bad_param" {
				t.Errorf("%v with %v", params, err)
			}
			return
		}
		var loose map[string]int64 // what it takes, everybody takes for the same
		if err := json.Unmarshal(body, &loose); err != nil || !maps.Equal(params, loose) || len(params) == 0 || len(params) > mostKnobs {
			t.Errorf("%v, elsewhere %v %v", params, loose, err)
		}
	})
}
