package admin

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// openAPI is schemas/http/admin.yaml, as far as tests read it.
type openAPI struct {
	Paths      map[string]map[string]operation `yaml:"paths"`
	Components struct {
		Schemas   map[string]*schema  `yaml:"schemas"`
		Responses map[string]response `yaml:"responses"`
	} `yaml:"components"`
}

type operation struct {
	OperationID string              `yaml:"operationId"`
	Summary     string              `yaml:"summary"`
	Responses   map[string]response `yaml:"responses"`
}

type response struct {
	Ref     string `yaml:"$ref"`
	Content map[string]struct {
		Schema *schema `yaml:"schema"`
	} `yaml:"content"`
}

type schema struct {
	Ref        string             `yaml:"$ref"`
	Type       string             `yaml:"type"`
	Format     string             `yaml:"format"`
	Enum       []string           `yaml:"enum"`
	Required   []string           `yaml:"required"`
	Properties map[string]*schema `yaml:"properties"`
	Items      *schema            `yaml:"items"`
	More       yaml.Node          `yaml:"additionalProperties"`
}

var documents = sync.OnceValues(func() (o openAPI, err error) {
	data, err := os.ReadFile("../../schemas/http/admin.yaml")
	if err != nil {
		return o, err
	}
	return o, yaml.Unmarshal(data, &o)
})

func loadOpenAPI(t *testing.T) openAPI {
	t.Helper()
	o, err := documents()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// example is the route's path with something for each variable.
func (r route) example() string {
	return strings.NewReplacer("{name}", "match-mutual", "{hook}", "match", "{id}", "7").Replace(r.path)
}

// documented compares an answer with what its route promises. Routes that do
// not exist are documented nowhere.
func documented(t *testing.T, method, path string, status int, body []byte) {
	t.Helper()
	o := loadOpenAPI(t)
	for _, r := range routes {
		before, after, variable := strings.Cut(r.path, "{")
		if variable {
			_, after, _ = strings.Cut(after, "}")
		}
		middle, fits := strings.CutPrefix(path, before)
		middle, ends := strings.CutSuffix(middle, after)
		if r.method != method || variable && (!fits || !ends || strings.Contains(middle, "/")) || !variable && path != r.path {
			continue
		}
		answer, is := o.Paths[r.path][strings.ToLower(method)].Responses[strconv.Itoa(status)]
		if !is {
			t.Errorf("%s %s: status %d is not documented", method, path, status)
			return
		}
		if answer.Ref != "" {
			answer = o.Components.Responses[last(answer.Ref)]
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Errorf("%s %s: %d: %v in %s", method, path, status, err, body)
		} else if problem := o.fits(answer.Content["application/json"].Schema, v, ""); problem != "" {
			t.Errorf("%s %s: %d: %s in %s", method, path, status, problem, body)
		}
		return
	}
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// fits says what of a value is not as its schema says.
func (o openAPI) fits(s *schema, v any, at string) string {
	if s == nil {
		return at + ": no schema"
	}
	if s.Ref != "" {
		return o.fits(o.Components.Schemas[last(s.Ref)], v, at)
	}
	ok := false
	switch s.Type {
	case "string":
		var text string
		text, ok = v.(string)
		if _, err := time.Parse(time.RFC3339Nano, text); s.Format == "date-time" && err != nil {
			ok = false
		}
		ok = ok && (len(s.Enum) == 0 || slices.Contains(s.Enum, text))
	case "integer", "number":
		var n float64
		n, ok = v.(float64)
		ok = ok && (s.Type == "number" || n == math.Trunc(n))
	case "boolean":
		_, ok = v.(bool)
	case "array":
		var list []any
		list, ok = v.([]any)
		for i, item := range list {
			if p := o.fits(s.Items, item, fmt.Sprintf("%s[%d]", at, i)); p != "" {
				return p
			}
		}
	case "object":
		return o.fitsObject(s, v, at)
	}
	if !ok {
		return fmt.Sprintf("%s: %v is no %s", at, v, s.Type)
	}
	return ""
}

func (o openAPI) fitsObject(s *schema, v any, at string) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprintf("%s: %v is no object", at, v)
	}
	for _, name := range s.Required {
		if _, there := m[name]; !there {
			return at + "." + name + ": missing"
		}
	}
	for name, item := range m {
		property, known := s.Properties[name]
		if !known && s.More.Kind == yaml.MappingNode {
			property = &schema{Type: "integer"} // the only open object has whole numbers
		} else if !known {
			return at + "." + name + ": not documented"
		}
		if p := o.fits(property, item, at+"."+name); p != "" {
			return p
		}
	}
	return ""
}

func TestRoutesAndDocumentationAgree(t *testing.T) {
	served, ids := map[string]bool{}, map[string]bool{}
	for _, r := range routes {
		served[strings.ToLower(r.method)+" "+r.path] = true
	}
	for path, operations := range loadOpenAPI(t).Paths {
		for method, op := range operations {
			key := method + " " + path
			if !served[key] {
				t.Errorf("%s is documented and not served", key)
			}
			delete(served, key)
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
				t.Errorf("%s: needs an operationId of its own and a summary", key)
			}
			ids[op.OperationID] = true
		}
	}
	for key := range served {
		t.Errorf("%s is served and not documented", key)
	}
}

// Every route of the table is really reached, by its own method.
func TestEveryRouteAnswers(t *testing.T) {
	h := start(t, nil)
	for _, r := range routes {
		if r.path == "/admin/v1/events" {
			h.listen(t) // never ends by itself
			continue
		}
		if a := h.ask(t, r.method, r.example(), []byte("m 1 match")); a.code() == "not_found" || a.code() == "bad_method" {
			t.Errorf("%s %s: %s", r.method, r.path, a.body)
		}
	}
}

func TestErrorCodesAndDocumentationAgree(t *testing.T) {
	codes := loadOpenAPI(t).Components.Schemas["Error"].Properties["error"].Properties["code"].Enum
	for code, row := range table {
		if !slices.Contains(codes, code) {
			t.Errorf("%s is not documented", code)
		}
		if row.status < 400 || row.message == "" {
			t.Errorf("%s: %d %q", code, row.status, row.message)
		}
	}
	if len(codes) != len(table) {
		t.Errorf("%d codes documented, %d exist", len(codes), len(table))
	}
}
