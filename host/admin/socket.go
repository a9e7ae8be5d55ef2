package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// ErrInUse: another server already listens on the socket.
var ErrInUse = errors.New("another server is running with this data folder")

// socketFile is a listening Unix socket at a path of its own.
type socketFile struct {
	*net.UnixListener
	path string
	made fs.FileInfo
	once sync.Once
}

// listenUnix listens on path, mode 0600. What a dead server left there is
// replaced; a living server, or a file that is no socket, is left alone.
func listenUnix(path string) (_ *socketFile, err error) {
	path, err = filepath.Abs(path) // a later chdir must not make Close remove another's file
	if err != nil {
		return nil, err
	}
	// Made in a folder nobody else can enter, then moved: at no moment can others
	// connect, nor is the old one gone before the new one is there.
	dir, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	fresh := filepath.Join(dir, "s")
	if longest := max(len(path), len(fresh)); longest > longestSocket() {
		return nil, fmt.Errorf("the path %s is too long for a Unix socket by %d bytes: choose a shorter data folder", path, longest-longestSocket())
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	s := &socketFile{UnixListener: ln, path: path}
	if err = os.Chmod(fresh, 0o600); err == nil {
		if s.made, err = os.Lstat(fresh); err == nil {
			err = os.Rename(fresh, path)
		}
	}
	if err != nil {
		ln.Close()
		return nil, err
	}
	return s, nil
}

// vacant: nothing is at path, or a socket that nobody answers.
func vacant(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%s is there and no socket: move it away", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return nil
	}
	c.Close()
	return fmt.Errorf("%s: %w", path, ErrInUse)
}

// Close stops listening and removes the file, unless it is another server's by now.
func (s *socketFile) Close() error {
	s.once.Do(func() { // later the number of our file may be another's
		if now, err := os.Lstat(s.path); err == nil && os.SameFile(now, s.made) {
			_ = os.Remove(s.path)
		}
	})
	return s.UnixListener.Close()
}

// longestSocket is how many bytes a socket's path may have.
func longestSocket() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103
}
