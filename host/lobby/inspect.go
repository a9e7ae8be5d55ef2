package lobby

// Seq is the number of steps so far.
func (l *Lobby) Seq() uint64 { return l.seq }

// Activity says what a person is doing; of someone unknown, Outside.
func (l *Lobby) Activity(id PersonID) Activity {
	if p := l.people[id]; p != nil {
		return p.activity()
	}
	return Outside
}

// CallOf is the meeting (a ring or a call) a person is in; 0 for none.
func (l *Lobby) CallOf(id PersonID) CallID {
	if p := l.people[id]; p != nil {
		return p.callID()
	}
	return 0
}

// Counts are for statistics: people inside, how many of them can be invited,
// rings (settling ones too), and calls.
func (l *Lobby) Counts() (people, free, rings, calls int) {
	return l.present, l.free, len(l.meetings) - l.calls, l.calls
}

func (p *person) activity() Activity {
	if m := p.meeting; m != nil {
		switch {
		case m.phase == calling:
			return InCall
		case m.phase == settling:
			return Settling
		case m.caller.p == p:
			return Inviting
		default:
			return Invited
		}
	}
	switch {
	case p.load != nil:
		return Entering
	case !p.in:
		return Outside
	case p.paused:
		return Paused
	default:
		return Browsing
	}
}

func (p *person) callID() CallID {
	if p.meeting == nil {
		return 0
	}
	return p.meeting.id
}
