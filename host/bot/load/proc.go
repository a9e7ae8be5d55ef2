package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Process reads a process's figures from the kernel's proc file system.
type Process struct {
	PID  int
	root string // "/proc", or a test's copy
}

// userHZ is the unit of /proc/PID/stat on every Linux architecture Go runs on.
const userHZ = 100

// ErrNoProcess: there is no such process on this machine, or it is not ours to see.
var ErrNoProcess = errors.New("no such process here")

// ProcessOf names a process by its id.
func ProcessOf(pid int) (*Process, error) { return processAt("/proc", pid) }

func processAt(root string, pid int) (*Process, error) {
	p := &Process{PID: pid, root: root}
	if _, err := p.RSS(); err != nil {
		return nil, err
	}
	return p, nil
}

// ProcessOn finds who listens on a TCP port of this machine.
func ProcessOn(port int) (*Process, error) { return processOn("/proc", port) }

func processOn(root string, port int) (*Process, error) {
	inodes := map[string]bool{}
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		text, err := os.ReadFile(filepath.Join(root, table))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("load: listening sockets: %w", err)
		}
		for inode := range listeners(string(text), port) {
			inodes["socket:["+inode+"]"] = true
		}
	}
	fds, err := filepath.Glob(filepath.Join(root, "[0-9]*", "fd", "*"))
	if err != nil {
		return nil, fmt.Errorf("load: processes: %w", err)
	}
	for _, fd := range fds {
		link, err := os.Readlink(fd)
		if err != nil || !inodes[link] { // others' processes cannot be read; some end meanwhile
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(fd))))
		if err != nil {
			return nil, fmt.Errorf("load: processes: %w", err)
		}
		return processAt(root, pid)
	}
	return nil, fmt.Errorf("load: port %d: %w", port, ErrNoProcess)
}

// listeners are the inodes of sockets that listen on a port, from the text of
// /proc/net/tcp.
func listeners(table string, port int) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" { // 0A: LISTEN
			continue
		}
		_, hex, ok := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(hex, 16, 16)
		if ok && err == nil && int(n) == port {
			out[f[9]] = true
		}
	}
	return out
}

// RSS is the resident memory now, in bytes.
func (p *Process) RSS() (int64, error) {
	text, err := p.read("status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("load: VmRSS: %w", err)
		}
		return kb << 10, nil
	}
	return 0, fmt.Errorf("load: process %d has no memory: %w", p.PID, ErrNoProcess) // a zombie
}

// CPU is the time spent in user and kernel mode since the process began.
func (p *Process) CPU() (time.Duration, error) {
	text, err := p.read("stat")
	if err != nil {
		return 0, err
	}
	// The command's name, in parentheses, may hold anything.
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 13 {
		return 0, fmt.Errorf("load: process %d: stat is too short", p.PID)
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return 0, fmt.Errorf("load: process %d: stat: %w", p.PID, err)
	}
	return time.Duration(user+system) * time.Second / userHZ, nil
}

func (p *Process) read(name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(p.root, strconv.Itoa(p.PID), name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("load: process %d: %w", p.PID, ErrNoProcess)
	} else if err != nil {
		return "", fmt.Errorf("load: process %d: %w", p.PID, err)
	}
	return string(b), nil
}
