package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

// TestAuthorsPath walks it as an author does, with the command and in a folder
// of their own: begin, test, build, check, break, see why, accept.
func TestAuthorsPath(t *testing.T) {
	command := filepath.Join(t.TempDir(), "napalmsky")
	if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sdk, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the README's first plugin", func(t *testing.T) {
		t.Parallel()
		firstPlugin(t, command, sdk)
	})
	for _, hook := range []string{"match", "cooldown", "trim"} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			a := someAuthor{command: command, dir: t.TempDir()}
			name := "my-" + hook
			a.types(t, 0, "Next: cd "+name, "new", name, "--sdk", sdk, "--hook", hook)
			a.dir = filepath.Join(a.dir, name)
			a.types(t, 0, "cases pass, native and wasm", "test")
			a.types(t, 0, name+".wasm  ", "build")
			a.types(t, 0, "would be loaded", "check", name+".wasm")
			if hook != "match" {
				return
			}
			a.changes(t, "rule.go", "viewer.Tags&other.Tags", "viewer.Tags|other.Tags")
			a.types(t, 1, "golden.txt:12: ann sees bob\n    written => 32\n    native  => 42\n    wasm    => 42\n", "test")
			a.types(t, 0, "4 of 5 cases written anew", "test", "-update")
			a.types(t, 0, "5 cases pass", "test")
			a.breaksInEveryWay(t, name)
		})
	}
}

// breaksInEveryWay: an author's usual mistakes are named in their own words.
func (a someAuthor) breaksInEveryWay(t *testing.T, name string) {
	t.Helper()
	const body = "points = p.TagWeight"
	a.changes(t, "rule.go", body, "for points == 0 && viewer.Tags == 7 {\n\t}\n\t"+body)
	a.types(t, 1, "golden.txt:12: the rule came to no end within 3s", "test")
	a.changes(t, "rule.go", "for points == 0 && viewer.Tags == 7 {\n\t}", "_ = []int{1, 2, 3}[viewer.Tags]")
	a.types(t, 1, "it panicked: runtime error: index out of range [7] with length 3", "test")
	a.changes(t, "rule.go", "type Profile struct {", "type Profile struct {\n\tLangs uint8 `sky:\"langs\"`")
	a.types(t, 0, name+".wasm  ", "build")
	a.types(t, 1, `it does not start: plugin trapped: it panicked: match: mymatch.Profile.Langs: field "langs" is declared u8, which does not hold a u64`, "check", name+".wasm")
}

