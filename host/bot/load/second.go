package load

import "time"

// second closes a second of the measured part and keeps the p99 of what arrived
// in it (zero if nothing did).
func (r *Referee) second() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.measuring {
		r.p99s = append(r.p99s, r.now.Quantile(0.99))
	}
	r.now = Histogram{}
}

// seconds are the p99 of rings, chat lines and offers, second by second.
func (r *Referee) seconds() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]time.Duration(nil), r.p99s...)
}

// reached counts a latency of what one person sends another.
func (r *Referee) reached(h *Histogram, from, to time.Time) {
	r.took(h, from, to)
	if r.measuring && !from.IsZero() {
		r.now.Add(to.Sub(from))
	}
}

// failures is how many errors there are by now.
func (r *Referee) failures() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.errors.total()
}
