package steward

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// PageOutProgram gives the program's own pages back to the system: most of them
// only the start needed (tables, parsers, the compiler of plugins). They are
// clean pages of a file, so what is still needed is read again, from the page
// cache as a rule. Kernels before 5.4 do not know how; then nothing happens.
func PageOutProgram() error {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("steward: page out: %w", err)
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("steward: page out: %w", err)
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var access string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &access); err != nil {
			continue
		}
		// What is written to is no page of the file any more.
		if !strings.HasSuffix(lines.Text(), " "+self) || access[1] == 'w' {
			continue
		}
		if _, _, errno := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_PAGEOUT); errno != 0 && errno != unix.EINVAL {
			return fmt.Errorf("steward: page out: %w", errno)
		}
	}
	return nil
}
