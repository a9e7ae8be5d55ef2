package steward

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// PageOutProgram gives the program's own pages back to the system, and those of
// files that also names: most of them only the start needed (tables, parsers, a
// plugin's beginning). They are clean pages of a file, so what is still needed is
// read again. Kernels before 5.4 do not know how; then nothing happens.
func PageOutProgram(also func(path string) bool) error {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("steward: page out: %w", err)
	}
	// Of a program that was just installed, what is not on the disk yet cannot be given back.
	if program, err := os.Open("/proc/self/exe"); err == nil {
		_ = program.Sync() // where it cannot be synced it is as it was
		_ = program.Close()
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("steward: page out: %w", err)
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		f := strings.Fields(lines.Text()) // addresses, access, offset, device, inode, path
		if len(f) < 6 {
			continue
		}
		var from, to uintptr
		if _, err := fmt.Sscanf(f[0], "%x-%x", &from, &to); err != nil {
			continue
		}
		access, path := f[1], strings.Join(f[5:], " ")
		// What is written to is no page of the file any more.
		if path != self && !also(path) || access[1] == 'w' {
			continue
		}
		// Neighbours of a page that is needed are as a rule not.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_RANDOM)
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT); errno != 0 && errno != unix.EINVAL {
			return fmt.Errorf("steward: page out: %w", errno)
		}
	}
	return nil
}
