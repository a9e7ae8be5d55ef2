package load

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Pulse is how a run is doing at the moment.
type Pulse struct {
	Connected, InCalls int
	Errors, Violations int64
	RingP99, ReelP99   time.Duration // of the steady part so far
}

// Present says how many are connected and how many are in calls.
func (r *Referee) Present() (connected, inCalls int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connected, r.inCalls
}

// Pulse takes the run's pulse.
func (r *Referee) Pulse() Pulse {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Pulse{
		Connected: r.connected, InCalls: r.inCalls, Errors: r.errors.total(), Violations: r.violations.total(),
		RingP99: r.times.Ring.Quantile(0.99), ReelP99: r.times.Reel.Quantile(0.99),
	}
}

// progress writes the run's one line.
type progress struct {
	out    io.Writer
	live   bool
	people int
	begun  time.Time

	mu   sync.Mutex
	name string
	n    int
}

const quietEvery = 10 // lines that are not rewritten in place come this rarely

func (p *progress) phase(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name, p.n = name, 0
}

// line shows the pulse. A progress display that cannot be written to hinders nothing.
func (p *progress) line(now time.Time, u Pulse) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if p.out == nil || (!p.live && p.n%quietEvery != 1) {
		return
	}
	text := fmt.Sprintf("%5.0fs  %-9s  %d/%d connected  %d in calls  %d errors  %d violations  p99 ring %s reel %s",
		now.Sub(p.begun).Seconds(), p.name, u.Connected, p.people, u.InCalls, u.Errors, u.Violations,
		u.RingP99.Round(100*time.Microsecond), u.ReelP99.Round(100*time.Microsecond))
	if p.live {
		fmt.Fprintf(p.out, "\r\x1b[K%s", text)
	} else {
		fmt.Fprintln(p.out, text)
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil && p.live {
		fmt.Fprintln(p.out)
	}
}
