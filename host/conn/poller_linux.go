package conn

import (
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// poller notices for all polled sockets at once which of them have something to
// be read (epoll(7), edge-triggered). Its own descriptor is one that the runtime
// polls, so its one goroutine costs no thread while it waits, and sockets that
// become ready together are read in one turn.
type poller struct {
	file *os.File
	raw  syscall.RawConn
	fd   int

	mu    sync.Mutex
	lines map[int]*polled // by descriptor
}

// newPoller returns a poller whose goroutine runs until close.
func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("conn: poller: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // which is what makes os poll it
		unix.Close(fd)
		return nil, fmt.Errorf("conn: poller: %w", err)
	}
	file := os.NewFile(uintptr(fd), "sockets")
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("conn: poller: %w", err)
	}
	p := &poller{file: file, raw: raw, fd: fd, lines: map[int]*polled{}}
	go p.run()
	return p, nil
}

// close ends the goroutine. No line is left.
func (p *poller) close() { p.file.Close() }

// add watches a line until forget and the end of its descriptor.
func (p *poller) add(l *polled) error {
	p.mu.Lock()
	p.lines[l.fd] = l
	p.mu.Unlock()
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(l.fd)}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, l.fd, &ev); err != nil {
		p.forget(l.fd)
		return fmt.Errorf("conn: poll: %w", err)
	}
	return nil
}

func (p *poller) forget(fd int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lines, fd)
}

// line is whose a descriptor is: nil if it has been closed since it was noticed,
// and the wrong one if it has been opened again, which then finds nothing to read.
func (p *poller) line(fd int) *polled {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[fd]
}

func (p *poller) run() {
	events := make([]unix.EpollEvent, 128)
	buf := make([]byte, 2*maxHeld)
	n := 0
	noticed := func(fd uintptr) bool {
		n = pollNow(int(fd), events)
		return n > 0
	}
	for p.raw.Read(noticed) == nil {
		for _, ev := range events[:n] {
			if l := p.line(int(ev.Fd)); l != nil {
				l.ready(ev.Events, buf)
			}
		}
	}
}
