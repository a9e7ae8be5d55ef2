package journal

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Suffix ends a journal's file name.
const Suffix = ".journal"

// Files lists a folder's journals, the oldest first.
func Files(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var out []string
	for _, e := range entries { // by name, which begins with the time
		if strings.HasSuffix(e.Name(), Suffix) && e.Type().IsRegular() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

const nameTime = "20060102T150405.000Z"

// fileName sorts by time and holds nothing of the epoch that is not a letter or a digit.
func fileName(h Header) string {
	epoch := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, h.Epoch)
	return h.At().UTC().Format(nameTime) + "-" + epoch[:min(len(epoch), 32)] + Suffix
}

// begun is the time in a journal's name; zero for one that was renamed.
func begun(path string) time.Time {
	at, _, _ := strings.Cut(filepath.Base(path), "-")
	t, err := time.Parse(nameTime, at)
	if err != nil {
		return time.Time{}
	}
	return t
}

// prune deletes the oldest journals until there is room for the present one: as
// many as are too many, too large together, or too old. A journal is as old as
// the beginning of the next one, for its end is not known.
func prune(o Options, now time.Time, present string) (gone int, err error) {
	files, err := Files(o.Dir)
	if err != nil {
		return 0, err
	}
	var sum int64
	keep, next := 0, now
	if present != "" {
		files = slices.DeleteFunc(files, func(f string) bool { return f == present })
		next = begun(present)
	}
	for _, f := range slices.Backward(files) {
		info, err := os.Stat(f)
		if err != nil {
			return 0, fmt.Errorf("journal: prune: %w", err)
		}
		old := o.Keep > 0 && !next.IsZero() && now.Sub(next) > o.Keep
		if sum += info.Size(); keep == o.Files-1 || sum > o.Bytes/2 || old {
			break
		}
		keep, next = keep+1, begun(f)
	}
	for _, f := range files[:len(files)-keep] {
		if err := os.Remove(f); err != nil {
			return gone, fmt.Errorf("journal: prune: %w", err)
		}
		gone++
	}
	return gone, nil
}

// Options are a Writer's. A zero field takes its default.
type Options struct {
	Dir   string        // made if missing, for this user only
	Bytes int64         // of all journals in Dir; one has at most half of it; default 64 MB
	Files int           // journals in Dir, with the present one; default 8
	Keep  time.Duration // how long a journal stays after it ended; 0: its age does not matter
	Flush time.Duration // how long a record may wait to be written; default 1 s
	Queue int           // bytes of records that may wait for the writer; default 8 MB
}

func (o Options) withDefaults() Options {
	o.Bytes = cmp.Or(o.Bytes, 64<<20)
	o.Files = cmp.Or(o.Files, 8)
	o.Flush = cmp.Or(o.Flush, time.Second)
	o.Queue = cmp.Or(o.Queue, 8<<20)
	return o
}
