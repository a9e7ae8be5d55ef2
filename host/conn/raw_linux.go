package conn

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are read(2) and write(2) on a descriptor that does not
// block. n is 0 with an error.
func readNow(fd uintptr, p []byte) (n int, err error) { return transferNow(syscall.SYS_READ, fd, p) }

func writeNow(fd uintptr, p []byte) (n int, err error) { return transferNow(syscall.SYS_WRITE, fd, p) }

func transferNow(trap, fd uintptr, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
