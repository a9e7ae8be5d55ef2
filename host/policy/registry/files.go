package registry

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// files keeps plugins by digest, readable by their owner only.
type files struct{ dir string }

func digestOf(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

func (f files) path(digest string) string { return filepath.Join(f.dir, digest+".wasm") }

// keep stores a module and its signature, if it has one: whole and durable, or not at all.
func (f files) keep(digest string, module, signature []byte) error {
	if len(signature) > 0 {
		text := base64.StdEncoding.EncodeToString(signature) + "\n"
		if err := f.write(f.path(digest)+".sig", []byte(text)); err != nil {
			return err
		}
	}
	have, err := readFile(f.path(digest), len(module))
	if err == nil && bytes.Equal(have, module) {
		return nil
	}
	return f.write(f.path(digest), module)
}

func (f files) write(path string, data []byte) (err error) {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(f.dir, ".new-*") // made 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return f.sync()
}

// sync makes the folder's names durable.
func (f files) sync() error {
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// tidy removes what a crash left half written.
func (f files) tidy() error {
	left, err := filepath.Glob(filepath.Join(f.dir, ".new-*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// A module on its way out has a name of its own, so that a crash in between is noticed.
const outgoing = ".gone-"

func (f files) aside(digest string) string { return filepath.Join(f.dir, outgoing+digest) }

// setAside is the first step of deleting a module. One that is missing is as good as deleted.
func (f files) setAside(digest string) error {
	err := os.Rename(f.path(digest), f.aside(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, f.sync())
}

// bringBack undoes setAside.
func (f files) bringBack(digest string) error {
	return gone(os.Rename(f.aside(digest), f.path(digest)))
}

// remove deletes a module that is set aside, its signature first.
func (f files) remove(digest string) error {
	return errors.Join(gone(os.Remove(f.path(digest)+".sig")), gone(os.Remove(f.aside(digest))))
}

// gone makes a missing file no error.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// settle ends what a crash interrupted between setAside and remove: what is
// still known comes back, the rest goes.
func (f files) settle(known func(digest string) bool) error {
	left, err := filepath.Glob(filepath.Join(f.dir, outgoing+"*"))
	for _, path := range left {
		if digest := strings.TrimPrefix(filepath.Base(path), outgoing); known(digest) {
			err = errors.Join(err, f.bringBack(digest))
		} else {
			err = errors.Join(err, f.remove(digest))
		}
	}
	return err
}

// read answers a stored module and its signature; a module that is no longer
// what its name says is an error.
func (f files) read(digest string, limit int) (module, signature []byte, err error) {
	module, signature, err = readPlugin(f.path(digest), limit)
	if err == nil && digestOf(module) != digest {
		err = fmt.Errorf("%s was changed on disk", f.path(digest))
	}
	return module, signature, err
}

// readPlugin reads a module and the signature beside it (base64, in path.sig), if there is one.
func readPlugin(path string, limit int) (module, signature []byte, err error) {
	if module, err = readFile(path, limit); err != nil {
		return nil, nil, err
	}
	text, err := readFile(path+".sig", 1024)
	if errors.Is(err, fs.ErrNotExist) {
		return module, nil, nil
	}
	if err == nil {
		signature, err = base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the signature beside %s cannot be read: %w", path, err)
	}
	return module, signature, nil
}

func readFile(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return data, err
}

// trimCache removes the oldest compiled code until at most limit bytes are left.
func trimCache(dir string, limit int64) error {
	type entry struct {
		path  string
		bytes int64
		at    time.Time
	}
	var all []entry
	var total int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil // it went away in between
		}
		all, total = append(all, entry{path, info.Size(), info.ModTime()}), total+info.Size()
		return nil
	})
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.path, b.path)) })
	for _, e := range all {
		if total <= limit {
			break
		}
		if gone := os.Remove(e.path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
			continue
		}
		total -= e.bytes
	}
	return err
}
