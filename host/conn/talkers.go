package conn

import "sync"

// talkers are the connections that have something to write. Safe for concurrent use.
type talkers struct {
	mu   sync.Mutex
	line []*conn
	free []*conn       // the last line, to be used again
	wake chan struct{} // holds one token while there is somebody
}

func (t *talkers) add(c *conn) {
	t.mu.Lock()
	t.line = append(t.line, c)
	first := len(t.line) == 1
	t.mu.Unlock()
	if first {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// take is everyone since the last take; the slice is good until the next.
func (t *talkers) take() []*conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := t.line
	clear(t.free[:cap(t.free)])
	t.line, t.free = t.free[:0], line
	return line
}

// write writes for whoever has something to say, until end.
func (h *Hub) write(end <-chan struct{}) {
	for {
		select {
		case <-end:
			return
		case <-h.talkers.wake:
		}
		for _, c := range h.talkers.take() {
			c.flushListed()
		}
	}
}
