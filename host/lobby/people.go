package lobby

import "slices"

// person is someone the lobby knows: connected, expected back, or in a call.
type person struct {
	id      PersonID
	conns   []*conn // by time of attaching, oldest first
	load    *load   // set while their bars are being read
	in      bool    // inside the lobby
	paused  bool
	shown   bool  // the reel was last told that they are free
	since   int64 // ms: waiting since
	ties    map[PersonID]tie
	sweepAt int      // ties are swept when there are so many
	meeting *meeting // the one they ring, settle or talk in
}

// conn is one stream of a person. A lost one is remembered while it may return.
type conn struct {
	id       ConnID
	live     bool
	watching bool   // asked for the reel
	grace    *timer // armed while it is lost
}

func (p *person) conn(id ConnID) *conn {
	for _, c := range p.conns {
		if c.id == id {
			return c
		}
	}
	return nil
}

// anyLive is the oldest connection with a socket; nil if there is none.
func (p *person) anyLive() *conn {
	for _, c := range p.conns {
		if c.live {
			return c
		}
	}
	return nil
}

// idle means that nothing would be missed if the person were forgotten.
func (p *person) idle() bool { return !p.in && p.load == nil && p.meeting == nil }

// know finds a person, or makes their acquaintance.
func (l *Lobby) know(id PersonID) *person {
	p := l.people[id]
	if p == nil {
		p = &person{id: id, ties: map[PersonID]tie{}}
		l.people[id] = p
	}
	return p
}

func (l *Lobby) connect(e Connect) {
	if e.Person <= 0 || e.Conn <= 0 {
		return
	}
	p := l.know(e.Person)
	c := p.conn(e.Conn)
	fresh := c == nil
	switch {
	case fresh:
		c = &conn{id: e.Conn, live: true}
		p.conns = append(p.conns, c)
	case c.live:
		return
	default:
		c.live = true
		l.disarm(c.grace)
		if p.in && c.watching {
			l.feed(Watch{p.id, c.id})
		}
	}
	s := p.bound()
	switch {
	case s != nil && s.lost != nil && (fresh || s.conn == c.id || s.conn == 0):
		l.carry(s, c)
	case fresh:
		l.brief(p, c)
	}
	l.limit(p)
	l.mask(p)
}

func (l *Lobby) disconnect(e Disconnect) {
	p := l.people[e.Person]
	if p == nil {
		return
	}
	c := p.conn(e.Conn)
	if c == nil || !c.live {
		return
	}
	c.live = false
	if p.in && c.watching {
		l.feed(Unwatch{p.id, c.id})
	}
	if p.idle() {
		l.drop(p, c)
		l.retire(p)
		return
	}
	c.grace = l.arm(l.now+l.rules.GraceMS, func() {
		l.drop(p, c)
		l.retire(p)
	})
	if s := p.bound(); s != nil && s.conn == c.id {
		l.lose(s)
	}
	l.mask(p)
}

// limit closes a person's oldest connections beyond MaxConns, lost ones first,
// and never the one their call is bound to (or, while it lives, their ring).
func (l *Lobby) limit(p *person) {
	for len(p.conns) > max(1, l.rules.MaxConns) {
		var victim *conn
		for _, c := range p.conns {
			if !p.needs(c) && (victim == nil || victim.live && !c.live) {
				victim = c
			}
		}
		if victim == nil {
			return
		}
		if victim.live && victim.watching && p.in {
			l.feed(Unwatch{p.id, victim.id})
		}
		l.drop(p, victim)
		l.emit(Drop{Person: p.id, Conn: victim.id, Reason: "limit"})
	}
}

func (p *person) needs(c *conn) bool {
	m := p.meeting
	return m != nil && m.side(p).conn == c.id && (c.live || m.phase == calling)
}

func (l *Lobby) drop(p *person, c *conn) {
	l.disarm(c.grace)
	p.conns = slices.DeleteFunc(p.conns, func(x *conn) bool { return x == c })
}

// retire lets go of a person without connections. A call keeps them until its
// own grace is over.
func (l *Lobby) retire(p *person) {
	if len(p.conns) > 0 || p.bound() != nil {
		return
	}
	if !p.idle() {
		l.depart(p)
	}
	delete(l.people, p.id)
}

// depart takes a person out of the lobby, whatever they were doing.
func (l *Lobby) depart(p *person) {
	if p.in {
		l.feed(Left{p.id})
	}
	if p.in {
		l.present--
		if p.shown {
			l.free--
		}
	}
	p.in, p.paused, p.shown = false, false, false
	l.stopLoading(p)
	for _, c := range p.conns {
		c.watching = false
	}
	if p.meeting != nil {
		l.breakOff(p.meeting, p)
	} else {
		l.self(p)
	}
	l.dropLost(p)
}

// dropLost forgets lost connections of someone outside: they miss nothing.
func (l *Lobby) dropLost(p *person) {
	for _, c := range slices.Clone(p.conns) {
		if !c.live {
			l.drop(p, c)
		}
	}
}

func (l *Lobby) gone(e Gone) {
	p := l.people[e.Person]
	if p == nil {
		return
	}
	l.depart(p)
	for _, c := range slices.Clone(p.conns) {
		l.drop(p, c)
		l.emit(Drop{Person: p.id, Conn: c.id, Reason: "gone"})
	}
	delete(l.people, p.id)
}

func (l *Lobby) changed(e Changed) {
	if p := l.people[e.Person]; p != nil && p.in {
		l.feed(Recast{p.id})
	}
}

// mask tells the reel whether the person can be invited, where that changed.
func (l *Lobby) mask(p *person) {
	free := p.in && !p.paused && p.meeting == nil && p.anyLive() != nil
	if !p.in || free == p.shown {
		return
	}
	p.shown = free
	if free {
		l.free++
	} else {
		l.free--
	}
	if free {
		l.feed(Free{p.id, p.since})
	} else {
		l.feed(Busy{p.id})
	}
}

// self tells all of a person's connections what the person is doing now.
func (l *Lobby) self(p *person) {
	if p.bound() == nil {
		l.tellAll(p, Self{Activity: p.activity(), Call: p.callID()})
		return
	}
	for _, c := range p.conns {
		l.tell(p.id, c.id, p.selfOn(c))
	}
}

func (p *person) selfOn(c *conn) Self {
	b := p.bound()
	return Self{Activity: p.activity(), Call: p.callID(), Here: b != nil && b.conn == c.id}
}

// brief tells a new connection what it came into.
func (l *Lobby) brief(p *person, c *conn) {
	l.tell(p.id, c.id, p.selfOn(c))
	if m := p.meeting; m != nil && m.phase == ringing {
		l.tell(p.id, c.id, m.rings(p, l.rules))
	}
}
