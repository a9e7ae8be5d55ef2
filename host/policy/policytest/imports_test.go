package policytest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

const module = "github.com/napalmsky/napalmsky/"

// list runs go list at the module's root and answers its lines.
func list(t *testing.T, env []string, args ...string) []string {
	t.Helper()
	root, err := policytest.Root()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", append([]string{"list"}, args...)...)
	c.Dir, c.Env = root, append(os.Environ(), env...)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list %q: %v", args, err)
	}
	return strings.Fields(string(out))
}

// TestPluginsReachNothing: what an author compiles needs the standard library
// and the SDK, natively and as a guest; no engine, no SQL, no Redis.
func TestPluginsReachNothing(t *testing.T) {
	for _, env := range [][]string{nil, {"GOOS=wasip1", "GOARCH=wasm"}} {
		for _, dep := range list(t, env, "-deps", "./sdk/...", "./plugins/...") {
			ours := strings.HasPrefix(dep, module+"sdk/") || strings.HasPrefix(dep, module+"plugins/")
			first, _, _ := strings.Cut(dep, "/")
			if !ours && strings.Contains(first, ".") || strings.HasPrefix(dep, "database/") {
				t.Errorf("%v: a plugin reaches %s", env, dep)
			}
		}
	}
}

// TestOneDoorToTheEngine: only host/policy/wasm may know which engine runs plugins.
func TestOneDoorToTheEngine(t *testing.T) {
	const engine = "github.com/tetratelabs/wazero"
	found := false
	for _, line := range list(t, nil, "-e", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}}>{{.}} {{end}}`, "./...") {
		who, what, _ := strings.Cut(line, ">")
		if !strings.HasPrefix(what, engine) {
			continue
		}
		found = true
		if who != module+"host/policy/wasm" {
			t.Errorf("%s imports %s", who, what)
		}
	}
	if !found {
		t.Error("nobody imports the engine: this test looks in the wrong place")
	}
}
