package conn

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// How a socket is read and ended where it cannot be polled: over TLS, with
// permessage-deflate, and on systems without epoll. The library reads, in a
// goroutine of the socket's own, and a goroutine writes while there is something
// to write. Its control frames queue with everything else.

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
	owner    *conn
	hijacked *hijacked
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
	h := &hijacked{Conn: nc, owner: w.owner, early: early}
	w.hijacked = h
	if tcp := h.tcp(); tcp != nil {
		// Failing costs memory only, or time until the dead are noticed.
		_ = tcp.SetWriteBuffer(kernelBuffer)
		giveUpAfter(tcp, w.owner.hub.cfg.PingEvery+w.owner.hub.cfg.PongWait)
	}
	return h, bufio.NewReadWriter(bufio.NewReaderSize(h, readBuffer), bufio.NewWriterSize(h, writeBuffer)), nil
}

// hijacked is a connection taken over from net/http: it first gives what was
// read too early, has the library's control frames queue, and counts bytes.
type hijacked struct {
	net.Conn
	owner *conn
	early []byte
}

func (h *hijacked) Read(p []byte) (n int, err error) {
	if len(h.early) > 0 {
		n = copy(p, h.early)
		if h.early = h.early[n:]; len(h.early) == 0 {
			h.early = nil
		}
	} else {
		n, err = h.Conn.Read(p)
	}
	h.owner.hub.bytesIn.Add(uint64(n))
	return n, err
}

// Write takes a control frame of the library's. It does not wait for the peer,
// but for a close: the library ends the connection after that.
func (h *hijacked) Write(p []byte) (int, error) {
	if err := h.owner.control(p); err != nil {
		return 0, err
	}
	if opcode(p[0]&0xf) == opClose {
		h.owner.awaitDrained()
	}
	return len(p), nil
}

// tcp is the connection beneath, nil if it is not TCP.
func (h *hijacked) tcp() *net.TCPConn {
	nc := h.Conn
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	tcp, _ := nc.(*net.TCPConn)
	return tcp
}

// libraryLine is the line of a socket that the library reads.
type libraryLine struct {
	c  *conn
	ws *websocket.Conn
	nc *hijacked
}

func (l *libraryLine) waits() bool { return true }

func (l *libraryLine) try([]byte) (int, error) { return 0, nil }

func (l *libraryLine) wait(p []byte) error {
	n, err := l.nc.Conn.Write(p)
	l.c.hub.bytesOut.Add(uint64(n))
	return err
}

// writeBy fails only on a closed socket, where it does not matter.
func (l *libraryLine) writeBy(at time.Time) { _ = l.nc.SetWriteDeadline(at) }

// goodbye: an error means that the peer left first, which is as good. The library
// writes into our queue, so it may not be called with conn.mu held.
func (l *libraryLine) goodbye(code CloseCode) {
	go func() { _ = l.ws.Close(websocket.StatusCode(code), code.String()) }()
}

func (l *libraryLine) cut() {
	if tcp := l.nc.tcp(); tcp != nil {
		// Do not let the kernel keep for minutes what the peer will not read.
		_ = tcp.SetLinger(0)
	}
	// CloseNow waits for the reader and a writer that is just failing.
	go l.ws.CloseNow()
}

func (l *libraryLine) end() { _ = l.ws.CloseNow() }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled keeps a buffer that one big frame has grown from being kept for small ones.
const maxPooled = 8 << 10

// serve reads until the socket ends.
func (l *libraryLine) serve() {
	err := l.readAll()
	code := closeAbnormal
	if errors.Is(err, websocket.ErrMessageTooBig) {
		code = closeTooBig
	} else if status := websocket.CloseStatus(err); status > 0 {
		code = CloseCode(status)
	}
	l.c.finish(code)
}

func (l *libraryLine) readAll() error {
	l.ws.SetReadLimit(maxDiscard)
	for {
		// No deadline: a context that ends would close the socket without a
		// word, and pings find out who is gone.
		kind, r, err := l.ws.Reader(context.Background())
		if err != nil {
			return err
		}
		buf := buffers.Get().(*bytes.Buffer)
		buf.Reset()
		m := message{op: opcode(kind)} // the library's kinds are the opcodes
		_, err = buf.ReadFrom(io.LimitReader(r, l.c.limit+1))
		if m.tooBig = int64(buf.Len()) > l.c.limit; err == nil && m.tooBig {
			_, err = io.Copy(io.Discard, r)
		}
		if err == nil {
			m.data = buf.Bytes()
			l.c.hear(m)
		}
		if buf.Cap() <= maxPooled {
			buffers.Put(buf)
		}
		if err != nil {
			return err
		}
	}
}
