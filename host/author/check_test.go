package author

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// TestWhy: what is wrong with a file is one sentence that its author can act on.
func TestWhy(t *testing.T) {
	c, err := os.ReadFile(filepath.Join(root(t), "testdata", "guests", "c", "match-mutual.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	imports := policytest.Plain()
	imports.Imports = []policytest.Import{{Module: "env", Name: "now", Params: "", Results: "I"}}
	signature := policytest.Plain()
	signature.Func(abi.SkyCooldown).Params = "I"
	manifest := func(from, to string) []byte {
		return policytest.Introduced(strings.Replace(policytest.PlainManifest, from, to, 1)).Bytes()
	}
	for name, g := range map[string]struct {
		module []byte
		why    string // the whole sentence, or how it begins where it ends in …
	}{
		"empty":               {nil, "it is no core WebAssembly module"},
		"source":              {[]byte("package main\n"), "it is no core WebAssembly module"},
		"component":           {[]byte("\x00asm\x0d\x00\x01\x00"), "it is no core WebAssembly module"},
		"cut off":             {c[:len(c)-40], "…"},
		"a flipped byte":      {flipped(c, len(c)/4), "…"},
		"no ABI":              {policytest.Plain().Without(abi.SkyABI).Bytes(), "it does not export sky_abi"},
		"another ABI":         {policytest.Plain().Body(abi.SkyABI, policytest.Const(2)).Bytes(), "it speaks ABI version 2; this host speaks 1"},
		"half a hook":         {policytest.Plain().Without(abi.SkyScoreFor).Bytes(), "it does not export sky_score_for, which its manifest calls for (match)"},
		"wrong signature":     {signature.Bytes(), "its sky_cooldown has the signature (i64) i64; it must be (i32) i64"},
		"forbidden import":    {imports.Bytes(), "it imports env.now, which is not offered"},
		"unknown field":       {manifest(`"age"`, `"iq"`), `in its row, field "iq" is not one the host knows`},
		"field too small":     {manifest(`"name":"age"`, `"name":"tags"`), `in its row, field "tags" is declared u8, which does not hold a u64`},
		"capital in its name": {manifest(`"plain"`, `"Plain"`), `its name "Plain" is not made of lower-case letters, digits and hyphens, at most 48`},
		"traps when asked":    {policytest.Plain().Body(abi.SkyCooldown, policytest.Unreachable, policytest.Const64(0)).Bytes(), "in the self-check of cooldown, plugin trapped: …"},
		"negative cooldown":   {policytest.Plain().Body(abi.SkyCooldown, policytest.Const64(-1)).Bytes(), "in the self-check of cooldown, …"},
		"one way only":        {policytest.Plain().Body(abi.SkyScoreFor).Bytes(), "in the self-check of match, sky_score says …"},
		"plan is no JSON":     {policytest.Plain().Body(abi.SkyTrimPlan, policytest.Const64(abi.Pack(17, 30))).Bytes(), "in the self-check of trim, …"},
	} {
		_, err := Check(context.Background(), g.module, Checking{})
		if err == nil {
			t.Errorf("%s: it would be loaded", name)
			continue
		}
		why := Why(err)
		if begin, open := strings.CutSuffix(g.why, "…"); strings.Contains(why, "\n") || len(why) > 300 || !strings.HasPrefix(why, begin) || !open && why != g.why {
			t.Errorf("%s: %s\nwant %s", name, why, g.why)
		}
	}
}

func flipped(module []byte, at int) []byte {
	module = bytes.Clone(module)
	module[at] ^= 0xff
	return module
}

// TestFacts: what an author is told of a module that is fine.
func TestFacts(t *testing.T) {
	c, err := os.ReadFile(filepath.Join(root(t), "testdata", "guests", "c", "match-mutual.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Check(context.Background(), c, Checking{})
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if err := f.Write(&said); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"match-mutual 1.0.0", "32 bytes: tags u64 at 0, langs u64 at 8", digest(c), "2.5 KiB",
		"age_window = 0 (i32, 0 to 20 years, years tolerated", "128.0 KiB an instance", "load ", "start "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("not told: %s\n%s", want, &said)
		}
	}
}
