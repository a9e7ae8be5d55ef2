// Package author is what an author of plugins has in hand: a project to begin
// with, its build, its golden cases played natively and as wasm, and the whole
// load pipeline offline. It is for an author's machine; a server never uses it.
package author

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/template"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// sdkModule is the module that holds the SDK.
const sdkModule = "github.com/napalmsky/napalmsky"

//go:embed template
var templates embed.FS

// Project is a plugin to be begun.
type Project struct {
	Name string // of the plugin: lower-case letters, digits and hyphens
	Hook string // match, cooldown or trim
	Dir  string // made, and must be empty if it is there; "": a folder called Name
	SDK  string // the checkout that holds the SDK; "": none, go.mod then says what to do
}

// New writes a project that builds and passes as it is, and answers the files it
// wrote. It writes over nothing.
func New(p Project) (files []string, err error) {
	fill, err := p.fill()
	if err != nil {
		return nil, err
	}
	if p.Dir == "" {
		p.Dir = p.Name
	}
	if there, err := os.ReadDir(p.Dir); err == nil && len(there) > 0 {
		return nil, fmt.Errorf("%s is there already and not empty", p.Dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if fill.SDK, fill.Go, err = p.replacement(); err != nil {
		return nil, err
	}
	for _, file := range []struct{ from, to string }{
		{"common/README.md", "README.md"}, {"common/go.mod", "go.mod"}, {p.Hook + "/rule.go", "rule.go"},
		{p.Hook + "/rule_test.go", "rule_test.go"}, {p.Hook + "/golden.txt", GoldenFile}, {"common/main.go", "wasm/main.go"},
	} {
		to := filepath.Join(p.Dir, filepath.FromSlash(file.to))
		if err := write(to, "template/"+file.from+".tmpl", fill); err != nil {
			return files, err
		}
		files = append(files, to)
	}
	return files, nil
}

// filling is what templates name.
type filling struct{ Name, Hook, Package, Module, SDK, Go string }

func (p Project) fill() (filling, error) {
	pkg := strings.ReplaceAll(p.Name, "-", "")
	switch {
	case p.Name == "" || len(p.Name) > 48 || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || p.Name[0] < 'a':
		return filling{}, fmt.Errorf("%.60q cannot name a plugin: use a lower-case letter, then letters, digits and hyphens, at most 48", p.Name)
	case token.IsKeyword(pkg) || pkg == "main" || pkg == "init":
		return filling{}, fmt.Errorf("%q cannot name a plugin, since it means something to Go", p.Name)
	case !slices.Contains([]string{abi.HookMatch, abi.HookCooldown, abi.HookTrim}, p.Hook):
		return filling{}, fmt.Errorf("there is no hook %.40q; match, cooldown and trim are", p.Hook)
	}
	return filling{Name: p.Name, Hook: p.Hook, Package: pkg, Module: "example.com/" + p.Name}, nil
}

// replacement says where go.mod finds the SDK, and the version of Go it wants:
// a project inside the checkout finds it wherever both are moved.
func (p Project) replacement() (path, goVersion string, err error) {
	// What this command was built with is at least what its SDK asks for.
	goVersion = strings.TrimPrefix(runtime.Version(), "go")
	if strings.Trim(goVersion, "0123456789.") != "" {
		goVersion = "1.26" // an unreleased Go
	}
	if p.SDK == "" {
		return "", goVersion, nil
	}
	mod, err := os.ReadFile(filepath.Join(p.SDK, "go.mod"))
	if err != nil {
		return "", "", fmt.Errorf("the SDK: %w", err)
	}
	if !isSDK(mod) {
		return "", "", fmt.Errorf("%s is no checkout of %s", p.SDK, sdkModule)
	}
	for line := range strings.Lines(string(mod)) {
		if v, is := strings.CutPrefix(line, "go "); is {
			goVersion = strings.TrimSpace(v)
		}
	}
	dir, err := resolved(p.Dir)
	if err != nil {
		return "", "", err
	}
	sdk, err := resolved(p.SDK)
	if err != nil {
		return "", "", err
	}
	if to, err := filepath.Rel(dir, sdk); err == nil && strings.Trim(filepath.ToSlash(to), "./") == "" {
		return filepath.ToSlash(to), goVersion, nil
	}
	return filepath.ToSlash(sdk), goVersion, nil
}

// resolved is the absolute path without links, as far as it exists.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	parent, err := resolved(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

func isSDK(mod []byte) bool {
	first, _, _ := strings.Cut(string(mod), "\n")
	return strings.TrimSpace(first) == "module "+sdkModule
}

// FindSDK looks for the checkout that holds the SDK, in each of these folders
// and upwards from it; "" if there is none.
func FindSDK(from ...string) string {
	for _, dir := range from {
		dir, err := filepath.Abs(dir)
		if err != nil {
			continue
		}
		for last := ""; dir != last; last, dir = dir, filepath.Dir(dir) {
			if mod, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil && isSDK(mod) {
				return dir
			}
		}
	}
	return ""
}

func write(to, from string, fill filling) error {
	t, err := template.ParseFS(templates, from)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, fill); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b.Bytes(), 0o644)
}
