package lobby

// recovered takes up the calls that a restart interrupted. Those whose time is
// over are completed; in the others both people are lost, with a full grace to
// come back. Nobody is in the lobby by this: bars are read when they enter.
func (l *Lobby) recovered(e Recovered) {
	if l.seq != 1 {
		return
	}
	seen := map[CallID]bool{}
	for _, st := range e.Calls {
		if seen[st.Call] || st.Call <= 0 || st.A <= 0 || st.B <= 0 || st.A == st.B {
			continue
		}
		seen[st.Call] = true
		m := &meeting{id: st.Call, start: st, asked: st.Seconds, met: 1}
		a, b := l.people[st.A], l.people[st.B]
		switch {
		case st.Deadline <= l.now:
			m.caller, m.callee = side{m: m, p: &person{id: st.A}}, side{m: m, p: &person{id: st.B}}
			l.file(m, st.Deadline, "clock", 0)
		case a != nil || b != nil:
			// One call each: a second open row of someone can only be a leftover.
			m.caller, m.callee = side{m: m, p: &person{id: st.A}}, side{m: m, p: &person{id: st.B}}
			l.file(m, l.now, "lost", 0)
		default:
			l.resume(m)
		}
	}
}

func (l *Lobby) resume(m *meeting) {
	a := l.know(m.start.A)
	b := l.know(m.start.B)
	l.meet(m, a, b)
	m.phase = calling
	l.calls++
	l.bar(m, m.start.CooldownUntil, "call")
	m.timer = l.arm(m.start.Deadline, func() { l.endCall(m, "clock", 0) })
	l.lose(&m.caller)
	l.lose(&m.callee)
}
