package registry

import (
	"sync"
	"time"
)

// fuse blows when a version fails too often within a window. Safe for concurrent use.
type fuse struct {
	mu    sync.Mutex
	times []time.Time // of the latest failures, as many as it takes
	next  int
	blown bool
}

// failed notes a failure; true, once, if that was too many.
func (f *fuse) failed(now time.Time, q Quarantine) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.blown {
		return false
	}
	if len(f.times) < q.Failures {
		f.times = append(f.times, now)
	} else {
		f.times[f.next] = now
		f.next = (f.next + 1) % len(f.times)
	}
	oldest := f.times[f.next%len(f.times)]
	f.blown = len(f.times) == q.Failures && now.Sub(oldest) < q.Window
	return f.blown
}

// mend forgets: the version was put in service again.
func (f *fuse) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times, f.next, f.blown = nil, 0, false
}
