package registry

import "sync"

// backlog is how many changes a subscriber may be behind before the oldest are lost to them.
const backlog = 64

// feed tells subscribers of changes. The zero feed is ready.
type feed struct {
	mu     sync.Mutex
	subs   map[chan Change]bool
	closed bool
}

// Subscribe hears of every change from now on. Who is more than 64 behind loses
// the oldest, never the newest. The channel is closed by cancel or when the
// registry is.
func (r *Registry) Subscribe() (<-chan Change, func()) {
	f := &r.feed
	c := make(chan Change, backlog)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		close(c)
		return c, func() {}
	}
	if f.subs == nil {
		f.subs = map[chan Change]bool{}
	}
	f.subs[c] = true
	return c, func() { f.cancel(c) }
}

func (f *feed) cancel(c chan Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs[c] {
		delete(f.subs, c)
		close(c)
	}
}

func (f *feed) publish(change Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.subs {
		for sent := false; !sent; {
			select {
			case c <- change:
				sent = true
			default:
				select {
				case <-c: // make room
				default: // the subscriber just did
				}
			}
		}
	}
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.subs {
		close(c)
	}
	f.subs = nil
}
