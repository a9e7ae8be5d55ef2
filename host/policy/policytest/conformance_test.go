package policytest_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/plugins/allinone"
	"github.com/napalmsky/napalmsky/plugins/cooldownstandard"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/plugins/trimessential"
	"github.com/napalmsky/napalmsky/plugins/trimsignalling"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load builds a reference plugin and closes it when the test ends.
func load(t *testing.T, pkg string, params map[string]int64) *wasm.Plugin {
	t.Helper()
	p, err := wasm.Load(context.Background(), policytest.Build(t, pkg), wasm.Options{Params: params, Revision: 7, CacheDir: policytest.CacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestMatchMutualAgrees(t *testing.T) {
	for name, params := range map[string]map[string]int64{
		"defaults": nil,
		"turned up": {"tag_weight": 1000, "lang_weight": 1000, "age_weight": 1000, "age_span": 50,
			"age_window": 20, "wait_weight": 1000, "wait_cap": 240},
		"turned off": {"tag_weight": 0, "lang_weight": 0, "age_weight": 0, "wait_weight": 0},
	} {
		t.Run(name, func(t *testing.T) {
			plugin := load(t, "./plugins/matchmutual/wasm", params)
			want, err := native.Match(matchmutual.Plugin, params, 7)
			if err != nil {
				t.Fatal(err)
			}
			got, err := plugin.Match(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close(context.Background())
			policytest.Match(t, want, got)
		})
	}
}

func TestCooldownStandardAgrees(t *testing.T) {
	for name, params := range map[string]map[string]int64{
		"defaults": nil,
		"other":    {"call_hours": 1, "decline_hours": 2, "rescind_minutes": 3, "lost_seconds": 300, "lost_minutes": 4, "report_days": 5},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, "./plugins/cooldownstandard/wasm", params).Cooldown()
			if err != nil {
				t.Fatal(err)
			}
			want, err := native.Cooldown(cooldownstandard.Plugin, params, 7)
			if err != nil {
				t.Fatal(err)
			}
			policytest.Cooldown(t, want, got)
		})
	}
}

func TestTrimSignallingAgrees(t *testing.T) {
	for name, params := range map[string]map[string]int64{
		"defaults": nil,
		"other":    {"h264": 1, "resend": 0, "rotate": 1, "transport_once": 0, "streams": 1},
	} {
		t.Run(name, func(t *testing.T) {
			plugin := load(t, "./plugins/trimsignalling/wasm", params)
			got, err := plugin.Signalling()
			if err != nil {
				t.Fatal(err)
			}
			want, err := native.Signalling(trimsignalling.Plugin, params, 7)
			if err != nil {
				t.Fatal(err)
			}
			policytest.Signalling(t, want, got)
			used := plugin.Stats().Signalling
			t.Logf("%d pieces, on average %d units of fuel and %d ns each", used.OK, used.Fuel/used.OK, used.Nanos/used.OK)
		})
	}
}

func TestTrimEssentialAgrees(t *testing.T) {
	for name, params := range map[string]map[string]int64{
		"defaults": nil,
		"nothing":  {"bio_runes": 0, "tags_max": 0, "langs_max": 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := load(t, "./plugins/trimessential/wasm", params).Trim()
			if err != nil {
				t.Fatal(err)
			}
			want, err := native.Trim(trimessential.Plugin, params, 7)
			if err != nil {
				t.Fatal(err)
			}
			policytest.Trim(t, want, got)
		})
	}
}

// TestAllInOneAgrees: three rules in one module answer as each alone does.
func TestAllInOneAgrees(t *testing.T) {
	ctx := context.Background()
	plugin := load(t, "./plugins/allinone/wasm", nil)
	m, err := plugin.Match(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	alone, err := native.Match(allinone.Match, nil, 7)
	if err != nil {
		t.Fatal(err)
	}
	policytest.Match(t, alone, m)
	c, err := plugin.Cooldown()
	if err != nil {
		t.Fatal(err)
	}
	apart, err := native.Cooldown(allinone.Cooldown, nil, 7)
	if err != nil {
		t.Fatal(err)
	}
	policytest.Cooldown(t, apart, c)
	p, err := plugin.Trim()
	if err != nil {
		t.Fatal(err)
	}
	short, err := native.Trim(allinone.Trim, nil, 7)
	if err != nil {
		t.Fatal(err)
	}
	policytest.Trim(t, short, p)
}
