package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// What makes this test binary a compiler; see TestMain.
const (
	compilePlugin  = "compile-plugin"
	compileEndless = "compile-endless" // of a module that takes ever more memory
	compileBusily  = "compile-busily"  // of one that takes ever more time
)

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

type busy struct{}

func (busy) Read([]byte) (int, error) { return 0, nil } // and io.ReadAll asks again

// apart are options whose compiler is this test binary.
func apart(t *testing.T) wasm.Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := small()
	o.CacheDir = filepath.Join(t.TempDir(), "compiled")
	o.Compiler = &wasm.Compiler{Command: []string{self, compilePlugin}}
	return o
}

// answers fails unless a plugin loads and answers as the plain guest does.
func answers(t *testing.T, module []byte, o wasm.Options) {
	t.Helper()
	ask, plain := asker(t, load(t, module, o), abi.HookCooldown)
	if got, err := ask(context.Background()); got != plain || err != nil {
		t.Fatal(got, err)
	}
}

// TestCompiledApart: the compiler's code is what runs, and what it once
// compiled needs no compiler again.
func TestCompiledApart(t *testing.T) {
	o := apart(t)
	answers(t, policytest.Plain().Bytes(), o)
	if n := len(kept(t, o.CacheDir)); n != 1 {
		t.Errorf("%d files are kept", n)
	}
	o.Compiler = &wasm.Compiler{Command: []string{"/usr/bin/false"}}
	answers(t, policytest.Plain().Bytes(), o)
	if _, err := wasm.Load(context.Background(), long(1).Bytes(), o); !errors.Is(err, policy.ErrRefused) {
		t.Error("compiled without a compiler:", err)
	}
}

// TestCompilerIsLimited: what would take too much is refused with the reason.
func TestCompilerIsLimited(t *testing.T) {
	for why, limit := range map[string]func(*wasm.Compiler){
		"within 256 MiB of memory":       func(c *wasm.Compiler) { c.Memory, c.Command[1] = 256<<20, compileEndless },
		"within 1s of processor time":    func(c *wasm.Compiler) { c.CPU, c.Command[1] = time.Second, compileBusily },
		"more than 64 KB of native code": func(c *wasm.Compiler) { c.Code = 64 << 10 },
	} {
		t.Run(why, func(t *testing.T) {
			o := apart(t)
			limit(o.Compiler)
			_, err := wasm.Load(context.Background(), long(10).Bytes(), o)
			if !errors.Is(err, policy.ErrRefused) || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v; it should say %q", err, why)
			}
			if files := kept(t, o.CacheDir); len(files) > 0 {
				t.Error("left behind:", files)
			}
		})
	}
}

// TestCompilerIsGivenUp as soon as nobody waits for it, and the plugin is not blamed.
func TestCompilerIsGivenUp(t *testing.T) {
	o := apart(t)
	o.Compiler.Command = []string{"/bin/sh", "-c", "exec sleep 600"}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := wasm.Load(ctx, policytest.Plain().Bytes(), o); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, policy.ErrRefused) {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Error("only after", took)
	}
}

// TestCacheOfNoUse: a folder that cannot hold compiled code, or holds damaged
// code, is nothing a plugin is refused for; neither is a system that starts no
// process. The log says so.
func TestCacheOfNoUse(t *testing.T) {
	damage := func(t *testing.T, o *wasm.Options) {
		answers(t, policytest.Plain().Bytes(), *o)
		for _, path := range kept(t, o.CacheDir) {
			code, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			code[len(code)/2] ^= 0xff
			if err := os.WriteFile(path, code, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	inFile := func(t *testing.T, o *wasm.Options) {
		if err := os.WriteFile(o.CacheDir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		spoil func(*testing.T, *wasm.Options)
		says  string
	}{
		"a file":              {inFile, "without its cache"},
		"a file, no compiler": {func(t *testing.T, o *wasm.Options) { inFile(t, o); o.Compiler = nil }, "without its cache"},
		"full": {func(t *testing.T, o *wasm.Options) { // the disk is full for the compiler's first try
			once := filepath.Join(t.TempDir(), "once")
			o.Compiler.Command = []string{"/bin/sh", "-c", `[ -e ` + once + ` ] && exec "$0" "$@"; touch ` + once + `; echo no space left on device; exit 4`, o.Compiler.Command[0], compilePlugin}
		}, "no space left"},
		"damaged": {damage, "damaged"},
		"no process": {func(t *testing.T, o *wasm.Options) {
			o.Compiler.Command[0] = "/nowhere"
		}, "in the server's own process"},
	} {
		t.Run(name, func(t *testing.T) {
			o := apart(t)
			c.spoil(t, &o)
			var said bytes.Buffer
			o.Log = slog.New(slog.NewTextHandler(&said, nil))
			answers(t, policytest.Plain().Bytes(), o)
			if !strings.Contains(said.String(), c.says) {
				t.Errorf("the log says %q", said.String())
			}
			if name == "damaged" {
				o.Compiler.Command = []string{"/usr/bin/false"}
				answers(t, policytest.Plain().Bytes(), o) // it was mended
			}
		})
	}
}

// long is a guest that takes a while to compile: n functions of some length.
func long(n int) *policytest.Module {
	m := policytest.Plain()
	var body []byte
	for i := range int32(1000) {
		body = append(body, policytest.Ops(policytest.GetGlobal(2), policytest.Const(i), policytest.Add, policytest.SetGlobal(2))...)
	}
	for i := range n {
		m.Funcs = append(m.Funcs, &policytest.Func{Body: policytest.Ops(policytest.Const(int32(i)), policytest.Drop, body)})
	}
	return m
}

// kept lists the files of a cache.
func kept(t *testing.T, dir string) (files []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}
