package lobby

func (l *Lobby) accept(e Accept) {
	p, _ := l.inside(e.From)
	if p == nil {
		return
	}
	m := p.openRing(e.Call)
	if m == nil || m.callee.p != p {
		l.refuse(e.From, NoSuchInvite)
		return
	}
	if e.Seconds == 0 {
		e.Seconds = m.asked
	}
	if e.Seconds < l.rules.MinSeconds || e.Seconds > l.rules.MaxSeconds {
		l.refuseWith(e.From, Refused{Code: BadSeconds, Field: "seconds"})
		return
	}
	l.agree(m, e.From, e.Seconds)
}

// settle closes a ring to further answers, while this one is made durable.
func (l *Lobby) settle(m *meeting, by From, verdict string) {
	l.disarm(m.timer)
	m.phase, m.asker, m.verdict = settling, by, verdict
	for _, s := range m.sides() {
		l.self(s.p)
	}
}

// agree is the callee's yes: the call starts once its row is stored.
func (l *Lobby) agree(m *meeting, by From, seconds int) {
	l.settle(m, by, "")
	m.callee.conn = by.Conn
	agreed := (m.asked + seconds) / 2
	deadline := l.now + int64(agreed)*1000
	m.start = CallStart{
		Call: m.id, A: m.caller.p.id, B: m.callee.p.id, Seconds: agreed,
		StartedAt: l.now, Deadline: deadline, CooldownUntil: deadline + l.rules.CooldownCall*1000,
	}
	var op OpID
	op = l.store(m.start, func(o outcome) {
		if o == stored && m.phase == settling {
			l.startCall(m)
			return
		}
		if m.phase == settling {
			l.refuse(m.asker, Unavailable)
			l.endRing(m, "failed")
		}
		l.undo(m, op, o)
	})
}

// undo takes back a call that does not take place, once it is known whether its
// row is there. Until then the pair is in limbo: it cannot ring again, because a
// cooldown stored over the row's provisional one would be lost with it.
func (l *Lobby) undo(m *meeting, op OpID, o outcome) {
	switch o {
	case stored:
		l.limbo[m.pair()] = true
		l.void(m)
	case failed:
		delete(l.limbo, m.pair())
	case silent:
		l.limbo[m.pair()] = true
		l.await(op, lateMS, func(o outcome) {
			if o == silent {
				o = failed
			}
			l.undo(m, op, o)
		})
	}
}

// void undoes the row of a call that was stored too late to take place.
func (l *Lobby) void(m *meeting) {
	l.keep(CallEnd{Call: m.id, A: m.start.A, B: m.start.B, EndedAt: l.now, Reason: "void"}, nil)
	lift := CooldownSet{Pair: m.pair(), Call: m.id, SetAt: l.now, Until: l.now, Reason: "call"}
	l.keep(lift, func() {
		l.bar(m, lift.Until, lift.Reason)
		delete(l.limbo, m.pair())
	})
}

func (l *Lobby) decline(e Decline) {
	p, _ := l.inside(e.From)
	if p == nil {
		return
	}
	m := p.openRing(e.Call)
	if m == nil || m.callee.p != p {
		l.refuse(e.From, NoSuchInvite)
		return
	}
	l.say(m, e.From, "declined", 2, l.rules.CooldownNo)
}

func (l *Lobby) rescind(e Rescind) {
	p, _ := l.inside(e.From)
	if p == nil {
		return
	}
	m := p.openRing(e.Call)
	if m == nil || m.caller.p != p {
		l.refuse(e.From, NoSuchInvite)
		return
	}
	l.say(m, e.From, "rescinded", 1, l.rules.CooldownUnsaid)
}

// say is either's no: the policy decides how long it keeps them apart, the store
// keeps that, and then both are told.
func (l *Lobby) say(m *meeting, by From, verdict string, endedBy, fallback int64) {
	l.settle(m, by, verdict)
	at := l.now
	l.barUnsaved(m, at+fallback*1000, verdict)
	c := Case{What: verdict, Asked: int64(m.asked), Met: int64(l.tieOf(m.caller.p.id, m.callee.p.id).met), EndedBy: endedBy}
	l.ask(c, fallback, func(seconds int64, digest string) {
		until := at + seconds*1000
		if seconds == 0 {
			l.bar(m, until, verdict)
			if m.phase == over {
				l.feedBar(m.pair())
			}
			l.endRing(m, verdict)
			l.done(by)
			return
		}
		l.barUnsaved(m, until, verdict)
		set := CooldownSet{Pair: m.pair(), Call: m.id, SetAt: at, Until: until, Reason: verdict, Digest: digest}
		l.store(set, func(o outcome) {
			l.feedBar(m.pair())
			l.endRing(m, verdict)
			if o != stored {
				// The pair stays barred in memory, but nothing is claimed to be stored.
				l.refuse(by, Unavailable)
				return
			}
			l.saved(m.pair(), until)
			l.tellCooldown(m, until, verdict)
			l.done(by)
		})
	})
}

// tellCooldown tells those of the two who are here about a stored cooldown.
func (l *Lobby) tellCooldown(m *meeting, until int64, reason string) {
	if until <= l.now {
		return
	}
	for _, s := range m.sides() {
		if p := l.people[s.p.id]; p != nil {
			l.tellAll(p, Cooldown{Other: m.other(s.p).p.id, Until: until, Reason: reason})
		}
	}
}
