package engine

// While memory is short a stream keeps this much for its client to return to.
const (
	spareOutbox = 4 << 10 // bytes of frames per person
	spareResume = 5000    // ms without a socket
)

// Spare has the engine keep less for people to resume (true) while memory is
// short, or as much as it is configured to again (false): 4 KB of frames per
// person, no updates of the reel, streams without a socket for 5 s. Whoever
// returns for what is gone starts afresh; a call that ran goes on.
//
// It returns once that is done, or at once if the engine does not run.
func (e *Engine) Spare(on bool) {
	m := spare{on, make(chan struct{})}
	if !e.in.answer(m) {
		return
	}
	select {
	case <-e.started:
	default:
		return // it is the first thing Run will do
	}
	select {
	case <-m.done:
	case <-e.ended:
	}
}

type spare struct {
	on   bool
	done chan struct{}
}

func (m spare) apply(e *Engine) {
	defer close(m.done)
	e.sparing = m.on
	if !m.on {
		return
	}
	for _, p := range e.people {
		p.fit(e.outboxMax())
	}
	for _, s := range e.streams {
		if s.sink == nil {
			s.missAll()
		}
	}
	e.expireStreams(e.now())
}

// outboxMax is how many bytes of frames are kept for one person now.
func (e *Engine) outboxMax() int {
	if e.sparing {
		return min(spareOutbox, e.cfg.OutboxMax)
	}
	return e.cfg.OutboxMax
}

// resumeMS is how long a stream may be without a socket now.
func (e *Engine) resumeMS() int64 {
	if e.sparing {
		return min(spareResume, e.cfg.ResumeFor.Milliseconds())
	}
	return e.cfg.ResumeFor.Milliseconds()
}
