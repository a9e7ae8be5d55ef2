package lobby

// outcome is how a durable-first write went.
type outcome int

const (
	stored outcome = iota
	failed         // certainly not there
	silent         // no answer in time: it may be there
)

// storing is a write whose answer is awaited.
type storing struct {
	timer *timer
	then  func(outcome)
}

// asking is a question to the cooldown policy.
type asking struct {
	timer    *timer
	fallback int64 // seconds
	then     func(seconds int64, digest string)
}

const (
	// lateMS is how long the answer to a write that timed out is still listened for.
	lateMS = int64(3_600_000)
	// a completable write that failed is stored again after 1 s, 2 s, 4 s … 30 s.
	firstBackoffMS = int64(1_000)
	lastBackoffMS  = int64(30_000)
)

func (l *Lobby) nextOp() OpID {
	l.lastOp++
	return l.lastOp
}

// store makes a write durable first: then runs once, with silent after waitMS.
func (l *Lobby) store(w Write, then func(outcome)) OpID {
	op := l.nextOp()
	l.emit(Store{Op: op, Write: w})
	l.await(op, l.rules.StoreWaitMS, then)
	return op
}

// await listens for the answer to op. It may be called again for an op that
// went silent, to learn how it went after all.
func (l *Lobby) await(op OpID, waitMS int64, then func(outcome)) {
	s := &storing{then: then}
	s.timer = l.arm(l.now+waitMS, func() {
		delete(l.stores, op)
		s.then(silent)
	})
	l.stores[op] = s
}

// keep stores a completable write again and again until the store has it; then
// (may be nil) runs once. A late answer to the latest attempt still counts.
func (l *Lobby) keep(w Write, then func()) { l.attempt(w, firstBackoffMS, then) }

func (l *Lobby) attempt(w Write, backoff int64, then func()) {
	op := l.nextOp()
	l.emit(Store{Op: op, Write: w})
	again := func() {
		delete(l.stores, op)
		l.attempt(w, min(2*backoff, lastBackoffMS), then)
	}
	s := &storing{timer: l.arm(l.now+l.rules.StoreWaitMS+backoff, again)}
	s.then = func(o outcome) {
		if o == stored {
			if then != nil {
				then()
			}
			return
		}
		l.arm(l.now+backoff, again)
	}
	l.stores[op] = s
}

func (l *Lobby) answered(op OpID, o outcome) {
	s := l.stores[op]
	if s == nil {
		return
	}
	delete(l.stores, op)
	l.disarm(s.timer)
	s.then(o)
}

// ask puts a case before the cooldown policy; then runs once, with the fallback
// if the policy fails or stays silent. Its seconds lie in 0..MaxCooldown.
func (l *Lobby) ask(c Case, fallback int64, then func(seconds int64, digest string)) {
	op := l.nextOp()
	l.emit(Ask{Op: op, Case: c})
	a := &asking{fallback: fallback, then: then}
	a.timer = l.arm(l.now+l.rules.AskWaitMS, func() { l.decided(Decided{Op: op, Failed: true}) })
	l.asks[op] = a
}

func (l *Lobby) decided(e Decided) {
	a := l.asks[e.Op]
	if a == nil {
		return
	}
	delete(l.asks, e.Op)
	l.disarm(a.timer)
	if e.Failed {
		e.Seconds, e.Digest = a.fallback, ""
	}
	a.then(min(max(e.Seconds, 0), l.rules.MaxCooldown), e.Digest)
}
