package journal

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// An epoch may last for months, and a journal must not: a new file is begun
// where the lobby is at rest, for which the file before need not be known to
// replay it. Where nobody ever leaves, the file's bound ends it; the next one
// then begins with a Gap, and cannot be verified up to the next rest.

// rested is a moment at which a new file may begin.
type rested struct{ lobby.Rest }

// AtRest records that the lobby can be made again from r after the latest Step.
func (w *Writer) AtRest(r lobby.Rest) { w.queue.put(rested{r}) }

// ripe: there is enough in the file to begin another, or it cannot be verified any more.
func (w *Writer) ripe() bool { return w.broken || w.enc.size >= w.limit()/4 }

// limit is one file's share of the space.
func (w *Writer) limit() int64 { return w.options.Bytes / 2 }

// isFull leaves room for what gathers until a flush.
func (w *Writer) isFull() bool {
	return w.enc.size+int64(2*w.enc.often) > w.limit()
}

// atRest goes on in a new file if it is time to.
func (w *Writer) atRest(r lobby.Rest) error {
	if !w.ripe() {
		return nil
	}
	return w.next(&r)
}

// next ends the file and goes on in a new one, for which older ones make room.
// rest is nil in the middle of an evening. Where it fails it may be called again.
func (w *Writer) next(rest *lobby.Rest) error {
	w.rest = rest
	if err := w.enc.end(); err != nil {
		return err
	}
	h := w.header
	h.Rest, h.Started = rest, max(w.last, h.Started+1)
	path, f, err := create(w.options, h, w.now())
	if err != nil {
		return err
	}
	enc, err := newEncoder(f, w.limit(), h)
	if err == nil && rest == nil {
		err = errors.Join(enc.add(Gap{Steps: w.steps}), enc.flush())
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	old := w.file
	w.mu.Lock()
	w.path = path
	w.stats.Files++
	w.mu.Unlock()
	w.header, w.file, w.enc, w.broken, w.gens = h, f, enc, rest == nil, map[policy.Generation]int{}
	w.log.Debug("the journal goes on in a new file", "file", path, "verifiable", rest != nil)
	return old.Close()
}

// create makes room for a journal and its file.
func create(o Options, h Header, now time.Time) (path string, _ *os.File, err error) {
	if _, err := prune(o, now, ""); err != nil {
		return "", nil, err
	}
	path = filepath.Join(o.Dir, fileName(h))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return path, f, err
}
