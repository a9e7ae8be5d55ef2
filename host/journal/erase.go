package journal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Erase puts one tombstone, a random id, in a person's place in every journal
// of a folder, and removes their rows. Files that do not name them are left
// alone. The rest of the story stays, and stays verifiable: each step is
// replayed, and its digest is made anew where the old one was right; where it
// was wrong, the new one is made wrong too. The header lists the tombstone.
//
// Nobody may be writing to these files; a live Writer has an Erase of its own.
// A file whose tail is damaged loses the tail: nobody can say who is in it.
func Erase(dir string, id lobby.PersonID) error {
	return eraseAll(dir, id, tombstone(), "")
}

// tombstone makes an id like any other, so that nothing need know of it.
func tombstone() lobby.PersonID {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return lobby.PersonID(binary.LittleEndian.Uint64(b[:])>>11 | 1)
}

// eraseAll rewrites every journal of a folder but one.
func eraseAll(dir string, id, to lobby.PersonID, except string) error {
	files, err := Files(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range files {
		if path == except {
			continue
		}
		rw, err := rewrite(path, id, to)
		if rw != nil {
			err = errors.Join(err, rw.file.Close())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("journal: erase: %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

// erase is Erase for the folder of a file that is being written. It masks the
// person from now on, whatever becomes of the files. While the disk refuses what
// is to be written nothing can be erased: that names them too.
func (w *Writer) erase(id lobby.PersonID) error {
	to, again := w.masks[id]
	if !again {
		to = tombstone()
		w.masks[id] = to
	}
	if w.check(w.enc.flush()); w.stalled { // it may have gone on in a new file
		return fmt.Errorf("journal: erase: %s", w.stats.Stopped)
	}
	err := eraseAll(w.options.Dir, id, to, w.path)
	rw, own := rewrite(w.path, id, to)
	if own != nil {
		return errors.Join(err, fmt.Errorf("journal: erase: %s: %w", w.path, own))
	}
	if rw != nil { // its file is where ours was
		old := w.file
		w.file, w.enc = rw.file, rw.enc
		w.enc.bound(w.limit())
		err = errors.Join(err, old.Close())
	}
	w.count(0)
	return err
}

// rewriting is a journal being written anew, with a person masked.
type rewriting struct {
	masks mask
	lobby *lobby.Lobby
	lost  bool // a gap: no step after it can be replayed
	named bool // the person was met
	file  *os.File
	enc   *encoder
}

// rewrite replaces a journal by one with the person masked and answers it, open
// for more; nil if they are not in it.
func rewrite(path string, id, to lobby.PersonID) (_ *rewriting, err error) {
	old, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		return nil, err
	}
	j, err := NewReader(old)
	if err != nil {
		return nil, err
	}
	temp := path + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	rw := &rewriting{masks: mask{id: to}, lobby: j.Header.lobby(), file: f}
	defer func() {
		if err != nil || !rw.named {
			err = errors.Join(err, f.Close(), os.Remove(temp))
		}
	}()
	h := j.Header
	h.Redacted = append(h.Redacted, to)
	if rw.enc, err = newEncoder(f, 2*info.Size()+maxFrame, h); err != nil {
		return nil, err
	}
	if err := j.each(context.Background(), rw.record); err != nil && !errors.Is(err, ErrDamaged) {
		return nil, err
	}
	if err := rw.enc.flush(); err != nil || !rw.named {
		return nil, err
	}
	if j.frames.full {
		if err := rw.enc.seal(); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(f.Sync(), os.Rename(temp, path)); err != nil {
		return nil, err
	}
	return rw, nil
}

func (rw *rewriting) record(r Record) error {
	switch r := r.(type) {
	case Step:
		return rw.step(r)
	case Gap:
		rw.lost = rw.lost || r.Steps > 0
	}
	if rw.masks.names(r) {
		rw.named = true
		if r = rw.masks.record(r); r == nil {
			return nil
		}
	}
	return rw.enc.add(r)
}

func (rw *rewriting) step(s Step) error {
	ev, err := s.event()
	if err != nil {
		return err
	}
	var effects []lobby.Effect
	right := false
	if !rw.lost {
		effects = rw.lobby.Step(s.stamp(), ev)
		sum, err := Digest(effects)
		if err != nil {
			return err
		}
		right = sum == s.Sum
	}
	rw.named = rw.named || rw.masks.names(ev) || rw.masks.names(effects)
	anew, err := stepOf(s.stamp(), rw.masks.event(ev), rw.masks.effects(effects))
	if err != nil {
		return err
	}
	if !right {
		anew.Sum = ^anew.Sum
	}
	return rw.enc.add(anew)
}
