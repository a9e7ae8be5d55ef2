package lobby

func (l *Lobby) invite(e Invite) {
	p, c := l.inside(e.From)
	if p == nil {
		return
	}
	m := p.meeting
	glare := m != nil && m.phase == ringing && m.callee.p == p && m.caller.p.id == e.To
	to := l.people[e.To]
	switch {
	case !p.in:
		l.refuse(e.From, NotIn)
	case m != nil && !glare:
		l.refuse(e.From, SelfBusy)
	case e.To == p.id || e.To <= 0:
		l.refuse(e.From, BadTarget)
	case to == nil || !to.in:
		l.refuse(e.From, NotInReel)
	case e.Seconds < l.rules.MinSeconds || e.Seconds > l.rules.MaxSeconds:
		l.refuseWith(e.From, Refused{Code: BadSeconds, Field: "seconds"})
	case glare:
		l.agree(m, e.From, e.Seconds)
	default:
		if l.mayRing(p, to, e) {
			l.ring(p, c, to, e)
		}
	}
}

// mayRing checks what keeps the two apart; a block never shows.
func (l *Lobby) mayRing(p, to *person, e Invite) bool {
	until := l.tieOf(p.id, to.id).until
	switch {
	case until == Forever:
		l.refuse(e.From, NotInReel)
	case until > l.now:
		l.refuseWith(e.From, Refused{Code: OnCooldown, Until: until})
	case l.limbo[PairOf(p.id, to.id)]:
		l.refuse(e.From, Unavailable)
	case e.Offer == nil || e.Offer.SeenAt > l.now || l.now-e.Offer.SeenAt > l.rules.OfferMS:
		l.refuse(e.From, NotInReel)
	case !to.shown:
		l.refuse(e.From, OtherBusy)
	default:
		return true
	}
	return false
}

func (l *Lobby) ring(p *person, c *conn, to *person, e Invite) {
	m := l.meet(&meeting{id: l.newCall(), asked: e.Seconds}, p, to)
	m.caller.conn = c.id
	l.term(m)
	l.done(e.From)
	for _, s := range m.sides() {
		l.self(s.p)
		l.mask(s.p)
	}
}

// newCall makes a meeting's id from the step's randomness. It fits a JavaScript
// number, so that no client can mangle it.
func (l *Lobby) newCall() CallID {
	const mask = 1<<53 - 1
	for id := l.seed & mask; ; id = (id + 1) & mask {
		if _, taken := l.meetings[CallID(id)]; id != 0 && !taken {
			return CallID(id)
		}
	}
}

// term gives a ring a full term and says so to both.
func (l *Lobby) term(m *meeting) {
	l.disarm(m.timer)
	m.until = l.now + l.rules.RingMS
	m.timer = l.arm(m.until, func() {
		l.rest(m)
		l.endRing(m, "expired")
	})
	for _, s := range m.sides() {
		l.tellAll(s.p, m.rings(s.p, l.rules))
	}
}

// rings is how the ring looks to one of its two people.
func (m *meeting) rings(p *person, r Rules) Notice {
	if m.caller.p == p {
		return Ringing{Call: m.id, Other: m.callee.p.id, Seconds: m.asked, Until: m.until, Waits: max(0, r.MaxWaits-m.waits)}
	}
	return Incoming{Call: m.id, Other: m.caller.p.id, Seconds: m.asked, Until: m.until}
}

func (l *Lobby) keepWaiting(e KeepWaiting) {
	p, _ := l.inside(e.From)
	if p == nil {
		return
	}
	m := p.openRing(e.Call)
	switch {
	case m == nil || m.caller.p != p:
		l.refuse(e.From, NoSuchInvite)
	case m.waits >= l.rules.MaxWaits:
		l.refuse(e.From, NoMoreWaits)
	default:
		m.waits++
		l.term(m)
		l.done(e.From)
	}
}

// openRing is the unanswered ring of that id the person is one of; nil if there is none.
func (p *person) openRing(id CallID) *meeting {
	if m := p.meeting; m != nil && m.id == id && m.phase == ringing {
		return m
	}
	return nil
}

// endRing tells both that the invite came to nothing and frees them. They have
// waited all along, so their Since stays.
func (l *Lobby) endRing(m *meeting, reason string) {
	if m.phase == over {
		return
	}
	l.part(m)
	for _, s := range m.sides() {
		l.tellAll(s.p, RingEnded{Call: m.id, Other: m.other(s.p).p.id, Reason: reason})
		l.self(s.p)
		l.mask(s.p)
	}
}
