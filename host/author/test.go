package author

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/author/golden"
)

// GoldenFile is the file of cases in a project.
const GoldenFile = "golden.txt"

// ErrDiffers: some case has another answer than the one written down, or none.
var ErrDiffers = errors.New("some cases differ")

// Testing is one run of a project's golden cases.
type Testing struct {
	Dir    string // the project
	Wasm   string // play this module alone, of whatever language; "": build the Go project and play it natively too
	Golden string // the file of cases; "": GoldenFile in Dir
	Update bool   // write what is answered now, where native and wasm agree
	Cache  string // keeps compiled code; "": a folder of its own that is removed
}

// Test plays every golden case and writes what differs, or that nothing does.
// The error wraps ErrDiffers where the cases did not pass; any other is why they
// could not be played.
func Test(ctx context.Context, t Testing, to io.Writer) error {
	if t.Golden == "" {
		t.Golden = filepath.Join(t.Dir, GoldenFile)
	}
	text, err := os.ReadFile(t.Golden)
	if err != nil {
		return fmt.Errorf("there are no cases to play: %w", err)
	}
	file, err := golden.Parse(t.Golden, text)
	if err != nil {
		return err
	}
	if len(file.Cases) == 0 {
		return fmt.Errorf("%s holds no case", t.Golden)
	}
	work, err := os.MkdirTemp("", "napalmsky-plugin-test")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if t.Cache == "" {
		t.Cache = filepath.Join(work, "cache")
	}
	runs, err := t.play(ctx, file, work)
	if err != nil {
		return err
	}
	return t.judge(file, runs, to)
}

// play answers the runs of the cases, the native one first.
func (t Testing) play(ctx context.Context, file *golden.File, work string) (runs []golden.Run, err error) {
	module := t.Wasm
	if module == "" {
		answers, err := playNatively(ctx, t.Dir, t.Golden, work)
		if err != nil {
			return nil, err
		}
		runs = append(runs, golden.Run{Name: "native", Answers: answers})
		built, err := Build(ctx, t.Dir, filepath.Join(work, "plugin.wasm"))
		if err != nil {
			return nil, err
		}
		module = built.File
	}
	bytes, err := os.ReadFile(module)
	if err != nil {
		return nil, err
	}
	answers, err := file.Play(ctx, openWasm(bytes, t.Cache))
	if err != nil {
		return nil, err
	}
	return append(runs, golden.Run{Name: "wasm", Answers: answers}), nil
}

func (t Testing) judge(file *golden.File, runs []golden.Run, to io.Writer) error {
	var names []string
	for _, run := range runs {
		names = append(names, run.Name)
	}
	how := strings.Join(names, " and ")
	r := file.Compare(to, runs...)
	if r.Differ == 0 {
		fmt.Fprintf(to, "%s: %d cases pass, %s\n", file.Name, r.Cases, how)
		return nil
	}
	switch {
	case r.Unlike > 0:
		return fmt.Errorf("%w: in %d of %d native and wasm do not agree, so the rule depends on more than its question (a clock, a map's order, floats, what came before)", ErrDiffers, r.Unlike, r.Cases)
	case r.Failed > 0:
		return fmt.Errorf("%w: %d of %d, and %d have no answer", ErrDiffers, r.Differ, r.Cases, r.Failed)
	case !t.Update:
		return fmt.Errorf("%w: %d of %d; if the new answers are meant, `napalmsky plugin test -update` writes them down", ErrDiffers, r.Differ, r.Cases)
	}
	if err := os.WriteFile(t.Golden, file.Update(runs[0].Answers), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(to, "%s: %d of %d cases written anew, %s\n", file.Name, r.Differ, r.Cases, how)
	return nil
}

const nativeMain = `package main

import (
	"github.com/napalmsky/napalmsky/host/author/golden"

	rule %q
)

func main() { golden.Main(rule.Plugin) }
`

// playNatively builds a program around the rule, as if it lay in the project,
// and lets it play the cases.
func playNatively(ctx context.Context, dir, cases, work string) ([]golden.Answer, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	pkg, err := runGo(ctx, dir, nil, "list", ".")
	if err != nil {
		return nil, err
	}
	source := filepath.Join(work, "main.go")
	if err := os.WriteFile(source, fmt.Appendf(nil, nativeMain, strings.TrimSpace(pkg)), 0o644); err != nil {
		return nil, err
	}
	const virtual = "napalmsky-native" // a folder that only the overlay knows
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(dir, virtual, "main.go"): source}})
	if err != nil {
		return nil, err
	}
	overlayFile := filepath.Join(work, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o644); err != nil {
		return nil, err
	}
	program := filepath.Join(work, "native")
	if _, err := runGo(ctx, dir, nil, "build", "-overlay", overlayFile, "-buildvcs=false", "-o", program, "./"+virtual); err != nil {
		return nil, err
	}
	return report(ctx, program, cases, nativeLimit)
}

// nativeLimit is for the whole native run; golden.CaseLimit, for one case of it,
// is reached first unless the rule never gets as far as a question.
const nativeLimit = time.Minute

// report runs the program, which the limit ends, and reads what it answered.
func report(ctx context.Context, program, cases string, limit time.Duration) ([]golden.Answer, error) {
	var complaints strings.Builder
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(limited, program, cases)
	c.Stderr = &complaints
	out, err := c.Output()
	if limited.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("the native rule came to no end within %s; is there a loop without one where its package is initialised?", limit)
	}
	if err != nil {
		return nil, fmt.Errorf("the native rule: %w\n%s", err, strings.TrimSpace(complaints.String()))
	}
	var r golden.Report
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, fmt.Errorf("the native rule wrote something else than its answers (rules print nothing): %w", err)
	}
	if r.Err != "" {
		return nil, errors.New(r.Err)
	}
	return r.Answers, nil
}
