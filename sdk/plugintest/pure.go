package plugintest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Pure reads the Go files of a rule's directory, tests left out, and refuses
// what would make its answers depend on anything but the question: clocks,
// randomness, files, the network, and floats, which native code and wasm round
// differently.
func Pure(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			for _, fault := range impure(filepath.Join(dir, e.Name())) {
				t.Error(fault)
			}
		}
	}
}

func impure(file string) (faults []string) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		return []string{err.Error()}
	}
	for _, i := range parsed.Imports {
		if path, _ := strconv.Unquote(i.Path.Value); outside(path) {
			faults = append(faults, set.Position(i.Pos()).String()+": a rule cannot use "+path)
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if n.Name == "float32" || n.Name == "float64" {
				faults = append(faults, set.Position(n.Pos()).String()+": a rule cannot use floats")
			}
		case *ast.GoStmt:
			faults = append(faults, set.Position(n.Pos()).String()+": a rule cannot start goroutines")
		}
		return true
	})
	return faults
}

func outside(path string) bool {
	root, _, _ := strings.Cut(path, "/")
	switch root {
	case "os", "io", "net", "time", "log", "crypto", "syscall", "runtime", "unsafe", "sync", "embed", "plugin", "testing", "database":
		return true
	}
	return strings.HasPrefix(path, "math/rand")
}
