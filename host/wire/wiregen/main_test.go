package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

const root = "../../.."

func TestCommittedFilesAreWhatTheSchemaGives(t *testing.T) {
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		have, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is stale: go run ./host/wire/wiregen", path)
		}
	}
}

func TestTypeScriptParses(t *testing.T) {
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	r := api.Transform(string(files[tsPath]), api.TransformOptions{Loader: api.LoaderTS, Target: api.ES2022})
	for _, m := range append(r.Errors, r.Warnings...) {
		t.Error(m.Text, m.Location)
	}
}

func TestGeneratorRefusesWhatItCannotExpress(t *testing.T) {
	const good = `{"x-limits": {"frame_bytes": 100},
		"$defs": {"card": {"type": "object", "additionalProperties": false, "required": [], "properties": {"v": {"type": "integer"}}}},
		"client": {"say": {"required": ["a"], "properties": {"a": {"type": "string", "maxLength": 3}}}},
		"server": {"said": {"reliable": true, "required": [], "properties": {"c": {"$ref": "#/$defs/card"}}}}}`
	if _, err := parseSchema([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, says string }{
		"keyword it does not know":  {`"maxLength": 3`, `"maxLength": 3, "not": {}`, "unknown field"},
		"client string unlimited":   {`, "maxLength": 3`, ``, "needs maxLength"},
		"client list":               {`{"type": "string", "maxLength": 3}`, `{"type": "array", "items": {"type": "integer"}}`, "only the server"},
		"client object":             {`{"type": "string", "maxLength": 3}`, `{"type": "object", "required": [], "properties": {}}`, "flat"},
		"required is no property":   {`"required": ["a"]`, `"required": ["b"]`, "no property"},
		"dangling reference":        {`#/$defs/card`, `#/$defs/face`, "no such $ref"},
		"object open to anything":   {`"additionalProperties": false, `, ``, "additionalProperties"},
		"server event not classed":  {`"reliable": true, `, ``, "reliable"},
		"the same property twice":   {`"properties": {"a"`, `"properties": {"a": {"type": "boolean"}, "a"`, "twice"},
		"unknown type":              {`"type": "integer"`, `"type": "number"`, "number"},
		"no frame limit":            {`"frame_bytes": 100`, `"frame_bytes": 0`, "frame_bytes"},
		"a name no identifier fits": {`"say"`, `"Say!"`, "bad name"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatal("the case changes nothing")
			}
			_, err := parseSchema([]byte(strings.Replace(good, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("want an error with %q, have %v", c.says, err)
			}
		})
	}
}

func TestDictionaryRefusesWhatItCannotBe(t *testing.T) {
	text, err := parseDictionary([]byte(`{"version": 1, "about": "", "parts": [{"about": "", "end": "\r\n", "lines": ["a", "b"]}, {"about": "", "end": "", "lines": ["c"]}]}`))
	if err != nil || text != "a\r\nb\r\nc" {
		t.Errorf("%q, %v", text, err)
	}
	for _, bad := range []string{
		`{"version": 2, "parts": [{"end": "", "lines": ["a"]}]}`, `{"version": 1, "parts": []}`, `{"version": 1, "words": "a"}`,
		`{"version": 1, "parts": [{"end": "", "lines": ["` + strings.Repeat("x", dictionaryMost+1) + `"]}]}`,
	} {
		if _, err := parseDictionary([]byte(bad)); err == nil {
			t.Errorf("%.60s was taken", bad)
		}
	}
}
