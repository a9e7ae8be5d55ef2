package lobby

// startCall runs once the call's row is stored.
func (l *Lobby) startCall(m *meeting) {
	m.phase = calling
	l.calls++
	m.met = l.tieOf(m.start.A, m.start.B).met + 1
	l.bar(m, m.start.CooldownUntil, "call")
	m.timer = l.arm(m.start.Deadline, func() { l.endCall(m, "clock", 0) })
	for _, s := range m.sides() {
		s.settleOn(s.p.conn(s.conn))
		l.tellStarted(s, false)
	}
	for _, s := range m.sides() {
		if c := s.p.conn(s.conn); c == nil || !c.live {
			l.lose(s)
		}
		l.self(s.p)
	}
	l.done(m.asker)
}

// settleOn binds the connection that asked or answered if it is still there,
// else any that lives, else the lost one that may come back.
func (s *side) settleOn(c *conn) {
	if c == nil || !c.live {
		if live := s.p.anyLive(); live != nil {
			c = live
		}
	}
	s.conn = 0
	if c != nil {
		s.conn = c.id
	}
}

func (l *Lobby) tellStarted(s *side, resumed bool) {
	if s.conn == 0 {
		return
	}
	st := s.m.start
	l.tell(s.p.id, s.conn, CallStarted{
		Call: st.Call, Other: s.m.other(s.p).p.id, Seconds: st.Seconds, StartedAt: st.StartedAt,
		Deadline: st.Deadline, Polite: s == &s.m.callee, Resumed: resumed,
	})
}

// lose starts the grace in which a lost side may come back to its call.
func (l *Lobby) lose(s *side) {
	s.until = l.now + l.rules.GraceMS
	s.lost = l.arm(s.until, func() { l.endCall(s.m, "lost", 0) })
	l.tellPeer(s.m.other(s.p), s)
}

// tellPeer tells one side whether the other is lost.
func (l *Lobby) tellPeer(to, about *side) {
	if to.conn == 0 {
		return
	}
	n := CallPeer{Call: to.m.id}
	if about.lost != nil {
		n.Lost, n.Until = true, about.until
	}
	l.tell(to.p.id, to.conn, n)
}

// carry resumes a lost side's call on a connection.
func (l *Lobby) carry(s *side, c *conn) {
	other := s.m.other(s.p)
	l.disarm(s.lost)
	s.lost, s.until, s.conn = nil, 0, c.id
	l.tellStarted(s, true)
	if other.lost != nil {
		l.tellPeer(s, other)
	}
	l.tellPeer(other, s)
	l.self(s.p)
}

// running is the side of the call of that id the person is in; nil if there is none.
func (p *person) running(id CallID) *side {
	if s := p.bound(); s != nil && s.m.id == id {
		return s
	}
	return nil
}

func (l *Lobby) take(e Take) {
	p, c := l.inside(e.From)
	if p == nil {
		return
	}
	s := p.running(e.Call)
	switch {
	case s == nil:
		l.refuse(e.From, NoSuchCall)
	case s.lost != nil:
		l.carry(s, c)
		l.done(e.From)
	case s.conn == c.id:
		l.done(e.From)
	default:
		l.refuse(e.From, NotHere)
	}
}

func (l *Lobby) end(e End) {
	p, _ := l.inside(e.From)
	if p == nil {
		return
	}
	s := p.running(e.Call)
	if s == nil {
		l.refuse(e.From, NoSuchCall)
		return
	}
	l.endCall(s.m, "hangup", p.id)
	l.done(e.From)
}

// endCall ends a running call at once and for ever; its paperwork follows. how is
// one of CallEnd's reasons; by is who ended it, 0 for nobody.
func (l *Lobby) endCall(m *meeting, how string, by PersonID) {
	told := how
	if how == "blocked" {
		told = "hangup" // a block never shows
	}
	endedAt := min(l.now, m.start.Deadline)
	l.part(m)
	l.feedBar(m.pair())
	for _, s := range m.sides() {
		s.p.since = l.now
		if s.conn != 0 {
			l.tell(s.p.id, s.conn, CallEnded{
				Call: m.id, Other: m.other(s.p).p.id, Reason: told,
				Talked: m.talked(endedAt), Mine: by == s.p.id,
			})
		}
		l.self(s.p)
		l.mask(s.p)
		l.retire(s.p)
	}
	l.file(m, endedAt, how, by)
}

// talked is how many seconds the call had lasted.
func (m *meeting) talked(endedAt int64) int64 {
	return max(0, endedAt-m.start.StartedAt) / 1000
}

// file does the paperwork of an ended call: its end is stored, the policy
// decides the cooldown, and that replaces the provisional one.
func (l *Lobby) file(m *meeting, endedAt int64, how string, by PersonID) {
	l.keep(CallEnd{Call: m.id, A: m.start.A, B: m.start.B, EndedAt: endedAt, Reason: how, By: by}, nil)
	c := Case{
		What: "call", How: how, Asked: int64(m.start.Seconds), Talked: m.talked(endedAt),
		Met: int64(max(1, m.met, l.tieOf(m.start.A, m.start.B).met)), Reported: m.reported,
	}
	if how == "blocked" {
		// Both are told the cooldown, and nobody may read a block or a report from
		// it: it is what any hang-up earns. What keeps them apart is the block.
		c.How, c.Reported = "hangup", false
	}
	switch by {
	case 0:
	case m.start.A:
		c.EndedBy = 1
	case m.start.B:
		c.EndedBy = 2
	}
	l.ask(c, l.rules.CooldownCall, func(seconds int64, digest string) {
		set := CooldownSet{
			Pair: m.pair(), Call: m.id, SetAt: endedAt, Until: endedAt + seconds*1000,
			Reason: "call", Digest: digest,
		}
		if set.Until > m.start.CooldownUntil {
			// A longer bar holds at once; a shorter one only when it is stored.
			l.barUnsaved(m, set.Until, set.Reason)
			l.feedBar(set.Pair)
		}
		l.keep(set, func() {
			l.bar(m, set.Until, set.Reason)
			l.saved(set.Pair, set.Until)
			l.feedBar(set.Pair)
			l.tellCooldown(m, set.Until, set.Reason)
		})
	})
}
