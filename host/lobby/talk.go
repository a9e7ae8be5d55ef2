package lobby

// talk finds whom a word in a call is for. Only the bound connection of a member
// may speak in it; anyone else is refused here.
func (l *Lobby) talk(f From, call CallID) (to *side) {
	p, c := l.inside(f)
	if p == nil {
		return nil
	}
	s := p.running(call)
	switch {
	case s == nil:
		l.refuse(f, NoSuchCall)
	case s.conn != c.id:
		l.refuse(f, NotHere)
	default:
		return s.m.other(p)
	}
	return nil
}

// pass hands a notice to a side's bound connection. If that is lost, its outbox
// keeps it; if there never was one (after a restart), nobody is there to hear.
func (l *Lobby) pass(to *side, n Notice) {
	if to.conn != 0 {
		l.tell(to.p.id, to.conn, n)
	}
}

func (l *Lobby) signal(e Signal) {
	to := l.talk(e.From, e.Call)
	if to == nil {
		return
	}
	switch e.Kind {
	case "offer", "answer", "candidate":
		l.pass(to, SignalFrom{Call: e.Call, Kind: e.Kind, Body: e.Body})
	default:
		l.refuseWith(e.From, Refused{Code: NoSuchCall, Field: "kind"})
	}
}

func (l *Lobby) chat(e Chat) {
	to := l.talk(e.From, e.Call)
	switch {
	case to == nil:
	case e.Runes > l.rules.MaxChat:
		l.refuse(e.From, TooLong)
	default:
		l.pass(to, ChatFrom{Call: e.Call, At: l.now, Body: e.Body})
		l.done(e.From)
	}
}

func (l *Lobby) share(e Share) {
	if to := l.talk(e.From, e.Call); to != nil {
		l.pass(to, SharedBy{Call: e.Call, Body: e.Body})
		l.done(e.From)
	}
}
