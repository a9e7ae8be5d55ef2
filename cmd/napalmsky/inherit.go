package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

// inherited is the listening socket that systemd keeps for us over restarts
// (its LISTEN_PID and LISTEN_FDS protocol, sd_listen_fds(3)), nil if it does not.
func inherited(getenv func(string) string) (net.Listener, error) {
	if pid, err := strconv.Atoi(getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return nil, nil
	}
	if n := getenv("LISTEN_FDS"); n != "1" {
		return nil, fmt.Errorf("LISTEN_FDS is %q: exactly one socket can be taken over", n)
	}
	const first = 3 // by that protocol
	f := os.NewFile(first, "LISTEN_FDS")
	defer f.Close() // FileListener has its own copy
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("the inherited socket: %w", err)
	}
	return ln, nil
}
