package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// apart gives a process a group of its own: what a terminal sends to the
// server's is not for it, and it may lower the priority of all of its threads.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// niceness leaves a tenth of a processor's time where the server takes the rest:
// at the lowest priority a compile could outlast its limit on a busy evening.
const niceness = 10

// limitSelf bounds this process for good: bytes of memory, seconds of processor
// time, bytes of a file. Memory is the writable kind, not address space, of
// which Go reserves far more than it uses.
func limitSelf(memory, seconds, file int64) error {
	now, err := writable()
	if err != nil {
		return err
	}
	for what, limit := range map[int]uint64{
		unix.RLIMIT_DATA: uint64(now + memory), unix.RLIMIT_CPU: uint64(seconds), unix.RLIMIT_FSIZE: uint64(file), unix.RLIMIT_CORE: 0,
	} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("limit %d: %w", what, err)
		}
	}
	if err := unix.Setpriority(unix.PRIO_PGRP, 0, niceness); err != nil { // the group: a process means but its first thread
		return fmt.Errorf("priority: %w", err)
	}
	return nil
}

// writable is how much of this process's memory counts for RLIMIT_DATA now;
// under the race detector that is a lot.
func writable() (bytesNow int64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := bytes.Cut(status, []byte("VmData:"))
	kb, _, _ := strings.Cut(strings.TrimSpace(string(after)), " ")
	n, err := strconv.ParseInt(kb, 10, 64)
	return n << 10, err
}

// tooMuchCode tells a file that would be too long from a disk that is full.
func tooMuchCode(err error) bool { return errors.Is(err, unix.EFBIG) }
