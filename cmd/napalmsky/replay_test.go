package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copied puts a recorded evening into a folder of its own, spoilt by change.
func copied(t *testing.T, change func([]byte)) string {
	t.Helper()
	file, err := os.ReadFile("../../testdata/evenings/200.journal")
	if err != nil {
		t.Fatal(err)
	}
	change(file)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.journal"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestReplay(t *testing.T) {
	good := copied(t, func([]byte) {})
	bad := copied(t, func(b []byte) { b[len(b)/2] ^= 4 })
	results := filepath.Join(t.TempDir(), "out.json")
	for name, c := range map[string]struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		"a folder":      {[]string{good}, 0, "  verified\n", ""},
		"a file":        {[]string{filepath.Join(good, "x.journal")}, 0, "replayed to the same effects", ""},
		"damaged":       {[]string{good, bad}, 1, "NOT verified", ""},
		"no journals":   {[]string{t.TempDir()}, 1, "", "no *.journal in it"},
		"not a journal": {[]string{"main.go"}, 1, "", "not a journal"},
		"missing":       {[]string{"nowhere"}, 1, "", "nowhere"},
		"what if":       {[]string{"--what-if", "native", "--param", "tag_weight=50", "--every", "20s", "--json", results, good}, 0, "tags in common", ""},
		"no such param": {[]string{"--what-if", "native", "--param", "x=5", good}, 1, "", `"x"`},
		"no plugin":     {[]string{"--what-if", "nowhere.wasm", good}, 1, "", "nowhere.wasm"},
		"too slow":      {[]string{"--limit", "1us", "--what-if", "native", good}, 1, "", "not done within 1µs; --limit allows more"},
		"no arguments":  {nil, 2, "", "FILE|FOLDER"},
		"a bad param":   {[]string{"--what-if", "native", "--param", "x", good}, 2, "", "name=number"},
		"params alone":  {[]string{"--param", "x=1", good}, 2, "", "FILE|FOLDER"},
		"help":          {[]string{"-h"}, 0, "", "--what-if"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), append([]string{"replay"}, c.args...), &stdout, &stderr); code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			if !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("said %q and %q", stdout.String(), stderr.String())
			}
		})
	}
	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		Overlap float64
		Other   struct{ Tags float64 }
		Changed []struct{ Viewer, Other, Samples int64 }
	}
	if err := json.Unmarshal(text, &got); err != nil || len(got) != 1 || got[0].Overlap == 0 || got[0].Other.Tags == 0 || len(got[0].Changed) == 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
