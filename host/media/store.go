// Package media keeps photos as files named after their content. Whatever was
// handed in, what is kept is a JPEG of at most 512 pixels that was drawn anew:
// no EXIF, no place, no trailing bytes of somebody else's making.
package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/semaphore"
)

var (
	// ErrTooBig: more bytes, pixels or work than are taken.
	ErrTooBig = errors.New("photo too big")
	// ErrNotImage: no JPEG, PNG, GIF or WebP, or a broken one.
	ErrNotImage = errors.New("not an image")
	// ErrNotFound: nothing has this id.
	ErrNotFound = errors.New("photo not found")
)

const (
	maxBytes = 5 << 20 // as handed in

	idLen = 2 * sha256.Size // hex digits
)

// Store keeps photos in a folder of its own. Safe for concurrent use.
type Store struct {
	dir    string
	pixels *semaphore.Weighted // being decoded at once
}

// New uses dir, which it makes, and throws away what an interrupted Put left
// there. One process uses a dir at a time.
func New(dir string) (*Store, error) {
	s := &Store{dir: dir, pixels: semaphore.NewWeighted(maxPixels)}
	if err := os.RemoveAll(s.unfinished()); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if err := os.MkdirAll(s.unfinished(), 0o700); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if err := syncDir(filepath.Dir(filepath.Clean(dir))); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	return s, nil
}

// Put reads a JPEG, PNG, GIF (its first frame) or WebP of at most 5 MB and 40
// megapixels and returns the id under which its small copy is kept: 64 hex
// digits. The copy is durable when Put returns. The same copy twice has one id.
//
// Decoding is bounded over all callers, in memory and in time; ctx ends the
// wait for one's turn, and the decoding.
// Errors are ErrTooBig, ErrNotImage, ctx's, the reader's or the disk's.
func (s *Store) Put(ctx context.Context, r io.Reader) (id string, err error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return "", fmt.Errorf("media: put: %w", err)
	}
	if len(raw) > maxBytes {
		return "", fmt.Errorf("media: put: over %d bytes: %w", maxBytes, ErrTooBig)
	}
	small, err := s.shrink(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("media: put: %w", err)
	}
	sum := sha256.Sum256(small)
	id = hex.EncodeToString(sum[:])
	if err := s.keep(id, small); err != nil {
		return "", fmt.Errorf("media: put: %w", err)
	}
	return id, nil
}

// shrink waits until there is room for so many more pixels in memory. A
// decoder that panics on what a stranger sent has found no image.
func (s *Store) shrink(ctx context.Context, raw []byte) (small []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			small, err = nil, fmt.Errorf("%w: decoder panicked: %v", ErrNotImage, p)
		}
	}()
	pixels, err := measure(raw)
	if err != nil {
		return nil, err
	}
	weight := max(pixels, maxPixels/8) // so that at most eight run at once, however small
	if err := s.pixels.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	defer s.pixels.Release(weight)
	return redraw(ctx, raw)
}

// Open returns the JPEG with this id, for the caller to close, and when it was
// stored. Any string may be asked for; what is no id is ErrNotFound.
func (s *Store) Open(id string) (io.ReadSeekCloser, time.Time, error) {
	if !isID(id) {
		return nil, time.Time{}, fmt.Errorf("media: open: %w", ErrNotFound)
	}
	f, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, fmt.Errorf("media: open: %w", ErrNotFound)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("media: open: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("media: open: %w", errors.Join(err, f.Close()))
	}
	return f, info.ModTime(), nil
}

// Remove deletes the photo with this id for good. What is not there, or no id,
// is no error.
func (s *Store) Remove(id string) error {
	if !isID(id) {
		return nil
	}
	err := os.Remove(s.path(id))
	if err == nil {
		err = syncDir(filepath.Dir(s.path(id)))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("media: remove: %w", err)
	}
	return nil
}

// keep writes beside and renames, so that a file under an id is always whole.
func (s *Store) keep(id string, small []byte) error {
	path := s.path(id)
	folder := filepath.Dir(path)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := s.write(folder, path, small); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	// Also if it was there: whoever put it may not have come so far.
	return errors.Join(syncDir(folder), syncDir(s.dir))
}

func (s *Store) write(folder, path string, small []byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.unfinished(), "put-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(small)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func (s *Store) unfinished() string { return filepath.Join(s.dir, "unfinished") }

// path is ab/cdef….jpg; id is valid.
func (s *Store) path(id string) string { return filepath.Join(s.dir, id[:2], id[2:]+".jpg") }

func isID(id string) bool {
	if len(id) != idLen {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
