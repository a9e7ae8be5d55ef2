package app_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/admin/cli"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

// TestOperatorsHands: what an operator types reaches the plugins that serve, and
// a module built into the watched folder serves by itself.
func TestOperatorsHands(t *testing.T) {
	var data string
	watched := t.TempDir()
	t.Cleanup(func() { // after the server's own
		if _, err := os.Lstat(filepath.Join(data, admin.SocketName)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket stays after a clean stop: %v", err)
		}
	})
	a := startApp(t, func(c *config.Config) {
		data, c.Watch, c.Product.Attrs = c.Data, watched, map[string]config.Bounds{"height_cm": {Min: 100, Max: 230}}
	})
	ctx := within(t, time.Minute)
	signUp(t, ctx, a.URL(), "Ada") // answered, so it serves
	plugin := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := cli.Main(ctx, append(args, "--data", data), cli.Env{Get: func(string) string { return "" }, Stdout: &out, Stderr: &errs})
		if code != 0 {
			t.Fatalf("plugin %v: exit %d, %s", args, code, errs.String())
		}
		return out.String()
	}
	if out := plugin("set", "match-mutual", "age_window=8"); !strings.Contains(out, "age_window=8") {
		t.Errorf("set: %s", out)
	}
	if out := plugin("pause", "trim"); !strings.Contains(out, "paused") {
		t.Errorf("pause: %s", out)
	}
	if out := plugin("list"); !strings.Contains(out, "age_window=8") || !strings.Contains(out, "(paused)") {
		t.Errorf("list: %s", out)
	}
	module, err := os.ReadFile(filepath.Join(pluginDir, "match-mutual.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	other := append(module, 0, 5, 4, 'n', 'o', 't', 'e') // an empty custom section: the same rule, another digest
	if err := os.WriteFile(filepath.Join(watched, "other.wasm"), other, 0o600); err != nil {
		t.Fatal(err)
	}
	for tick := time.NewTicker(100 * time.Millisecond); !strings.Contains(plugin("history", "--limit=5"), "watch"); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the watched module never served:\n%s", plugin("list", "--all"))
		}
	}
	if out := plugin("list"); !strings.Contains(out, "match-mutual@1.0.0") {
		t.Errorf("list: %s", out)
	}
	// What the configuration says of the product bounds what a plugin may read.
	reader := policytest.Introduced(strings.Replace(policytest.PlainManifest, `"age","offset":0,"type":"u8"`, `"attr.offers","offset":0,"type":"i16"`, 1))
	_, err = cli.Local(data).Load(ctx, reader.Bytes(), nil)
	if err == nil || !strings.Contains(err.Error(), "the server knows no attribute offers; product.attrs names height_cm") {
		t.Errorf("a plugin that would read 0 for everybody: %v", err)
	}
}
