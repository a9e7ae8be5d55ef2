package author

import (
	"context"
	"errors"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/author/golden"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestNewProjects begins one of each hook, as it is written: gofmt and its own
// tests are content, and it builds, twice alike. That its cases pass as wasm and
// a server would load it is tested from outside, with the command: compiling a
// Go guest takes a quarter of a minute under the race detector.
func TestNewProjects(t *testing.T) {
	ctx, sdk := context.Background(), root(t)
	for _, hook := range []string{abi.HookMatch, abi.HookCooldown, abi.HookTrim} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "mine")
			files, err := New(Project{Name: hook + "-mine", Hook: hook, Dir: dir, SDK: sdk})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				checkFormat(t, f)
			}
			if out, err := runGo(ctx, dir, nil, "test", "./..."); err != nil {
				t.Error(err, out)
			}
			built, err := Build(ctx, dir, "")
			if err != nil {
				t.Fatal(err)
			}
			module, err := os.ReadFile(filepath.Join(dir, "mine.wasm"))
			if err != nil || built.Digest != digest(module) || built.Bytes != len(module) {
				t.Fatalf("%+v, %v", built, err)
			}
			if again, err := Build(ctx, dir, filepath.Join(t.TempDir(), "again.wasm")); err != nil || again.Digest != built.Digest {
				t.Errorf("%+v, %v, before %s", again, err, built.Digest)
			}
		})
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir := FindSDK(".")
	if dir == "" {
		t.Fatal("this test runs in the checkout")
	}
	return dir
}

func checkFormat(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".go") {
		if formatted, err := format.Source(text); err != nil || string(formatted) != string(text) {
			t.Errorf("%s is not as gofmt writes it: %v", file, err)
		}
	}
	if strings.Contains(string(text), "<no value>") || !strings.HasSuffix(string(text), "\n") {
		t.Errorf("%s:\n%s", file, text)
	}
}

func TestNewRefuses(t *testing.T) {
	sdk := root(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine.go"), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for want, p := range map[string]Project{
		"is there already and not empty":  {Name: "a", Hook: "match", Dir: full},
		`"Tall" cannot name a plugin`:     {Name: "Tall", Hook: "match", Dir: empty},
		`"../x" cannot name a plugin`:     {Name: "../x", Hook: "match", Dir: empty},
		`"7up" cannot name a plugin`:      {Name: "7up", Hook: "match", Dir: empty},
		`"" cannot name a plugin`:         {Hook: "match", Dir: empty},
		"means something to Go":           {Name: "f-unc", Hook: "match", Dir: empty},
		`there is no hook "rank"`:         {Name: "a", Hook: "rank", Dir: empty},
		"the SDK: ":                       {Name: "a", Hook: "match", Dir: empty, SDK: empty},
		"is no checkout of github.com/na": {Name: "a", Hook: "match", Dir: empty, SDK: project(t)},
	} {
		if files, err := New(p); err == nil || !strings.Contains(err.Error(), want) || len(files) > 0 {
			t.Errorf("%+v: %v, want %s", p, err, want)
		}
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("something was written: %v, %v", left, err)
	}
	// Inside the checkout the way to the SDK survives a move of both.
	if path, _, err := (Project{Dir: filepath.Join(sdk, "plugins", "never-made"), SDK: sdk}).replacement(); path != "../.." || err != nil {
		t.Error(path, err)
	}
}

