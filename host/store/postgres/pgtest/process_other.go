//go:build !linux

package pgtest

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

func attributes(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true}
}

// children are the server's other processes.
func (s *Server) children() (pids []int) {
	if s.process == nil {
		return nil
	}
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(s.process.Process.Pid)).Output()
	if err != nil {
		return nil // none, or it has just ended
	}
	for _, field := range strings.Fields(string(out)) {
		if n, err := strconv.Atoi(field); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}

func running(pid int) bool { return syscall.Kill(pid, 0) == nil }
