package wasm

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// newMemory reserves what a guest's memory may ever have, outside Go's heap:
// pages count once they are touched, growing copies nothing, the collector
// neither scans nor doubles it, and closing gives all back at once. Where the
// system has no room it is Go's after all.
func newMemory(_, most uint64) experimental.LinearMemory {
	all, err := unix.Mmap(-1, 0, int(max(most, 1)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return &heapMemory{}
	}
	_ = unix.Madvise(all, unix.MADV_NOHUGEPAGE) // a guest that touches a byte of each 2 MB would own them all
	return &mappedMemory{all}
}

type mappedMemory struct{ all []byte }

func (m *mappedMemory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.all)) {
		return nil
	}
	return m.all[:size:size]
}

// Free may be called again. Nobody may look at the memory any more.
func (m *mappedMemory) Free() {
	if m.all != nil {
		_ = unix.Munmap(m.all)
		m.all = nil
	}
}
