package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// errDataInUse: two servers over one folder would be two masters of one lobby.
var errDataInUse = errors.New("another server is using this data folder")

// lockFolder makes a data folder this process's own until the file is closed
// or the process ends, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errDataInUse
		}
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	return f, nil
}
