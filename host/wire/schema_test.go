package wire

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const schemaDir = "../../schemas/wire/v1/"

// shape is a schema node as the tests read it, apart from the generator's reading.
type shape struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Enum       []string          `json:"enum"`
	MinLength  int               `json:"minLength"`
	MaxLength  int               `json:"maxLength"`
	MaxBytes   int               `json:"x-max-bytes"`
	Minimum    *int64            `json:"minimum"`
	Maximum    *int64            `json:"maximum"`
	Items      *shape            `json:"items"`
	Properties map[string]*shape `json:"properties"`
	Required   []string          `json:"required"`
	Reliable   bool              `json:"reliable"`
}

type spec struct {
	Defs   map[string]*shape `json:"$defs"`
	Client map[string]*shape `json:"client"`
	Server map[string]*shape `json:"server"`
}

func readSpec(t testing.TB) *spec {
	t.Helper()
	text, err := os.ReadFile(schemaDir + "wire.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	s := new(spec)
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *spec) resolve(n *shape) *shape {
	for n.Ref != "" {
		n = s.Defs[strings.TrimPrefix(n.Ref, "#/$defs/")]
	}
	return n
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// sample makes a value of a node; with all, optional members too.
func (s *spec) sample(n *shape, all bool) any {
	n = s.resolve(n)
	switch {
	case n.Format == "id":
		return "9223372036854775807"
	case len(n.Enum) > 0:
		return n.Enum[len(n.Enum)-1]
	case n.Type == "string":
		text := "Zoë \"ö\"\\\u2028\r\n\t\u0001🙂"
		return text
	case n.Type == "integer":
		if n.Maximum != nil {
			return *n.Maximum
		}
		return int64(77)
	case n.Type == "boolean":
		return true
	case n.Type == "array":
		return []any{s.sample(n.Items, all), s.sample(n.Items, false)}
	}
	o := map[string]any{}
	for name, p := range n.Properties {
		if all || slices.Contains(n.Required, name) {
			o[name] = s.sample(p, all)
		}
	}
	return o
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type object = map[string]any

// with returns a shallow copy of o with key set.
func with(o object, key string, v any) object {
	o = maps.Clone(o)
	o[key] = v
	return o
}

func without(o object, key string) object {
	o = maps.Clone(o)
	delete(o, key)
	return o
}

// wrongs are values of every other type than n's.
func (s *spec) wrongs(n *shape) map[string]any {
	all := map[string]any{
		"null": nil, "a number": 7, "a fraction": 7.5, "a string": "x", "a boolean": false,
		"a list": []any{}, "a list of ids": []any{"1"}, "an object": object{},
	}
	n = s.resolve(n)
	switch n.Type {
	case "integer":
		delete(all, "a number")
	case "boolean":
		delete(all, "a boolean")
	case "string":
		if n.Format != "id" && n.Enum == nil {
			delete(all, "a string")
		}
	case "array":
		delete(all, "a list")
		if items := s.resolve(n.Items); items.Type == "string" {
			delete(all, "a list of ids")
		}
	case "object":
		if len(n.Required) == 0 {
			delete(all, "an object")
		}
	}
	return all
}
