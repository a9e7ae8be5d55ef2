// Package policytest proves that two ways of running a plugin decide alike, and
// keeps the guests, good and bad, that a host of plugins must be tested with.
package policytest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built keeps each guest for as long as the test binary runs: a link takes a second.
var built sync.Map // package path → func() ([]byte, error)

// Build compiles a guest with the Go toolchain, once per test binary. pkg is
// its package, as seen from the module's root: ./plugins/matchmutual/wasm.
func Build(t testing.TB, pkg string) []byte {
	t.Helper()
	once, _ := built.LoadOrStore(pkg, sync.OnceValues(func() ([]byte, error) { return build(pkg) }))
	module, err := once.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func build(pkg string) (module []byte, err error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	to := filepath.Join(dir, "guest.wasm")
	c := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", to, pkg)
	c.Dir = root
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return os.ReadFile(to)
}

// Root is the directory of this module's go.mod, looked for upwards from the
// working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("policytest: no go.mod above the working directory")
		}
	}
}

// CacheDir is a compilation cache that test binaries share and `make clean`
// removes: compiling a Go guest takes a second, and a quarter of a minute under
// the race detector.
func CacheDir(t testing.TB) string {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "bin", "testcache")
}
