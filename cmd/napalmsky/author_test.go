package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
			a.types(t, 1, "golden.txt:12: ann sees bob\n    written => 44\n    native  => 54\n    wasm    => 54\n", "test")
			a.types(t, 0, "4 of 5 cases written anew", "test", "-update")
			a.types(t, 0, "5 cases pass", "test")
		})
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
