package golden

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

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

// CaseLimit is how long a rule may think natively about one case, which takes it
// microseconds: beyond, it is in a loop without end.
const CaseLimit = 3 * time.Second

// Main plays the file named by the first argument natively and writes a Report
// as JSON. `napalmsky plugin test` builds it around the author's rule. A rule
// that comes to no end on a case is left where it is: the Report names the case,
// and the program's end is the rule's.
func Main(rule any) { writeReport(os.Stdout, os.Args[1], rule, CaseLimit) }

func writeReport(to io.Writer, name string, rule any, limit time.Duration) {
	var r Report
	text, err := os.ReadFile(name)
	var f *File
	if err == nil {
		f, err = Parse(name, text)
	}
	if err == nil {
		r, err = f.playWithin(limit, rule)
	}
	if err != nil {
		r.Err = err.Error()
	}
	// Whoever reads the pipe sees a broken report; nobody else could act on it.
	_ = json.NewEncoder(to).Encode(r)
}

// playWithin gives the rule so much time for each case.
func (f *File) playWithin(limit time.Duration, rule any) (Report, error) {
	type played struct {
		answers []Answer
		err     error
	}
	asking, done := make(chan int), make(chan played, 1)
	gone := make(chan struct{})
	defer close(gone)
	go func() {
		answers, err := f.play(context.Background(), Native(rule), func(line int) {
			select {
			case asking <- line:
			case <-gone:
			}
		})
		done <- played{answers, err}
	}()
	at := 0
	for {
		select {
		case at = <-asking:
		case p := <-done:
			return Report{Answers: p.answers}, p.err
		case <-time.After(limit):
			return Report{}, f.fault(at, "the rule came to no end within %s; is there a loop without one?", limit)
		}
	}
}
