//go:build !linux

package conn

import "syscall"

// readNow and writeNow are read(2) and write(2) on a descriptor that does not
// block. n is 0 with an error.
func readNow(fd uintptr, p []byte) (n int, err error) { return again(syscall.Read, fd, p) }

func writeNow(fd uintptr, p []byte) (n int, err error) { return again(syscall.Write, fd, p) }

func again(call func(int, []byte) (int, error), fd uintptr, p []byte) (int, error) {
	for {
		n, err := call(int(fd), p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}
