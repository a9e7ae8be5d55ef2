package conn

import (
	"bufio"
	"crypto/tls"
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
		if raw, err := tcp.SyscallConn(); err == nil {
			s.readRaw(raw)
		}
	}
	return s, bufio.NewReadWriter(bufio.NewReaderSize(s, readBuffer), bufio.NewWriterSize(s, writeBuffer)), nil
}

// socket is a hijacked connection: it first gives what was read too early, has
// the library's control frames queue with everything else, and counts bytes.
//
// On plain TCP it reads and writes by itself. The descriptor does not block, so
// neither do these calls, and the runtime is not told that they might: telling
// it wakes its monitor thread, which on a server with a little to do all the
// time was a sixth of all work.
type socket struct {
	net.Conn
	owner *conn
	early []byte
	raw   syscall.RawConn // nil where a write may have to wait (TLS)
	in    transfer        // the reader's own
	out   transfer        // under owner.mu
}

// transfer is one call to the kernel, under way.
type transfer struct {
	data []byte
	n    int
	err  error
	once func(fd uintptr) bool // made once, else every call would allocate it
}

func (s *socket) readRaw(raw syscall.RawConn) {
	s.raw = raw
	s.in.once = func(fd uintptr) bool {
		s.in.n, s.in.err = readNow(fd, s.in.data)
		return s.in.err != syscall.EAGAIN // else it is called again when there is something
	}
	s.out.once = func(fd uintptr) bool {
		s.out.n, s.out.err = writeNow(fd, s.out.data)
		return true
	}
}

func (s *socket) Read(p []byte) (n int, err error) {
	switch {
	case len(s.early) > 0:
		n = copy(p, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
	case s.raw == nil || len(p) == 0:
		n, err = s.Conn.Read(p)
	default:
		s.in.data = p
		err = s.raw.Read(s.in.once)
		s.in.data = nil
		switch {
		case err != nil:
		case s.in.err != nil:
			err = s.in.err
		case s.in.n == 0:
			err = io.EOF
		default:
			n = s.in.n
		}
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
	s.out.data = p
	err := s.raw.Write(s.out.once)
	s.out.data = nil
	if err != nil {
		return 0, err
	}
	if s.out.err == syscall.EAGAIN {
		return 0, nil
	}
	s.owner.hub.bytesOut.Add(uint64(s.out.n))
	return s.out.n, s.out.err
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
