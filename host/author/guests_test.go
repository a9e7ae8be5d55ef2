package author

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/author/golden"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/plugins/matchmutual"
	"github.com/napalmsky/napalmsky/testdata/guests"
)

func loadGuest(t *testing.T, module []byte, params map[string]int64) *wasm.Plugin {
	t.Helper()
	p, err := wasm.Load(context.Background(), module, wasm.Options{Params: params, Revision: 3, Instances: 1})
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

// TestLanguagesAgree: the same rule from any compiler gives the same number for
// every pair, either way round, whatever the params.
func TestLanguagesAgree(t *testing.T) {
	for _, guest := range guests.MatchMutual() {
		for name, params := range map[string]map[string]int64{
			"defaults": nil,
			"highest": {"tag_weight": 1000, "lang_weight": 1000, "age_weight": 1000, "age_span": 50,
				"age_window": 20, "wait_weight": 1000, "wait_cap": 240},
			"lowest": {"tag_weight": 0, "lang_weight": 0, "age_weight": 0, "age_span": 0, "wait_weight": 0, "wait_cap": 0},
			"odd":    {"tag_weight": 7, "lang_weight": 3, "age_weight": 11, "age_span": 13, "age_window": 1, "wait_weight": 5, "wait_cap": 17},
		} {
			t.Run(guest.Language+"/"+name, func(t *testing.T) {
				t.Parallel()
				want, err := native.Match(matchmutual.Plugin, params, 3)
				if err != nil {
					t.Fatal(err)
				}
				got, err := loadGuest(t, guest.Module, params).Match(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				defer got.Close(context.Background())
				policytest.Match(t, want, got)
			})
		}
	}
}

// TestSameKnobs: an operator turns the same params, with the same bounds and words.
func TestSameKnobs(t *testing.T) {
	want := matchmutual.Plugin.Manifest()
	for _, guest := range guests.MatchMutual() {
		if got := loadGuest(t, guest.Module, nil).Manifest(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwant %+v", guest.Language, got, want)
		}
	}
}

const compat = "../../testdata/guests/compat/v1"

// TestCompat: what was built against version 1 loads for ever and answers what
// it answered on its first day. Nobody rebuilds these files.
func TestCompat(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join(compat, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Glob(filepath.Join(compat, "*.wasm"))
	if err != nil || len(modules) != strings.Count(string(sums), "\n") {
		t.Fatalf("%d modules, %d sums: %v", len(modules), strings.Count(string(sums), "\n"), err)
	}
	for _, file := range modules {
		t.Run(filepath.Base(file), func(t *testing.T) {
			module, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(module)
			if line := hex.EncodeToString(sum[:]) + "  " + filepath.Base(file) + "\n"; !strings.Contains(string(sums), line) {
				t.Error("it was rebuilt: " + line)
			}
			name, _, _ := strings.Cut(filepath.Base(file), ".")
			playGolden(t, module, filepath.Join(compat, name+".golden.txt"))
		})
	}
}

func playGolden(t *testing.T, module []byte, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := golden.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cases.Play(context.Background(), openWasm(module, ""))
	if err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	if r := cases.Compare(&report, golden.Run{Name: "wasm", Answers: answers}); r.Differ > 0 || r.Cases == 0 {
		t.Errorf("%d of %d cases differ\n%s", r.Differ, r.Cases, &report)
	}
}
