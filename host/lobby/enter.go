package lobby

import "slices"

// load is the reading of a person's bars, without which nobody enters.
type load struct {
	op     OpID
	timer  *timer
	askers []From // at most one of each connection
}

// from finds who makes a wish. A wish of nobody, or from a connection that is
// not theirs (any more), is refused here.
func (l *Lobby) from(f From) (*person, *conn) {
	if p := l.people[f.Person]; p != nil {
		if c := p.conn(f.Conn); c != nil && c.live {
			return p, c
		}
	}
	l.refuse(f, NotIn)
	return nil, nil
}

// inside is from for wishes that need someone in the lobby or in a call: while
// the bars are still being read they are refused too.
func (l *Lobby) inside(f From) (*person, *conn) {
	p, c := l.from(f)
	if p != nil && p.activity() == Entering {
		l.refuse(f, Loading)
		return nil, nil
	}
	return p, c
}

func (l *Lobby) enter(e Enter) {
	p, c := l.from(e.From)
	switch {
	case p == nil:
	case p.in:
		c.watching = true
		l.feed(Watch{p.id, c.id})
		l.done(e.From)
	case p.load == nil:
		op := l.nextOp()
		l.emit(Load{Op: op, Person: p.id})
		p.load = &load{op: op, askers: []From{e.From}}
		p.load.timer = l.arm(l.now+l.rules.StoreWaitMS, func() { l.loadFailed(op, p.id) })
		l.self(p)
	case slices.ContainsFunc(p.load.askers, func(f From) bool { return f.Conn == c.id }):
		l.refuse(e.From, Loading)
	default:
		p.load.askers = append(p.load.askers, e.From)
	}
}

func (l *Lobby) loaded(e Loaded) {
	p := l.people[e.Person]
	if p == nil || p.load == nil || p.load.op != e.Op {
		return
	}
	askers := p.load.askers
	l.disarm(p.load.timer)
	p.load = nil
	for _, b := range e.Bars {
		l.learn(p, b)
	}
	p.in, p.shown, p.since = true, true, l.now
	l.present++
	l.free++
	l.feed(Entered{Person: p.id, Since: p.since, Bars: l.barsOf(p)})
	for _, f := range askers {
		if c := p.conn(f.Conn); c != nil {
			c.watching = true
			if c.live {
				l.feed(Watch{p.id, c.id})
			}
		}
	}
	l.self(p)
	for _, f := range askers {
		l.done(f)
	}
	l.mask(p)
}

// loadFailed ends the wait for a person's bars, by an answer or for want of one.
func (l *Lobby) loadFailed(op OpID, id PersonID) {
	p := l.people[id]
	if p == nil || p.load == nil || p.load.op != op {
		return
	}
	l.stopLoading(p)
	l.self(p)
	if p.idle() {
		l.dropLost(p)
		l.retire(p)
	}
}

func (l *Lobby) stopLoading(p *person) {
	if p.load == nil {
		return
	}
	askers := p.load.askers
	l.disarm(p.load.timer)
	p.load = nil
	for _, f := range askers {
		l.refuse(f, Unavailable)
	}
}

// leave is Done for someone outside too: that is what they wished.
func (l *Lobby) leave(e Leave) {
	p, _ := l.from(e.From)
	if p == nil {
		return
	}
	if !p.idle() {
		l.depart(p)
	}
	l.done(e.From)
}

func (l *Lobby) setBusy(e SetBusy) {
	p, _ := l.inside(e.From)
	switch {
	case p == nil:
	case p.meeting != nil:
		l.refuse(e.From, SelfBusy)
	case !p.in:
		l.refuse(e.From, NotIn)
	default:
		if p.paused && !e.Busy {
			// Who pauses does not wait; the time away earns no place in the reel.
			p.since = l.now
		}
		p.paused = e.Busy
		l.self(p)
		l.done(e.From)
		l.mask(p)
	}
}
