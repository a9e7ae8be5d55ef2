package api

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// openAPI is schemas/http/openapi.yaml, as far as tests read it.
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
	Pattern    string             `yaml:"pattern"`
	Enum       []string           `yaml:"enum"`
	Required   []string           `yaml:"required"`
	Properties map[string]*schema `yaml:"properties"`
	Items      *schema            `yaml:"items"`
	Closed     yaml.Node          `yaml:"additionalProperties"`
}

func loadOpenAPI(t *testing.T) *openAPI {
	t.Helper()
	data, err := os.ReadFile("../../schemas/http/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var o openAPI
	if err := yaml.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	return &o
}

// template finds the documented path a concrete one belongs to.
func (o *openAPI) template(path string) string {
	if _, ok := o.Paths[path]; ok {
		return path
	}
	for p := range o.Paths {
		if before, _, variable := strings.Cut(p, "{"); variable && strings.HasPrefix(path, before) {
			return p
		}
	}
	return ""
}

// check compares an answer with what is documented for its route. Routes that
// do not exist and failures of our own are documented nowhere.
func (o *openAPI) check(t *testing.T, method, path string, a answer) {
	t.Helper()
	op, known := o.Paths[o.template(path)][strings.ToLower(method)]
	if !known || a.StatusCode == http.StatusInternalServerError {
		return
	}
	r, ok := op.Responses[strconv.Itoa(a.StatusCode)]
	if !ok {
		t.Errorf("%s %s: status %d is not documented", method, path, a.StatusCode)
		return
	}
	if r.Ref != "" {
		r = o.Components.Responses[r.Ref[strings.LastIndex(r.Ref, "/")+1:]]
	}
	if a.body == nil {
		return
	}
	doc, ok := r.Content["application/json"]
	if !ok {
		t.Errorf("%s %s: %d has a body that is not documented: %s", method, path, a.StatusCode, a.raw)
	} else if problem := o.fits(doc.Schema, a.body, ""); problem != "" {
		t.Errorf("%s %s: %d: %s in %s", method, path, a.StatusCode, problem, a.raw)
	}
}

// fits says what of a value is not as its schema says.
func (o *openAPI) fits(s *schema, v any, at string) string {
	if s == nil {
		return at + ": no schema"
	}
	if s.Ref != "" {
		return o.fits(o.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]], v, at)
	}
	bad := fmt.Sprintf("%s: %v is no %s", at, v, s.Type)
	switch s.Type {
	case "string":
		text, ok := v.(string)
		if !ok || len(s.Enum) > 0 && !slices.Contains(s.Enum, text) || !regexp.MustCompile(s.Pattern).MatchString(text) {
			return bad
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != math.Trunc(n) {
			return bad
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad
		}
	case "array":
		list, ok := v.([]any)
		if !ok {
			return bad
		}
		for i, item := range list {
			if p := o.fits(s.Items, item, fmt.Sprintf("%s[%d]", at, i)); p != "" {
				return p
			}
		}
	case "object":
		return o.fitsObject(s, v, at, bad)
	default:
		return at + ": unknown type " + s.Type
	}
	return ""
}

func (o *openAPI) fitsObject(s *schema, v any, at, bad string) string {
	m, ok := v.(map[string]any)
	if !ok {
		return bad
	}
	for _, name := range s.Required {
		if _, there := m[name]; !there {
			return at + "." + name + ": missing"
		}
	}
	for name, item := range m {
		if p, known := s.Properties[name]; known {
			if problem := o.fits(p, item, at+"."+name); problem != "" {
				return problem
			}
		} else if s.Closed.Value == "false" {
			return at + "." + name + ": not documented"
		}
	}
	return ""
}

func TestRoutesAndDocumentationAgree(t *testing.T) {
	w := newWorld(t)
	served := map[string]bool{}
	for _, r := range w.echo.Routes() {
		if r.Path == "/v1/*" {
			continue // says that there is nothing
		}
		path := regexp.MustCompile(`:([a-z]+)`).ReplaceAllString(r.Path, "{$1}")
		served[strings.ToLower(r.Method)+" "+path] = true
	}
	ids := map[string]bool{}
	for path, operations := range w.docs.Paths {
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

func TestErrorCodesAndDocumentationAgree(t *testing.T) {
	documented := loadOpenAPI(t).Components.Schemas["Error"].Properties["error"].Properties["code"].Enum
	for code, row := range table {
		if !slices.Contains(documented, code) {
			t.Errorf("%s is not documented", code)
		}
		if row.status < 400 || row.message == "" {
			t.Errorf("%s: %d %q", code, row.status, row.message)
		}
	}
	if len(documented) != len(table) {
		t.Errorf("%d codes documented, %d exist", len(documented), len(table))
	}
}