// project is one without an SDK.
func project(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "lone")
	if _, err := New(Project{Name: "lone", Hook: abi.HookTrim, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWithoutAnSDKGoModSaysWhatToDo(t *testing.T) {
	dir := project(t)
	checkFormat(t, filepath.Join(dir, "go.mod"))
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.Contains(string(mod), "go mod edit -replace "+sdkModule+"=/path/to/napalmsky") {
		t.Errorf("%v\n%s", err, mod)
	}
	if _, err := Build(context.Background(), dir, ""); err == nil || !strings.Contains(err.Error(), "the SDK is not published yet") {
		t.Error(err)
	}
	if _, err := runGo(context.Background(), dir, nil, "mod", "edit", "-replace", sdkModule+"="+root(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(context.Background(), dir, ""); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreSaidPlainly(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if _, err := New(Project{Name: "mine", Hook: abi.HookMatch, Dir: filepath.Join(dir, "mine"), SDK: root(t)}); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "mine")
	fails := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	_, err := Build(ctx, dir, "")
	fails("not a project", err, "has no folder wasm")
	fails("no cases", Test(ctx, Testing{Dir: dir}, &strings.Builder{}), "there are no cases to play")
	put(t, mine, "rule.go", "Age     uint8", "Age     float32")
	put(t, mine, "rule.go", "abs(int32", "abz(int32")
	_, err = Build(ctx, mine, "")
	fails("does not compile", err, "undefined: abz")
	put(t, mine, "rule.go", "abz(int32", "abs(int32")
	fails("a rule that cannot be", Test(ctx, Testing{Dir: mine}, &strings.Builder{}), "Profile.Age is a float32; use a fixed-width integer such as int32")
	put(t, mine, GoldenFile, "person bob", "people bob")
	fails("a misspelt case", Test(ctx, Testing{Dir: mine}, &strings.Builder{}), "golden.txt:8: ")
	t.Setenv("PATH", dir)
	_, err = Build(ctx, mine, "")
	if !errors.Is(err, ErrNoGo) {
		t.Error(err)
	}
}

// TestANativeRunHasAnEnd: also where the rule never gets as far as a question.
func TestANativeRunHasAnEnd(t *testing.T) {
	_, err := report(context.Background(), "sleep", "600", 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "came to no end within 50ms") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := report(ctx, "sleep", "600", time.Minute); err == nil || strings.Contains(err.Error(), "no end") {
		t.Error(err)
	}
}

// put changes one thing in a file.
func put(t *testing.T, dir, name, from, to string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %q: %v", name, from, err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestGolden plays cases to a module of another language: what differs is shown,
// the file is left alone, and -update writes it anew.
func TestGolden(t *testing.T) {
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "cases.txt")
	const cases = "person ann age=30 tags=3 seeking=1\nperson bob age=33 tags=1 seeking=1\n\nann sees bob => 37 # one tag\nbob sees ann => 38\n"
	if err := os.WriteFile(file, []byte(cases), 0o600); err != nil {
		t.Fatal(err)
	}
	run := Testing{Golden: file, Wasm: filepath.Join(root(t), "testdata", "guests", "c", "match-mutual.wasm")}
	var said strings.Builder
	err := Test(ctx, run, &said)
	want := file + ":4: ann sees bob\n    written => 37\n    wasm    => 38\n\n"
	if !errors.Is(err, ErrDiffers) || said.String() != want || !strings.Contains(err.Error(), "1 of 2; if the new answers are meant, `napalmsky plugin test -update`") {
		t.Errorf("%v\n%s\nwant\n%s", err, &said, want)
	}
	run.Update = true
	said.Reset()
	if err := Test(ctx, run, &said); err != nil || !strings.Contains(said.String(), "1 of 2 cases written anew") {
		t.Errorf("%v\n%s", err, &said)
	}
	text, err := os.ReadFile(file)
	if err != nil || string(text) != strings.Replace(cases, "37", "38", 1) {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestNothingDoubtfulIsWritten: where the rule fails, or is not the same natively
// and as wasm, -update leaves the file alone.
func TestNothingDoubtfulIsWritten(t *testing.T) {
	const cases = "after call => 1h"
	parsed, err := golden.Parse("cases.txt", []byte(cases))
	if err != nil {
		t.Fatal(err)
	}
	for want, wasm := range map[string]golden.Answer{
		"native and wasm do not agree": {Text: "2h"},
		"1 have no answer":             {Err: "plugin trapped"},
	} {
		name := filepath.Join(t.TempDir(), "cases.txt")
		err := Testing{Golden: name, Update: true}.judge(parsed, []golden.Run{{Name: "native", Answers: []golden.Answer{{Text: "3h"}}}, {Name: "wasm", Answers: []golden.Answer{wasm}}}, &strings.Builder{})
		if !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := os.Stat(name); err == nil {
			t.Error("it was written")
		}
	}
}
