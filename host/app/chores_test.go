package app

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

// TestPluginsThatNobodyUsesAreDeleted by the server's own chores, as long after
// as the configuration says.
func TestPluginsThatNobodyUsesAreDeleted(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	for _, h := range []*config.Hook{&cfg.Policy.Match, &cfg.Policy.Cooldown, &cfg.Policy.Trim} {
		h.Plugin = nativeHook
	}
	a := &App{cfg: cfg, store: storetest.NewMemory()}
	var err error
	if a.policies, err = openPolicies(t.Context(), cfg, a.store, Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	defer a.policies.close(t.Context())
	for n := range 3 {
		if _, _, err := a.policies.plugins.Load(t.Context(), "ada", policytest.Introduced(strings.Replace(policytest.PlainManifest, "1.0.0", fmt.Sprintf("1.0.%d", n), 1)).Bytes(), nil); err != nil {
			t.Fatal(err)
		}
	}
	left := func(after time.Duration) int {
		t.Helper()
		for _, c := range a.chores() {
			if _, _, err := c.Do(t.Context(), time.Now().Add(after)); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
		}
		files, err := os.ReadDir(filepath.Join(cfg.Data, "plugins"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	if n := left(cfg.Steward.KeepUnused - time.Hour); n != 3 {
		t.Errorf("%d of 3 are left before the time", n)
	}
	a.cfg.Steward.KeepUnused = 0
	if n := left(1000 * time.Hour); n != 3 {
		t.Errorf("%d of 3 are left though none is to be deleted", n)
	}
	a.cfg.Steward.KeepUnused = cfg.Steward.KeepUnused
	draining := func(v registry.Version) bool { return v.State == registry.Draining }
	for slices.ContainsFunc(a.policies.plugins.Status().Versions, draining) {
		runtime.Gosched() // the first is being closed
	}
	if n := left(cfg.Steward.KeepUnused + time.Hour); n != 2 || a.tidied.plugins.Load() != 1 {
		t.Errorf("%d of 3 are left after it, %d were counted", n, a.tidied.plugins.Load())
	}
}
