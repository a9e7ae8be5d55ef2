//go:build unix

package load

import (
	"fmt"
	"syscall"
)

// raiseFiles lets this process open as many files as the system allows it to,
// and says whether n sockets fit.
func raiseFiles(n int) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("load: open files: %w", err)
	}
	if l.Cur < l.Max {
		l.Cur = l.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
			return fmt.Errorf("load: open files: %w", err)
		}
	}
	const others = 64 // HTTP connections, files, the runtime
	if uint64(l.Cur) < uint64(n+others) {
		return fmt.Errorf("load: %d people need %d open files, and the limit is %d (see ulimit -n)", n, n+others, l.Cur)
	}
	return nil
}
