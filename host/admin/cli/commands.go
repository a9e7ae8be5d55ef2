package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/policy/registry"
)

func list(ctx context.Context, j *job) error {
	s, err := j.client.Status(ctx)
	if err != nil {
		return err
	}
	return j.show(s, func(w io.Writer) {
		writeServing(w, s)
		if j.flags.all {
			writeKnobs(w, s)
			writeVersions(w, s)
		}
		for _, v := range s.Versions {
			if v.State == registry.Quarantined {
				fmt.Fprintf(w, "\n%s@%s %s is quarantined: %s\n", printable(v.Name), printable(v.Version), short(v.Digest), printable(v.Reason))
			}
			if v.State == registry.Serving && len(v.Missing) > 0 {
				fmt.Fprintf(w, "\n%s@%s %s reads %s, which product.attrs does not name: 0 for everybody\n", printable(v.Name), printable(v.Version), short(v.Digest), strings.Join(v.Missing, ", "))
			}
		}
	})
}

func load(ctx context.Context, j *job) error {
	module, err := readModule(j.args[0])
	if err != nil {
		return err
	}
	signature, err := j.readSignature()
	if err != nil {
		return err
	}
	done := progress(j.Stderr, fmt.Sprintf("loading %s (%s)", filepath.Base(j.args[0]), bytesText(len(module))))
	put := j.client.Load
	if j.flags.again {
		put = j.client.LoadAgain
	}
	l, err := put(ctx, module, signature)
	done()
	var no *Refused
	if errors.As(err, &no) && no.Code == "quarantined" {
		return fmt.Errorf("%w; --again puts it in service all the same", err)
	}
	if err != nil {
		return err
	}
	return j.show(l, func(w io.Writer) {
		for _, g := range l.Generations {
			writeGeneration(w, g)
		}
	})
}

func inspect(ctx context.Context, j *job) error {
	module, err := readModule(j.args[0])
	if err != nil {
		return err
	}
	done := progress(j.Stderr, fmt.Sprintf("checking %s (%s)", filepath.Base(j.args[0]), bytesText(len(module))))
	v, err := j.client.Inspect(ctx, module)
	done()
	if err != nil {
		return err
	}
	return j.show(v, func(w io.Writer) { writeVersion(w, v) })
}

func set(ctx context.Context, j *job) error {
	params, err := parseParams(j.args[1:])
	if err != nil {
		return usageError{err.Error()}
	}
	done := progress(j.Stderr, "setting "+j.args[0])
	g, err := j.client.Set(ctx, j.args[0], params)
	done()
	if err != nil {
		return err
	}
	return j.show(g, func(w io.Writer) { writeGeneration(w, g) })
}

func onHook(action string) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		hook := j.args[0]
		if !slices.Contains(registry.Hooks[:], registry.Hook(hook)) {
			return usageError{fmt.Sprintf("there is no hook %q; there are %s", hook, registry.HookNames())}
		}
		done := progress(j.Stderr, action+" "+hook)
		g, err := j.client.Hook(ctx, action, hook)
		done()
		if err != nil {
			return err
		}
		return j.show(g, func(w io.Writer) { writeGeneration(w, g) })
	}
}

func history(ctx context.Context, j *job) error {
	if j.flags.limit < 1 || j.flags.limit > 200 || j.flags.before < 0 {
		return usageError{"--limit goes from 1 to 200, --before from 0"}
	}
	p, err := j.client.History(ctx, j.flags.before, j.flags.limit)
	if err != nil {
		return err
	}
	return j.show(p, func(w io.Writer) {
		writeHistory(w, p.Changes)
		if p.Next != 0 {
			fmt.Fprintf(w, "\nolder ones: --before %d\n", p.Next)
		}
	})
}

// parseParams reads key=value, each key once, values whole numbers of 64 bits.
// Which keys there are and how far they go is the server's to say.
func parseParams(args []string) (map[string]int64, error) {
	params := make(map[string]int64, len(args))
	for _, arg := range args {
		key, text, found := strings.Cut(arg, "=")
		if !found || key == "" {
			return nil, fmt.Errorf("%q must be key=value", arg)
		}
		if _, twice := params[key]; twice {
			return nil, fmt.Errorf("%q is there twice", key)
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: must be a whole number", key, text)
		}
		params[key] = n
	}
	return params, nil
}

func readModule(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	module, err := io.ReadAll(io.LimitReader(f, admin.MaxModule+1))
	switch {
	case err != nil:
		return nil, err
	case len(module) > admin.MaxModule:
		return nil, fmt.Errorf("%s is larger than the %s a module may have", path, bytesText(admin.MaxModule))
	case len(module) == 0:
		return nil, fmt.Errorf("%s is empty", path)
	}
	return module, nil
}

// readSignature reads the file named, or the one beside the module if it is there.
func (j *job) readSignature() ([]byte, error) {
	path := j.flags.signature
	if path == "" {
		path = j.args[0] + ".sig"
	}
	text, err := os.ReadFile(path)
	if j.flags.signature == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	signature, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		return nil, fmt.Errorf("%s is not base64", path)
	}
	return signature, nil
}
