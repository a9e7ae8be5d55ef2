package conn

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How a polled socket is written to, and how it ends: polled is a line.

// endAfter cuts the connection unless it has ended by then. conn.mu is held.
func (l *polled) endAfter(d time.Duration) {
	if l.patience == nil {
		l.patience = time.AfterFunc(d, func() { l.c.cut(0) })
	}
}

func (l *polled) waits() bool { return false }

func (l *polled) try(p []byte) (int, error) {
	if l.fd < 0 {
		return 0, net.ErrClosed
	}
	n, err := writeNow(l.fd, p)
	if errors.Is(err, syscall.EAGAIN) {
		return 0, nil
	}
	l.c.hub.bytesOut.Add(uint64(n))
	return n, err
}

func (l *polled) wait(p []byte) error {
	defer l.waiting.Store(false)
	for {
		// First the flag, then the attempt: room that comes between is told.
		l.waiting.Store(true)
		n, left, err := l.attempt(p)
		if p = p[n:]; err != nil || len(p) == 0 {
			return err
		}
		room := time.NewTimer(left)
		select {
		case <-l.poke:
		case <-room.C:
		}
		room.Stop()
	}
}

// attempt is one try, and how long the next may wait.
func (l *polled) attempt(p []byte) (n int, left time.Duration, err error) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.poke == nil {
		l.poke = make(chan struct{}, 1)
	}
	// A peer that reads, but only as fast as it makes us write, is late as well.
	left = time.Hour
	if !l.deadline.IsZero() {
		if left = time.Until(l.deadline); left <= 0 {
			return 0, 0, os.ErrDeadlineExceeded
		}
	}
	n, err = l.try(p)
	return n, left, err
}

// nudge has a write that waits look again. conn.mu is held.
func (l *polled) nudge() {
	if l.poke == nil {
		return
	}
	select {
	case l.poke <- struct{}{}:
	default:
	}
}

func (l *polled) writeBy(at time.Time) {
	l.deadline = at
	l.nudge()
}

func (l *polled) goodbye(code CloseCode) {
	if l.c.shut {
		return
	}
	l.c.push(opFramed, closeFrame(code, code.String()))
	l.c.shut = true
	l.endAfter(goodbyeWait)
}

// cut: the poller is told of the end, and whoever reads closes.
func (l *polled) cut() {
	if l.fd < 0 {
		return
	}
	// Do not let the kernel keep for minutes what the peer will not read.
	_ = unix.SetsockoptLinger(l.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	_ = unix.Shutdown(l.fd, unix.SHUT_RDWR)
	l.nudge()
}

func (l *polled) end() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	fd := l.fd
	// First out of the poller's sight: once it is closed, its number may be another's.
	l.poller.forget(fd)
	l.fd, l.held = -1, nil
	if l.patience != nil {
		l.patience.Stop()
	}
	l.nudge()
	unix.Close(fd)
}
