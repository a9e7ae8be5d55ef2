package conn

import (
	"errors"
	"net"
	"runtime"
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

// A socket's fair share of a turn; if it has more to say it goes on in a goroutine of its own.
const (
	fairReads  = 4
	fairFrames = 256
)

var inBuffers = sync.Pool{New: func() any { b := make([]byte, 2*maxHeld); return &b }}

// poll takes a socket from net/http and the library, which may close it then:
// the descriptor is a copy. It returns nil where that cannot be; else its begin
// comes next.
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
	l.turn.Store(reading) // the caller's
	if raw.Control(func(fd uintptr) { l.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }) != nil || err != nil {
		return nil
	}
	if l.poller.add(l) != nil {
		unix.Close(l.fd)
		return nil
	}
	c.hub.bytesIn.Add(uint64(len(h.early))) // only now: else the library's line would count them again
	return l
}

// begin hands the reading to whoever notices that something came: at once, if it
// came with the handshake.
func (l *polled) begin() {
	if len(l.held) > 0 || !l.letGo() {
		go l.goOn(&errand{})
	}
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
	// What comes with the end is told once, and a read stops short of what is
	// urgent: then a short read is not the last.
	toEnd := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0
	if next := l.read(buf, toEnd); next != nil {
		go l.goOn(next)
	}
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

// errand is what a reading is interrupted for: acting on ev may wait. A nil ev is
// nothing but a reading that has had its share.
type errand struct {
	ev  wire.Client
	ref uint32
}

// goOn does the errand and reads on, in a goroutine of its own. The caller had
// the reading. No buffer is held while something waits, and whoever talks without
// end lets the others, the poller among them, have their turn.
func (l *polled) goOn(next *errand) {
	for next != nil {
		if next.ev != nil {
			l.c.act(next.ev, next.ref)
		} else {
			runtime.Gosched()
		}
		buf := inBuffers.Get().(*[]byte)
		next = l.read(*buf, true)
		inBuffers.Put(buf)
	}
}

// read acts on what is held, and reads and acts until there is no more, or until
// something must be done first. After nil the reading is no longer the caller's.
// toEnd: there is no more only when the kernel says so.
func (l *polled) read(buf []byte, toEnd bool) *errand {
	frames := 0
	b, drained := l.held, false
	for reads := 0; ; reads++ {
		rest, next, over := l.act(b, &frames)
		if over {
			return nil
		}
		if l.hold(rest); next != nil {
			return next
		}
		if drained {
			if l.letGo() {
				return nil
			}
			toEnd = true // what it was told of meanwhile is not known
		}
		if reads == fairReads {
			return &errand{}
		}
		// Behind what is held, which has room for a whole frame, or else a copy of it.
		room := l.held
		if cap(room) == len(room) {
			// A stranger is read little of, as it is held while their login waits.
			room = buf[:copy(buf, l.held):min(len(buf), 2*int(l.c.limit+maxHeader))]
		}
		n, err := readNow(l.fd, room[len(room):cap(room)])
		if errors.Is(err, syscall.EAGAIN) {
			b, drained = l.held, true
			continue
		}
		if err != nil || n == 0 {
			l.c.finish(closeAbnormal)
			return nil
		}
		l.c.hub.bytesIn.Add(uint64(n))
		b = room[:len(room)+n]
		drained = !toEnd && len(b) < cap(room)
	}
}

// hold keeps what is not whole yet, with room for the rest of its frame, so that
// a frame that comes byte by byte is not copied with every byte.
func (l *polled) hold(rest []byte) {
	switch {
	case len(rest) == 0:
		l.held = nil
	case cap(l.held) > 0 && &rest[0] == &l.held[:1][0]: // where it lies already
		l.held = rest
	default:
		l.held = append(make([]byte, 0, max(len(rest), frameSize(rest))), rest...)
	}
}

// frameSize is how long the frame will be that b begins with, as far as that can be known.
func frameSize(b []byte) int {
	h, err := parseHead(b)
	if err != nil || h.size == 0 {
		return maxHeader
	}
	return int(min(int64(h.size)+h.length, maxHeld))
}

// act acts on what is whole in b and returns the rest. next is what must be done
// before the reading goes on. over: the socket has ended.
func (l *polled) act(b []byte, frames *int) (rest []byte, next *errand, over bool) {
	for !l.deaf {
		if *frames++; *frames > fairFrames {
			return b, &errand{}, false
		}
		m, rest, ok, err := l.in.next(b, l.c.limit)
		switch b = rest; {
		case err != nil:
			l.refuse(err)
		case !ok:
			return rest, nil, false
		case m.op == opClose:
			if l.answer(m.data) {
				return nil, nil, true
			}
		case m.op == opPing:
			l.c.alive()
			l.c.pong(m.data)
		case m.op == opPong:
			l.c.alive()
		default:
			ev, ref, ok := l.c.understand(m)
			switch {
			case !ok:
			case mayWait(ev):
				return rest, &errand{ev, ref}, false
			default:
				l.c.act(ev, ref)
			}
		}
	}
	return nil, nil, false
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
	l.c.leaving = false // there is no goodbye after this
	if !l.c.shut && !l.c.cutShort {
		l.c.push(opFramed, closeFrame(code, err.Error()))
		l.c.shut = true
	}
	l.endAfter(brokenWait)
}
