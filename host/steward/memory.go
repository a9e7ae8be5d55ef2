package steward

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/metrics"
	"strconv"
	"strings"
)

// Memory is what this process uses, in bytes.
type Memory struct {
	Used  uint64 // resident, file pages that the kernel can take back at any time left out
	Limit uint64 // what it may use; 0: nothing says
	Go    uint64 // of Used, roughly: what Go's runtime holds of the system's memory
}

// Gauge reads the memory of this process. The zero value is not usable; see
// NewGauge. Safe for concurrent use.
type Gauge struct {
	files    fs.FS // "/", without the leading slash in names
	limit    uint64
	pageSize uint64
}

// NewGauge finds the limit: the configured one or, with 0, the least of the
// container's (cgroup v2 or v1, at every level that can be seen) and the
// machine's memory.
func NewGauge(configured uint64) *Gauge {
	return newGauge(os.DirFS("/"), configured, uint64(os.Getpagesize()))
}

func newGauge(files fs.FS, configured, pageSize uint64) *Gauge {
	g := &Gauge{files: files, limit: configured, pageSize: pageSize}
	if configured == 0 {
		g.limit = leastLimit(files)
	}
	return g
}

// Limit is what Read tells too.
func (g *Gauge) Limit() uint64 { return g.limit }

// Read looks now; a few microseconds.
func (g *Gauge) Read() Memory {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	m := Memory{Limit: g.limit, Go: s[0].Value.Uint64() - s[1].Value.Uint64()}
	if used, err := g.resident(); err == nil {
		m.Used = used
	} else {
		m.Used = m.Go // no Linux: guests' memories are missing from it
	}
	return m
}

// resident is what of the process is in memory and could only be swapped out:
// its resident pages without those of files (proc_pid_statm(5)).
func (g *Gauge) resident() (uint64, error) {
	data, err := fs.ReadFile(g.files, "proc/self/statm")
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(data))
	if len(f) < 3 {
		return 0, errors.New("proc/self/statm: too short")
	}
	all, err1 := strconv.ParseUint(f[1], 10, 64)
	shared, err2 := strconv.ParseUint(f[2], 10, 64)
	if err := errors.Join(err1, err2); err != nil || shared > all {
		return 0, fmt.Errorf("proc/self/statm: %w", cmpErr(err, errors.New("more shared than resident")))
	}
	return (all - shared) * g.pageSize, nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// leastLimit is 0 if nothing can be found out.
func leastLimit(files fs.FS) uint64 {
	least := machine(files)
	take := func(file string) {
		if n := readLimit(files, file); n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	// In a container its own group is usually mounted as the root; outside, the
	// process's group and each above it can bind.
	for _, name := range []string{"memory.max", "memory.high"} {
		take("sys/fs/cgroup/" + name)
	}
	take("sys/fs/cgroup/memory/memory.limit_in_bytes")
	for version, group := range groups(files) {
		for dir := group; dir != "/" && dir != "."; dir = path.Dir(dir) {
			if version == 1 {
				take("sys/fs/cgroup/memory" + dir + "/memory.limit_in_bytes")
				continue
			}
			take("sys/fs/cgroup" + dir + "/memory.max")
			take("sys/fs/cgroup" + dir + "/memory.high")
		}
	}
	return least
}

// groups reads /proc/self/cgroup: the process's group by cgroup version.
func groups(files fs.FS) map[int]string {
	data, err := fs.ReadFile(files, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	found := map[int]string{}
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || !strings.HasPrefix(parts[2], "/") {
			continue
		}
		group := path.Clean(parts[2])
		switch {
		case parts[0] == "0" && parts[1] == "":
			found[2] = group
		case hasWord(parts[1], "memory"):
			found[1] = group
		}
	}
	return found
}

func hasWord(list, word string) bool {
	for w := range strings.SplitSeq(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// readLimit is 0 where there is none ("max", or version 1's huge number).
func readLimit(files fs.FS, file string) uint64 {
	data, err := fs.ReadFile(files, file)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	if err != nil || n > math.MaxInt64/2 {
		return 0
	}
	return n
}

// machine is MemTotal, 0 if unknown.
func machine(files fs.FS) uint64 {
	data, err := fs.ReadFile(files, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			n, err := strconv.ParseUint(f[1], 10, 54)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}
