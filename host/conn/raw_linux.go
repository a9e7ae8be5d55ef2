package conn

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pollNow is epoll_pwait(2) that does not wait.
func pollNow(fd int, events []unix.EpollEvent) int {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// readNow and writeNow are read(2) and write(2) on a descriptor that does not
// block. n is 0 with an error.
func readNow(fd int, p []byte) (n int, err error) { return transferNow(syscall.SYS_READ, fd, p) }

func writeNow(fd int, p []byte) (n int, err error) { return transferNow(syscall.SYS_WRITE, fd, p) }

func transferNow(trap uintptr, fd int, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
