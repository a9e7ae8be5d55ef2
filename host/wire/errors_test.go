package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestEveryCodeIsInTheTable reads the declared codes from the source, so that a
// new one cannot be forgotten in the table or the README.
func TestEveryCodeIsInTheTable(t *testing.T) {
	readme, err := os.ReadFile(schemaDir + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[Code]bool{}
	for _, file := range []string{"errors.go", "../lobby/refusal.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) == 0 {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "Code" {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				code, _ := strconv.Unquote(lit.Value)
				declared[Code(code)] = true
			}
			return true
		})
	}
	if len(declared) < 20 {
		t.Fatalf("only %d codes found", len(declared))
	}
	seen := map[Code]bool{}
	for _, code := range Codes() {
		if seen[code] || !declared[code] {
			t.Errorf("%s is in the table twice or declared nowhere", code)
		}
		seen[code] = true
		f := Explain(code)
		if f.Code != code || f.Message == "" || f.Status < 400 || f.Status > 599 {
			t.Errorf("%+v", f)
		}
		if !strings.Contains(string(readme), "`"+string(code)+"`") {
			t.Errorf("the README does not know the code %s", code)
		}
	}
	for code := range declared {
		if !seen[code] {
			t.Errorf("%s is not in the table", code)
		}
	}
	if f := Explain("no_such_code"); f.Code != CodeInternal {
		t.Errorf("an unknown code is explained as %+v", f)
	}
}

func TestReadmeKnowsEveryEvent(t *testing.T) {
	readme, err := os.ReadFile(schemaDir + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	s := readSpec(t)
	for _, side := range []map[string]*shape{s.Client, s.Server} {
		for _, name := range sorted(side) {
			if !strings.Contains(string(readme), "`"+name+"`") {
				t.Errorf("the README does not know %s", name)
			}
		}
	}
}
