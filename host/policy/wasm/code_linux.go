package wasm

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// codeLeast is from how many bytes on machine code is worth a file of its own.
const codeLeast = 256 << 10

// addressSpace is held while machine code appears in the process's memory, so
// that whoever holds it knows whose it is. A process has one.
var addressSpace sync.Mutex

// span is a range of addresses.
type span struct{ from, to uintptr }

// onDisk runs load and puts the machine code that it brought, anonymous memory
// which stays resident for as long as the plugin does, onto pages of a file in
// dir that has no name any more. What runs is read from there, page by page as
// it is needed, and what does not run is in nobody's way: of a Go plugin's ten
// megabytes that is nine. The bytes are the same, so code that is being run does
// not notice. Without an error the code is whole; that it is on disk is not
// promised: kept says why it is not.
func onDisk(dir string, load func() error) (kept, err error) {
	addressSpace.Lock()
	defer addressSpace.Unlock()
	before, kept := executable()
	if err := load(); err != nil || kept != nil {
		return kept, err
	}
	after, kept := executable()
	for _, s := range without(after, before) {
		if kept == nil && s.to-s.from >= codeLeast {
			kept, err = s.moveTo(dir)
		}
	}
	return kept, err
}

// executable are the spans of anonymous memory that can be run, in order.
func executable() (spans []span, err error) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 5 || f[1] != "r-xp" { // a sixth is the name of what is mapped
			continue
		}
		var s span
		if _, err := fmt.Sscanf(f[0], "%x-%x", &s.from, &s.to); err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, lines.Err()
}

// without is what of all is not in taken; both are in order and do not overlap.
// The system shows neighbours as one, so a span may be partly new.
func without(all, taken []span) (left []span) {
	for _, s := range all {
		for _, t := range taken {
			if t.to <= s.from || t.from >= s.to {
				continue
			}
			if t.from > s.from {
				left = append(left, span{s.from, t.from})
			}
			s.from = min(t.to, s.to)
		}
		if s.from < s.to {
			left = append(left, s)
		}
	}
	return left
}

// moveTo replaces the memory by the same bytes of a file. After err, which
// nothing but a system without memory explains, the code is gone.
func (s span) moveTo(dir string) (kept, err error) {
	file, kept := os.CreateTemp(dir, codeName)
	if kept != nil {
		return kept, nil
	}
	defer file.Close()
	if kept := os.Remove(file.Name()); kept != nil {
		return kept, nil
	}
	fd, size := int(file.Fd()), s.to-s.from
	for at := uintptr(0); at < size; {
		n, _, errno := unix.Syscall6(unix.SYS_PWRITE64, uintptr(fd), s.from+at, size-at, at, 0, 0)
		if errno != 0 && errno != unix.EINTR {
			return errno, nil
		}
		if errno == 0 {
			at += n
		}
	}
	// Only what is on disk can be let go of.
	if kept := file.Sync(); kept != nil {
		return kept, nil
	}
	if kept := unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED); kept != nil {
		return kept, nil
	}
	const access = unix.PROT_READ | unix.PROT_EXEC
	// Elsewhere first: a folder whose files may not be run is found out while the code is still there.
	trial, kept := unix.Mmap(fd, 0, int(size), access, unix.MAP_PRIVATE)
	if kept != nil {
		return kept, nil
	}
	defer unix.Munmap(trial)
	if _, _, errno := unix.Syscall6(unix.SYS_MMAP, s.from, size, access, unix.MAP_PRIVATE|unix.MAP_FIXED, uintptr(fd), 0); errno != 0 {
		return nil, fmt.Errorf("wasm: code onto disk: %w", errno)
	}
	// Neighbours of a page that is needed are as a rule not.
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, s.from, size, unix.MADV_RANDOM)
	return nil, nil
}
