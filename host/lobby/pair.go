package lobby

import "slices"

// tie is what the lobby knows of two people: until when they are barred from
// each other, and how often they met. Both people's ties hold it while they are
// known here; the store holds it beyond that.
type tie struct {
	until  int64 // ms; Forever for a block; not after now: no bar
	reason string
	call   CallID // the meeting the bar came of; 0 for a block or one read from the store
	met    int
}

// tieOf is the strictest that is known of two people.
func (l *Lobby) tieOf(x, y PersonID) tie {
	t := l.held.ties[PairOf(x, y)]
	for _, k := range [2][2]PersonID{{x, y}, {y, x}} {
		if p := l.people[k[0]]; p != nil {
			t = stricter(t, p.ties[k[1]])
		}
	}
	return t
}

func stricter(s, t tie) tie {
	met := max(s.met, t.met)
	if t.until > s.until {
		s = t
	}
	s.met = met
	return s
}

// setTie replaces all that is known of two people.
func (l *Lobby) setTie(pair Pair, t tie) {
	for _, k := range [2][2]PersonID{{pair.A, pair.B}, {pair.B, pair.A}} {
		if p := l.people[k[0]]; p != nil {
			p.tie(k[1], t, l.now)
		}
	}
	if _, ok := l.held.ties[pair]; !ok {
		return
	}
	if t.until > l.now {
		l.held.set(pair, t, l.now)
	} else {
		l.held.drop(pair)
	}
}

// tie remembers one, and from time to time forgets those that are over.
func (p *person) tie(other PersonID, t tie, now int64) {
	p.ties[other] = t
	if len(p.ties) < p.sweepAt {
		return
	}
	for id, t := range p.ties {
		if t.until <= now && t.met == 0 {
			delete(p.ties, id)
		}
	}
	p.sweepAt = 2*len(p.ties) + 16
}

// learn takes over a bar as the store had it. What happened since may be
// stricter, and stays.
func (l *Lobby) learn(p *person, b Bar) {
	if b.Other > 0 && b.Other != p.id {
		p.tie(b.Other, stricter(p.ties[b.Other], tie{until: min(b.Until, Forever), reason: b.Reason, met: b.Met}), l.now)
	}
}

// barsOf lists all that keeps a person from others now, by the other's id.
func (l *Lobby) barsOf(p *person) []Bar {
	var others []PersonID
	for id := range p.ties {
		others = append(others, id)
	}
	for id := range l.held.with[p.id] {
		others = append(others, id)
	}
	slices.Sort(others)
	var bars []Bar
	for _, id := range slices.Compact(others) {
		if t := l.tieOf(p.id, id); t.until > l.now {
			bars = append(bars, Bar{Other: id, Until: t.until, Reason: t.reason, Met: t.met})
		}
	}
	return bars
}

// bar keeps a meeting's two people apart until then. It replaces what came of
// the same meeting; against anything else the later Until wins (as CooldownSet).
// It reports whether the bar came to stand.
func (l *Lobby) bar(m *meeting, until int64, reason string) bool {
	pair := m.pair()
	t := l.tieOf(pair.A, pair.B)
	// A bar that was read from the store does not say which call it came of; the
	// provisional one is known by its Until.
	same := t.call == m.id || m.start.Call != 0 && t.until == m.start.CooldownUntil
	stands := t.until != Forever && (same || until > t.until)
	if stands {
		t.until, t.reason, t.call = until, reason, m.id
	}
	t.met = max(t.met, m.met)
	l.setTie(pair, t)
	return stands
}

// barUnsaved is bar for one that the store does not have (yet): it outlives the
// two people's presence here.
func (l *Lobby) barUnsaved(m *meeting, until int64, reason string) {
	if l.bar(m, until, reason) {
		l.hold(m.pair())
	}
}

// hold remembers a pair's bar independently of whether its people are here, if
// there is room.
func (l *Lobby) hold(pair Pair) { l.held.set(pair, l.tieOf(pair.A, pair.B), l.now) }

// saved lets go of a held bar that the store has now.
func (l *Lobby) saved(pair Pair, until int64) {
	if t, ok := l.held.ties[pair]; ok && t.until == until {
		l.held.drop(pair)
	}
}

// feedBar tells the reel what stands between two people, if either is in it.
func (l *Lobby) feedBar(pair Pair) {
	a, b := l.people[pair.A], l.people[pair.B]
	if a != nil && a.in || b != nil && b.in {
		l.feed(Barred{Pair: pair, Until: l.tieOf(pair.A, pair.B).until})
	}
}

func (l *Lobby) block(e Block) {
	l.shun(e.From, e.Other, BlockSet{By: e.Person, Of: e.Other, At: l.now})
}

func (l *Lobby) report(e Report) {
	w := ReportFiled{By: e.Person, Of: e.Other, At: l.now, Reason: e.Reason, Body: e.Body}
	if p := l.people[e.Person]; p != nil {
		if s := p.bound(); s != nil && s.m.other(p).p.id == e.Other {
			w.Call = s.m.id
		}
	}
	l.shun(e.From, e.Other, w)
}

// shun parts two people for ever: at once in here, and Done when it is stored.
// Someone still outside may do it too: safety waits for nothing.
func (l *Lobby) shun(f From, other PersonID, w Write) {
	p, _ := l.from(f)
	switch {
	case p == nil:
		return
	case other == p.id || other <= 0:
		l.refuse(f, BadTarget)
		return
	}
	pair := PairOf(p.id, other)
	t := l.tieOf(p.id, other)
	t.until, t.reason, t.call = Forever, "block", 0
	l.setTie(pair, t)
	l.hold(pair)
	if m := p.meeting; m != nil && m.other(p).p.id == other {
		l.shunMeeting(m, p, w)
	} else {
		l.feedBar(pair)
	}
	l.store(w, func(o outcome) {
		if o != stored {
			l.refuse(f, Unavailable)
			return
		}
		l.saved(pair, Forever)
		l.done(f)
	})
}

// shunMeeting ends what the two are in, without showing why.
func (l *Lobby) shunMeeting(m *meeting, by *person, w Write) {
	if m.phase == calling {
		_, m.reported = w.(ReportFiled)
		l.endCall(m, "blocked", by.id)
		return
	}
	l.feedBar(m.pair())
	if m.verdict != "" {
		l.endRing(m, m.verdict)
	} else {
		l.abandon(m)
	}
}
