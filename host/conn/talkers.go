package conn

import "sync"

// talkers are the connections that have something to write. Safe for concurrent use.
type talkers struct {
	mu   sync.Mutex
	line []*conn
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

// take is everyone since the last take; the list goes on in spare.
func (t *talkers) take(spare []*conn) []*conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := t.line
	t.line = spare[:0]
	return line
}

// write writes for whoever has something to say, until end.
func (h *Hub) write(end <-chan struct{}) {
	var line []*conn
	for {
		select {
		case <-end:
			return
		case <-h.talkers.wake:
		}
		clear(line)
		line = h.talkers.take(line)
		for _, c := range line {
			c.flushListed()
		}
	}
}
