package conn

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/napalmsky/napalmsky/host/wire"
)

// polled is a plain TCP socket that costs nothing while its peer says nothing:
// no goroutine, no buffer, no net.Conn. A poller notices that something has come
// and reads it there and then; whatever may wait for somebody else (a login, a
// plugin that shortens signalling) is done, with all that comes behind it, in a
// goroutine of its own, which hands the reading back when there is no more.
//
// The descriptor does not block, so neither do the calls, and the runtime is not
// told that they might: telling it wakes its monitor thread, which on a server
// with a little to do all the time was a sixth of all work.
type polled struct {
	c      *conn
	poller *poller
	fd     int // -1 when closed. The reader changes it, under conn.mu

	turn atomic.Int32 // who reads: one of the three below
	in   incoming     // the reader's
	held []byte       // the reader's: what came of a frame that is not whole
	deaf bool         // the reader's: what comes is of no interest any more

	waiting  atomic.Bool   // a write waits for room
	poke     chan struct{} // made by the first that waits; under conn.mu
	deadline time.Time     // of writes; under conn.mu
	patience *time.Timer   // ends the goodbye; under conn.mu
}

const (
	resting   = iota // nobody reads: there is nothing
	reading          // somebody does
	rereading        // and something more has come meanwhile
)

// maxHeld is the most that is held of a frame, and a read's buffer has room for as much again.
const maxHeld = wire.MaxFrame + maxHeader

// brokenWait is how long a peer that broke the protocol has to read why it is sent away.
const brokenWait = time.Second

// fairShare is how often one socket is read before the others have their turn.
const fairShare = 4

var inBuffers = sync.Pool{New: func() any { b := make([]byte, 2*maxHeld); return &b }}

// poll takes a socket from net/http and the library, which may close it then:
// the descriptor is a copy. It returns nil where that cannot be.
func (c *conn) poll(h *hijacked) *polled {
	tcp, plain := h.Conn.(*net.TCPConn)
	if !plain || c.poller == nil {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	l := &polled{c: c, poller: c.poller, fd: -1, held: h.early}
	c.hub.bytesIn.Add(uint64(len(h.early)))
	l.turn.Store(reading) // the caller's
	if raw.Control(func(fd uintptr) { l.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }) != nil || err != nil {
		return nil
	}
	if l.poller.add(l) != nil {
		unix.Close(l.fd)
		return nil
	}
	return l
}

// ready is the poller's word that something came, or that a full socket has room.
func (l *polled) ready(events uint32, buf []byte) {
	if events&unix.EPOLLOUT != 0 && l.waiting.Load() {
		l.c.mu.Lock()
		l.nudge()
		l.c.mu.Unlock()
	}
	if events&^unix.EPOLLOUT == 0 || !l.take() {
		return
	}
	// The end of what came is told once, with it; then a short read is not the last.
	toEnd := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	l.read(buf, toEnd, false)
}

// take takes the reading, unless somebody has it: that one will read again.
func (l *polled) take() bool {
	for {
		if l.turn.CompareAndSwap(resting, reading) {
			return true
		}
		if l.turn.CompareAndSwap(reading, rereading) || l.turn.Load() == rereading {
			return false
		}
	}
}

// letGo gives the reading up, unless something has come meanwhile.
func (l *polled) letGo() bool {
	if l.turn.CompareAndSwap(reading, resting) {
		return true
	}
	l.turn.Store(reading)
	return false
}

// readOn reads in a goroutine of its own, what is held first. The caller has the reading.
func (l *polled) readOn() {
	buf := inBuffers.Get().(*[]byte)
	defer inBuffers.Put(buf)
	if rest, more := l.act((*buf)[:copy(*buf, l.held)], true); more {
		l.hold(rest)
		l.read(*buf, true, true)
	}
}

// read reads and acts until there is no more. toEnd: only when the kernel says so
// is there no more. own: this goroutine may wait.
func (l *polled) read(buf []byte, toEnd, own bool) {
	for rounds := 0; ; rounds++ {
		if !own && rounds == fairShare {
			go l.readOn()
			return
		}
		had := copy(buf, l.held)
		n, err := readNow(l.fd, buf[had:])
		if errors.Is(err, syscall.EAGAIN) {
			if l.letGo() {
				return
			}
			continue
		}
		if err != nil || n == 0 {
			l.c.finish(closeAbnormal)
			return
		}
		l.c.hub.bytesIn.Add(uint64(n))
		rest, more := l.act(buf[:had+n], own)
		if !more {
			return
		}
		l.hold(rest)
		if !toEnd && had+n < len(buf) {
			if l.letGo() {
				return
			}
			toEnd = true
		}
	}
}

// hold keeps what is not whole yet.
func (l *polled) hold(rest []byte) {
	if l.held = nil; len(rest) > 0 {
		l.held = bytes.Clone(rest)
	}
}

// act acts on what is whole in b. more is false when the reading is no longer
// the caller's: the socket has ended, or a goroutine of its own goes on.
func (l *polled) act(b []byte, own bool) (rest []byte, more bool) {
	for !l.deaf {
		m, rest, ok, err := l.in.next(b, l.c.limit)
		switch b = rest; {
		case err != nil:
			l.refuse(err)
		case !ok:
			return rest, true
		case m.op == opClose:
			if l.answer(m.data) {
				return nil, false
			}
		case m.op == opPing:
			l.c.alive()
			// Where there is no room for it, or the end has begun, it will not be missed.
			_ = l.c.control(append([]byte{lastFrame | byte(opPong), byte(len(m.data))}, m.data...))
		case m.op == opPong:
			l.c.alive()
		default:
			ev, ref, ok := l.c.understand(m)
			if ok && !own && mayWait(ev) {
				l.hold(rest)
				go func() {
					l.c.act(ev, ref)
					l.readOn()
				}()
				return nil, false
			}
			if ok {
				l.c.act(ev, ref)
			}
		}
	}
	return nil, true
}

// answer ends a socket whose peer says goodbye, or answers ours.
func (l *polled) answer(goodbye []byte) (ended bool) {
	code, err := closeCode(goodbye)
	if err != nil {
		l.refuse(err)
		return false
	}
	_ = l.c.control(closeFrame(code, "")) // fails where ours went first
	l.c.finish(code)
	return true
}

// refuse tells a peer that breaks the protocol so, and is deaf until it is gone.
func (l *polled) refuse(err error) {
	code := closeProtocol
	var broken *protocolError
	if errors.As(err, &broken) {
		code = broken.code
	}
	l.deaf = true
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.c.code == 0 {
		l.c.code = code
	}
	if !l.c.shut && !l.c.cutShort {
		l.c.push(opFramed, closeFrame(code, err.Error()))
		l.c.shut = true
	}
	l.endAfter(brokenWait)
}
