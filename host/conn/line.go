package conn

import "time"

// line is a socket's way to its peer: polled, where nobody waits for what the
// peer says next, or the library's, with a goroutine that does. Its methods are called
// with conn.mu held, except wait and end.
type line interface {
	// waits says that every write may have to wait: then try writes nothing.
	waits() bool
	// try writes as much of p as the kernel takes at once, possibly nothing.
	try(p []byte) (int, error)
	// wait writes all of p; os.ErrDeadlineExceeded after what writeBy said last.
	wait(p []byte) error
	// writeBy bounds writes that are under way and to come; the zero time lifts
	// the bound. Sockets live in real time, whatever the hub's clock says.
	writeBy(at time.Time)
	// goodbye begins the close handshake; the peer has goodbyeWait for it.
	goodbye(code CloseCode)
	// cut ends the connection without a word. The reader finds out.
	cut()
	// end closes what is still open; the reader's last act.
	end()
}
