package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

const (
	watchEvery = time.Second
	mostFiles  = 100 // modules looked at in one folder
)

// Watch loads modules from a folder as a developer builds them: NAME.wasm, with
// its signature in NAME.wasm.sig if there is one. Not for production, where a
// load is an operator's decision. Make it with NewWatch; Run it once.
type Watch struct {
	dir      string
	registry Registry
	log      *slog.Logger
	files    map[string]seen
	trouble  string // why the folder could not be read, said once
}

// seen is a file as it was at the last look.
type seen struct {
	modified time.Time
	size     int64
	done     bool // loaded or refused, so it waits for the next change
}

// NewWatch watches dir, which may come into being later.
func NewWatch(dir string, r Registry, log *slog.Logger) *Watch {
	return &Watch{dir: dir, registry: r, log: log, files: map[string]seen{}}
}

// Run looks every second until ctx ends. Modules that are there at the start are
// loaded if the registry has never seen them. It answers nil.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	known := map[string]bool{}
	for _, v := range w.registry.Status().Versions {
		known[v.Digest] = true
	}
	w.look(ctx, known)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			w.look(ctx, known)
			known = nil // from the second look on, a change is a change, even back to an old build
		}
	}
}

// look loads every file that changed and has stayed the same since the look
// before: one that still grows is being written. Files whose digest is in known
// are taken as they are.
func (w *Watch) look(ctx context.Context, known map[string]bool) {
	paths, err := w.list()
	if err != nil {
		if err.Error() != w.trouble {
			w.log.Warn("watched plugins cannot be read", "err", err)
		}
		w.trouble = err.Error()
		return
	}
	w.trouble = ""
	now := map[string]seen{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // gone between the listing and here, or no file
		}
		was, before := w.files[path]
		is := seen{modified: info.ModTime(), size: info.Size()}
		if before && was.modified.Equal(is.modified) && was.size == is.size {
			is.done = was.done
			if !was.done {
				w.load(ctx, path, known)
				is.done = true
			}
		}
		now[path] = is
	}
	w.files = now
}

func (w *Watch) list() ([]string, error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".wasm" {
			paths = append(paths, filepath.Join(w.dir, e.Name()))
		}
	}
	if len(paths) > mostFiles {
		return nil, fmt.Errorf("%s holds %d modules; %d can be watched", w.dir, len(paths), mostFiles)
	}
	return paths, nil
}

func (w *Watch) load(ctx context.Context, path string, known map[string]bool) {
	module, err := readFile(path, MaxModule)
	if err == nil {
		sum := sha256.Sum256(module)
		if known[hex.EncodeToString(sum[:])] {
			return
		}
		var signature []byte
		if signature, err = readSignature(path + ".sig"); err == nil {
			ctx, cancel := context.WithTimeout(ctx, loadPatience)
			defer cancel()
			_, _, err = w.registry.LoadFor(ctx, "watch", module, signature, registry.LoadOptions{})
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			w.log.Warn("watched plugin not loaded", "file", path, "err", err)
		}
		return
	}
	w.log.Info("watched plugin loaded", "file", path)
}

// readSignature reads base64; a file that is not there is no signature.
func readSignature(path string) ([]byte, error) {
	text, err := readFile(path, maxSignature)
	if errors.Is(err, fs.ErrNotExist) {
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

// readFile reads at most limit bytes; more is an error.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, err
}