// firstPlugin walks what the top README shows, as it is written.
func firstPlugin(t *testing.T, command, sdk string) {
	text, err := os.ReadFile(filepath.Join(sdk, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## A first plugin")
	section, _, ends := strings.Cut(section, "\n## ")
	block := func(kind string) string {
		_, after, found := strings.Cut(section, "```"+kind+"\n")
		block, _, ends := strings.Cut(after, "```")
		if !found || !ends {
			t.Fatalf("no %s in %s", kind, section)
		}
		return block
	}
	if !found || !ends {
		t.Fatal("the README has no first plugin")
	}
	a := someAuthor{command: command, dir: filepath.Join(t.TempDir(), "napalmsky")}
	if err := os.Mkdir(a.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	typed := 0
	for line := range strings.Lines(section) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		words := strings.Fields(strings.TrimPrefix(line, "bin/napalmsky plugin "))
		if !strings.HasPrefix(line, "bin/napalmsky plugin ") {
			continue
		}
		typed++
		switch words[0] {
		case "new":
			a.types(t, 0, "Next: ", append(words, "--sdk", sdk)...) // the README stands in the checkout
			a.writes(t, "../match-langs/rule.go", block("go"))
			a.writes(t, "../match-langs/golden.txt", block("text"))
			if err := os.Remove(filepath.Join(a.dir, "../match-langs/rule_test.go")); err != nil {
				t.Fatal(err)
			}
		case "test":
			a.types(t, 0, "3 cases pass, native and wasm", words...)
		case "build":
			a.types(t, 0, "match-langs.wasm  ", words...)
		case "load":
			a.types(t, 0, "would be loaded", "check", words[1])
		}
	}
	if typed != 8 {
		t.Errorf("%d commands in\n%s", typed, section)
	}
}

func (a someAuthor) writes(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// someAuthor types commands in a folder.
type someAuthor struct{ command, dir string }

func (a someAuthor) types(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	c := exec.Command(a.command, append([]string{"plugin"}, args...)...)
	c.Dir = a.dir
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if c.ProcessState.ExitCode() != code || !strings.Contains(string(out), says) {
		t.Fatalf("plugin %s: exit %d, want %d and %q\n%s", strings.Join(args, " "), c.ProcessState.ExitCode(), code, says, out)
	}
}

func (a someAuthor) changes(t *testing.T, name, from, to string) {
	t.Helper()
	name = filepath.Join(a.dir, name)
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("no %q in %s: %v", from, name, err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAuthorCommand: what is an author's, and how it ends.
func TestAuthorCommand(t *testing.T) {
	const guest = "../../testdata/guests/c/match-mutual.wasm"
	broken := filepath.Join(t.TempDir(), "broken.wasm")
	if err := os.WriteFile(broken, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	reader := filepath.Join(t.TempDir(), "reader.wasm")
	manifest := strings.Replace(policytest.PlainManifest, `"age","offset":0,"type":"u8"`, `"attr.height_cm","offset":0,"type":"i16"`, 1)
	tall, flat := filepath.Join(t.TempDir(), "tall.yaml"), filepath.Join(t.TempDir(), "flat.yaml")
	for file, text := range map[string]string{
		reader: string(policytest.Introduced(manifest).Bytes()),
		tall:   "admin: {listen: ':1'}\nproduct: {attrs: {height_cm: {min: 0, max: 9}}}\n", // the token is in a secret place
		flat:   "product: {attrs: {offers: {min: 0, max: 9}}}\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args    string
		handled bool
		code    int
		stdout  string
		stderr  string
	}{
		{args: "list"},
		{args: "load " + guest},
		{"check " + guest, true, 0, "match-mutual 1.0.0", ""},
		{"check " + broken, true, 1, "", broken + " would not be loaded: it is no core WebAssembly module\n"},
		{"check " + reader, true, 0, "height_cm: a server refuses it unless its product.attrs names them", ""},
		{"check " + reader + " --config " + tall, true, 0, "attributes  height_cm\n", ""},
		{"check " + reader + " --config " + flat, true, 1, "", "would not be loaded: the server knows no attribute height_cm; product.attrs names offers\n"},
		{"check " + reader + " --config " + broken, true, 1, "", broken + ": "},
		{"check", true, 2, "", "plugin check FILE"},
		{"check a b", true, 2, "", "plugin check FILE"},
		{"check nowhere.wasm", true, 1, "", "nowhere.wasm: no such file"},
		{"new", true, 2, "", "plugin new NAME"},
		{"new X", true, 1, "", `"X" cannot name a plugin`},
		{"new --hook rank a", true, 1, "", `there is no hook "rank"`},
		{"test -wasm " + guest + " -golden ../../testdata/guests/compat/v1/match-mutual.golden.txt", true, 0, "18 cases pass, wasm", ""},
		{"test --wrong", true, 2, "", "not defined: -wrong"},
		{"build --help", true, 0, "", "plugin build [DIR]"},
	} {
		var stdout, stderr strings.Builder
		args := strings.Fields(c.args)
		code, handled := authorCommand(context.Background(), args[0], args[1:], &stdout, &stderr)
		if handled != c.handled || code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%s: %v, %d\n%s\n%s", c.args, handled, code, &stdout, &stderr)
		}
		if c.stderr == "" && stderr.Len() > 0 || c.stdout == "" && stdout.Len() > 0 {
			t.Errorf("%s says too much\n%s\n%s", c.args, &stdout, &stderr)
		}
	}
}
