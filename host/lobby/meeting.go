package lobby

// phase is how far a meeting has come.
type phase int

const (
	ringing  phase = iota
	settling       // answered; its outcome is being decided and stored
	calling
	over
)

// meeting is one invite and what comes of it.
type meeting struct {
	id             CallID
	phase          phase
	caller, callee side
	asked          int   // seconds, the caller's wish
	until          int64 // ms: when the ring expires
	waits          int   // how often it was prolonged
	timer          *timer

	// While settling.
	asker   From   // whose answer it was
	verdict string // declined or rescinded; "" for an accept

	// Once accepted.
	start    CallStart
	met      int
	reported bool
}

// side is one of the two people of a meeting.
type side struct {
	m     *meeting
	p     *person
	conn  ConnID // the ring's maker, then the one the call is bound to; 0 none
	lost  *timer // armed while the bound connection is lost
	until int64  // ms: when being lost ends the call
}

func (m *meeting) side(p *person) *side {
	if m.caller.p == p {
		return &m.caller
	}
	return &m.callee
}

func (m *meeting) other(p *person) *side {
	if m.caller.p == p {
		return &m.callee
	}
	return &m.caller
}

func (m *meeting) sides() [2]*side { return [2]*side{&m.caller, &m.callee} }

func (m *meeting) pair() Pair { return PairOf(m.caller.p.id, m.callee.p.id) }

// bound is the person's side of the call they are in; nil if they are in none.
func (p *person) bound() *side {
	if p.meeting == nil || p.meeting.phase != calling {
		return nil
	}
	return p.meeting.side(p)
}

// meet binds two people into a new meeting.
func (l *Lobby) meet(m *meeting, caller, callee *person) *meeting {
	m.caller = side{m: m, p: caller}
	m.callee = side{m: m, p: callee}
	caller.meeting, callee.meeting = m, m
	l.meetings[m.id] = m
	return m
}

// part takes both out of their meeting; it is over.
func (l *Lobby) part(m *meeting) {
	if m.phase == calling {
		l.calls--
	}
	m.phase = over
	l.disarm(m.timer)
	delete(l.meetings, m.id)
	for _, s := range m.sides() {
		l.disarm(s.lost)
		s.p.meeting = nil
	}
}

// breakOff ends whatever meeting p is in, because p goes away.
func (l *Lobby) breakOff(m *meeting, p *person) {
	switch {
	case m.phase == calling:
		l.endCall(m, "left", p.id)
	case m.phase == settling && m.verdict != "":
		// The answer was given; only its cooldown is still on the way.
		l.feedBar(m.pair())
		l.endRing(m, m.verdict)
	case m.phase == ringing && p.anyLive() != nil:
		// Going away is an answer, or leaving would be the way around a cooldown.
		if m.caller.p == p {
			l.say(m, From{}, "rescinded", 1, l.rules.CooldownUnsaid)
		} else {
			l.say(m, From{}, "declined", 2, l.rules.CooldownNo)
		}
		l.feedBar(m.pair())
		l.endRing(m, "unavailable")
	case m.phase == ringing:
		l.rest(m)
		l.endRing(m, "unavailable")
	default:
		l.abandon(m)
	}
}

// rest keeps two people apart for a little while after a ring that nobody
// answered, so that nobody can be rung again and again. It is no cooldown: the
// store does not know of it.
func (l *Lobby) rest(m *meeting) {
	if l.rules.RestMS > 0 {
		l.barUnsaved(m, l.now+l.rules.RestMS, "unanswered")
		l.feedBar(m.pair())
	}
}

// abandon ends a ring that comes to nothing, answered with yes or not at all.
func (l *Lobby) abandon(m *meeting) {
	if m.phase == settling {
		l.refuse(m.asker, Unavailable)
		l.limbo[m.pair()] = true
	}
	l.endRing(m, "unavailable")
}
