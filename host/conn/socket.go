package conn

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// A connection's buffers. net/http's would be eight times as big and stay as
// long as the socket. The library writes control frames only, each with one
// flush, so its buffer holds the largest. The kernel's is bounded so that a peer
// that does not read is noticed after QueueBytes and not after megabytes.
const (
	readBuffer   = 512
	writeBuffer  = 144
	kernelBuffer = 32 << 10
)

// leanWriter hands the websocket library a hijacked connection with small buffers.
type leanWriter struct {
	http.ResponseWriter
	owner  *conn
	socket *socket
}

func (w *leanWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, brw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if err := nc.SetDeadline(time.Time{}); err != nil {
		nc.Close()
		return nil, nil, err
	}
	// A client may send its hello right behind the handshake, in the same
	// segment: then net/http has read it already.
	early := make([]byte, brw.Reader.Buffered())
	if _, err := io.ReadFull(brw.Reader, early); err != nil {
		nc.Close()
		return nil, nil, err
	}
	s := &socket{Conn: nc, owner: w.owner, early: early}
	w.socket = s
	if tcp := s.tcp(); tcp != nil {
		// Failing costs memory only, or time until the dead are noticed.
		_ = tcp.SetWriteBuffer(kernelBuffer)
		giveUpAfter(tcp, w.owner.hub.cfg.PingEvery+w.owner.hub.cfg.PongWait)
	}
	if tcp, plain := nc.(*net.TCPConn); plain {
		// Without it every write is the drain goroutine's, which is as right.
		s.raw, _ = tcp.SyscallConn()
		s.once = s.writeOnce
	}
	return s, bufio.NewReadWriter(bufio.NewReaderSize(s, readBuffer), bufio.NewWriterSize(s, writeBuffer)), nil
}

// socket is a hijacked connection: it first gives what was read too early, has
// the library's control frames queue with everything else, and counts bytes.
type socket struct {
	net.Conn
	owner *conn
	early []byte

	// Under owner.mu.
	raw  syscall.RawConn       // nil where a write may have to wait (TLS)
	once func(fd uintptr) bool // writeOnce, made once
	out  []byte                // what once writes, n of it, and why not all
	n    int
	err  error
}

func (s *socket) Read(p []byte) (n int, err error) {
	if len(s.early) > 0 {
		n = copy(p, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
	} else {
		n, err = s.Conn.Read(p)
	}
	s.owner.hub.bytesIn.Add(uint64(n))
	return n, err
}

// Write takes a control frame of the library's. It does not wait for the peer.
func (s *socket) Write(p []byte) (int, error) {
	if err := s.owner.control(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// try writes as much of p as the kernel takes at once. owner.mu is held.
func (s *socket) try(p []byte) (int, error) {
	s.out, s.n, s.err = p, 0, nil
	err := s.raw.Write(s.once)
	s.out = nil
	s.owner.hub.bytesOut.Add(uint64(s.n))
	return s.n, errors.Join(err, s.err)
}

// writeOnce never asks to be called again when the socket is writable, so
// nobody waits.
func (s *socket) writeOnce(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), s.out)
		switch err {
		case nil:
			s.n = n
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		default:
			s.err = err
		}
		return true
	}
}

// wait writes all of p, for as long as the deadline lets it.
func (s *socket) wait(p []byte) error {
	n, err := s.Conn.Write(p)
	s.owner.hub.bytesOut.Add(uint64(n))
	return err
}

// tcp is the connection beneath, nil if it is not TCP.
func (s *socket) tcp() *net.TCPConn {
	nc := s.Conn
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	tcp, _ := nc.(*net.TCPConn)
	return tcp
}
