package golden

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/native"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Native runs a rule as it is: what match.Define, cooldown.Define or trim.Define answered.
func Native(rule any) Open {
	return func(_ context.Context, params map[string]int64) (Rules, error) {
		described, ok := rule.(interface{ Manifest() abi.Manifest })
		if !ok {
			return nil, fmt.Errorf("a %T is no plugin; match.Define, cooldown.Define and trim.Define make one", rule)
		}
		m := described.Manifest()
		if err := policy.CheckManifest(m); err != nil {
			return nil, err
		}
		if _, err := policy.EncodeParams(m.Params, params); err != nil {
			return nil, err
		}
		return nativeRules{m, rule, params}, nil
	}
}

type nativeRules struct {
	manifest abi.Manifest
	rule     any
	params   map[string]int64
}

func (n nativeRules) Manifest() abi.Manifest      { return n.manifest }
func (n nativeRules) Close(context.Context) error { return nil }

func (n nativeRules) Match(context.Context) (policy.Match, error) {
	rule, ok := n.rule.(abi.MatchRule)
	if !ok {
		return nil, n.cannot(abi.HookMatch)
	}
	return native.Match(rule, n.params, 1)
}

func (n nativeRules) Cooldown() (policy.Cooldown, error) {
	rule, ok := n.rule.(abi.CooldownRule)
	if !ok {
		return nil, n.cannot(abi.HookCooldown)
	}
	return native.Cooldown(rule, n.params, 1)
}

func (n nativeRules) Trim() (policy.Trim, error) {
	rule, ok := n.rule.(abi.TrimRule)
	if !ok {
		return nil, n.cannot(abi.HookTrim)
	}
	return native.Trim(rule, n.params, 1)
}

func (n nativeRules) cannot(hook string) error {
	return fmt.Errorf("%s has no %s rule", n.manifest.Name, hook)
}

// Report is what a native run writes to its standard output.
type Report struct {
	Answers []Answer
	Err     string // why there are none
}

// Main plays the file named by the first argument natively and writes a Report
// as JSON. `napalmsky plugin test` builds it around the author's rule.
func Main(rule any) { writeReport(os.Stdout, os.Args[1], rule) }

func writeReport(to io.Writer, name string, rule any) {
	var r Report
	text, err := os.ReadFile(name)
	var f *File
	if err == nil {
		f, err = Parse(name, text)
	}
	if err == nil {
		r.Answers, err = f.Play(context.Background(), Native(rule))
	}
	if err != nil {
		r.Err = err.Error()
	}
	// Whoever reads the pipe sees a broken report; nobody else could act on it.
	_ = json.NewEncoder(to).Encode(r)
}
