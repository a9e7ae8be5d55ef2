package author

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNoGo: the go command cannot be found.
var ErrNoGo = errors.New("there is no go command on this machine's PATH; a Go plugin is built with it: https://go.dev/dl")

// Built is a module that was written.
type Built struct {
	File   string
	Bytes  int
	Digest string // hex SHA-256
}

// Build makes a wasm module of the Go project in dir, whose folder wasm holds
// the guest's main package. to is the file; "": one in dir called as dir is. The
// same sources give the same bytes wherever they are built with the same Go.
func Build(ctx context.Context, dir, to string) (Built, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Built{}, err
	}
	if to == "" {
		to = filepath.Join(dir, filepath.Base(dir)+".wasm")
	}
	if to, err = filepath.Abs(to); err != nil {
		return Built{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "wasm")); err != nil {
		return Built{}, fmt.Errorf("%s has no folder wasm with the guest's main package; `napalmsky plugin new` writes one", dir)
	}
	_, err = runGo(ctx, dir, []string{"GOOS=wasip1", "GOARCH=wasm"},
		"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", to, "./wasm")
	if err != nil {
		return Built{}, err
	}
	module, err := os.ReadFile(to)
	if err != nil {
		return Built{}, err
	}
	return Built{File: to, Bytes: len(module), Digest: digest(module)}, nil
}

func digest(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// runGo runs the go command in dir; its complaints are the error's text.
func runGo(ctx context.Context, dir string, env []string, args ...string) (stdout string, err error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return "", ErrNoGo
	}
	var out, complaints strings.Builder
	c := exec.CommandContext(ctx, path, args...)
	c.Dir, c.Stdout, c.Stderr = dir, &out, &complaints
	c.Env = append(os.Environ(), env...)
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		said := out.String() + complaints.String()
		return "", fmt.Errorf("go %s: %w%s\n%s", args[0], err, advice(said), strings.TrimSpace(said))
	}
	return out.String(), nil
}

// advice is what the go command cannot know: that no download will help.
func advice(complaints string) string {
	for _, missing := range []string{"missing go.sum entry", "no required module provides", "replacement directory", "unknown revision"} {
		if strings.Contains(complaints, missing) {
			return "; the SDK is not published yet, so go.mod must say where its checkout lies: go mod edit -replace " + sdkModule + "=/path/to/napalmsky"
		}
	}
	return ""
}
