package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/napalmsky/napalmsky/"

// pkg is the part of `go list -json` this test reads.
type pkg struct {
	ImportPath string
	Imports    []string // direct, of the package itself and not of its tests
	Deps       []string
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
}

// TestWhoMayImportWhom keeps the rooms apart. A rule lists all that a room may
// import of this module; rooms that no rule names are refused, so that a new
// room must state its neighbours here.
func TestWhoMayImportWhom(t *testing.T) {
	rules := map[string][]string{
		"host/lobby":             {},
		"host/store":             {"host/lobby"},
		"host/store/archive":     {"host/lobby", "host/store"},
		"host/store/storetest":   {"host/lobby", "host/store"},
		"host/store/sqlite":      {"host/lobby", "host/store", "host/store/archive", "host/store/groupcommit", "host/store/migrations", "host/store/transfer", "host/store/sqlite/db"},
		"host/store/sqlite/db":   {},
		"host/store/migrations":  {},
		"host/cache":             {"host/lobby", "host/store"},
		"host/cache/cachesim":    {},
		"host/steward":           {},
		"host/policy":            {"host/lobby", "sdk/abi"},
		"host/policy/wasm":       {"host/lobby", "host/policy", "host/policy/meter", "sdk/abi"},
		"host/policy/meter":      {},
		"host/policy/native":     {"host/lobby", "host/policy", "sdk/"},
		"host/policy/registry":   {"host/lobby", "host/policy", "host/policy/wasm", "host/policy/native", "host/store", "sdk/abi"},
		"host/policy/policytest": {"host/lobby", "host/policy", "host/policy/", "sdk/", "testdata/"},
		"host/author":            {"host/author/golden", "host/lobby", "host/policy", "host/policy/", "sdk/abi"},
		"host/author/golden":     {"host/lobby", "host/policy", "host/policy/native", "sdk/abi"},
		"host/wire":              {"host/lobby"},
		"host/wire/wiregen":      {},
		"host/conn":              {"host/lobby", "host/wire"},
		"host/reel":              {"host/lobby", "host/policy"},
		"host/journal":           {"host/lobby", "host/policy", "host/reel"},
		"host/media":             {},
		"host/ice":               {"host/lobby"},
		"host/password":          {},
		"host/config":            {"host/lobby"},
		"host/compress":          {},
		"host/compress/":         {"host/compress"},
		"host/web":               {"host/compress"},
		"host/admin":             {"host/compress", "host/lobby", "host/policy", "host/policy/registry", "host/store", "sdk/abi"},
		"host/admin/metrics":     {},
		"host/admin/admintest":   {"host/lobby", "host/policy", "host/policy/registry", "host/store", "sdk/abi"},
		"host/admin/cli":         {"host/admin", "host/policy/registry"},
		"host/api":               {"host/config", "host/lobby", "host/store"},
		"host/engine":            {"host/lobby", "host/store", "host/reel", "host/wire", "host/conn", "host/policy"},
		"host/bot":               {"host/wire", "host/bot/", "testdata/sdp"},
		"host/bot/bottest":       {"host/wire", "host/bot", "testdata/sdp"},
		"host/bot/load":          {"host/wire", "host/bot", "host/policy", "testdata/sdp"},
		"host/bot/load/capacity": {"host/bot/load"},
		"host/bot/load/soak":     {"host/bot", "host/bot/load", "host/wire", "testdata/sdp"},
		"host/app":               {"host/", "plugins/", "sdk/", "testdata/sdp"},
		"cmd/napalmsky":          {"host/app", "host/config", "host/bot", "host/bot/load", "host/bot/load/capacity", "host/bot/load/soak", "host/journal", "host/author", "host/admin/cli", "host/policy/wasm", "host/cache/cachesim"},
		"sdk/":                   {"sdk/"},
		"plugins/":               {"sdk/", "plugins/"},
		"testdata/":              {"sdk/", "testdata/"},

		"host/store/groupcommit":     {"host/store"},
		"host/store/transfer":        {"host/store/migrations"},
		"host/store/postgres":        {"host/lobby", "host/store", "host/store/archive", "host/store/groupcommit", "host/store/migrations", "host/store/transfer", "host/store/postgres/db"},
		"host/store/postgres/db":     {},
		"host/store/postgres/pgtest": {},
	}
	for _, p := range listPackages(t) {
		allowed, known := rules[p.ImportPath]
		if !known {
			for room, may := range rules {
				if strings.HasSuffix(room, "/") && strings.HasPrefix(p.ImportPath, room) {
					allowed, known = may, true
				}
			}
		}
		if !known {
			t.Errorf("%s: no rule says what it may import", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if ours, is := strings.CutPrefix(imp, module); is && !permits(allowed, ours) {
				t.Errorf("%s imports %s", p.ImportPath, ours)
			}
		}
	}
}

func permits(allowed []string, imp string) bool {
	for _, a := range allowed {
		if imp == a || strings.HasSuffix(a, "/") && strings.HasPrefix(imp, a) {
			return true
		}
	}
	return false
}

// TestWhoReachesWhat: some libraries have one door.
func TestWhoReachesWhat(t *testing.T) {
	doors := map[string][]string{ // library → rooms that may import it directly
		"github.com/tetratelabs/wazero": {"host/policy/wasm"},
		"modernc.org/sqlite":            {"host/store/sqlite"},
		"github.com/jackc/pgx":          {"host/store/postgres", "host/store/postgres/"},
		"database/sql":                  {"host/store/sqlite", "host/store/sqlite/db", "host/store/postgres", "host/store/migrations", "host/store/transfer"},
		"github.com/coder/websocket":    {"host/conn", "host/bot", "host/bot/bottest"},
		"github.com/labstack/echo":      {"host/api", "host/app"},
		"golang.org/x/crypto/argon2":    {"host/password"},
		"github.com/andybalholm/brotli": {"host/compress"},
	}
	for _, p := range listPackages(t) {
		for _, imp := range p.Imports {
			for lib, rooms := range doors {
				if strings.HasPrefix(imp, lib) && !permits(rooms, p.ImportPath) {
					t.Errorf("%s imports %s; only %v may", p.ImportPath, imp, rooms)
				}
			}
		}
		if strings.HasPrefix(p.ImportPath, "sdk/") || strings.HasPrefix(p.ImportPath, "plugins/") || p.ImportPath == "host/lobby" {
			for _, d := range p.Deps {
				if strings.Contains(strings.SplitN(d, "/", 2)[0], ".") && !strings.HasPrefix(d, module) {
					t.Errorf("%s reaches %s; it may use the standard library only", p.ImportPath, d)
				}
			}
		}
	}
}
