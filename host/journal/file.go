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

// fileName sorts by time and holds nothing of the epoch that is not a letter or a digit.
func fileName(h Header) string {
	epoch := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, h.Epoch)
	return h.At().UTC().Format("20060102T150405.000Z") + "-" + epoch[:min(len(epoch), 32)] + Suffix
}

// prune deletes the oldest journals until at most count are left, of at most
// bytes together.
func prune(dir string, count int, bytes int64) error {
	files, err := Files(dir)
	if err != nil {
		return err
	}
	var sum int64
	keep := 0
	for _, f := range slices.Backward(files) {
		info, err := os.Stat(f)
		if err != nil {
			return fmt.Errorf("journal: prune: %w", err)
		}
		if sum += info.Size(); keep == count || sum > bytes {
			break
		}
		keep++
	}
	for _, f := range files[:len(files)-keep] {
		if err := os.Remove(f); err != nil {
			return fmt.Errorf("journal: prune: %w", err)
		}
	}
	return nil
}

// Options are a Writer's. A zero field takes its default.
type Options struct {
	Dir   string        // made if missing, for this user only
	Bytes int64         // of all journals in Dir; the present one has half of it; default 64 MB
	Files int           // journals in Dir, with the present one; default 8
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
