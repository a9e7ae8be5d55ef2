package lobby

import (
	"maps"
	"reflect"
	"slices"

	"pgregory.net/rapid"
)

// judge follows an evening from outside, by events and effects alone (and looks
// inside only to compare), and fails it as soon as a promise is broken.
type judge struct {
	t *rapid.T
	e *evening

	refs   map[uint32]int // requests without their answer yet (Signal may have none)
	silent map[uint32]bool

	starts map[CallID]CallStart // CallStart writes, one each
	ends   map[CallID]CallEnd   // CallEnd writes; repeats must be equal
	told   map[CallID]bool      // CallStarted was told
	over   map[CallID]map[PersonID]bool
	where  map[PersonID]ConnID // where CallStarted was told last
	talks  map[PersonID]CallID
	bars   map[Pair]fence

	inside, shown map[PersonID]bool // as the reel sees it
}

// fence is a bar that must hold; call says which meeting's later answer may move it.
type fence struct {
	until int64
	call  CallID
}

func newJudge(t *rapid.T, e *evening) *judge {
	return &judge{
		t: t, e: e, refs: map[uint32]int{}, silent: map[uint32]bool{},
		starts: map[CallID]CallStart{}, ends: map[CallID]CallEnd{}, told: map[CallID]bool{},
		over: map[CallID]map[PersonID]bool{}, where: map[PersonID]ConnID{}, talks: map[PersonID]CallID{},
		bars: map[Pair]fence{}, inside: map[PersonID]bool{}, shown: map[PersonID]bool{},
	}
}

func (j *judge) recovered(calls []CallStart) {
	for _, st := range calls {
		j.starts[st.Call], j.told[st.Call] = st, true
	}
}

func (j *judge) step(ev Event, out []Effect) {
	f := fromOf(ev)
	if f.Ref != 0 {
		j.refs[f.Ref] = 0
		_, j.silent[f.Ref] = ev.(Signal)
	}
	for _, ef := range out {
		switch ef := ef.(type) {
		case Tell:
			j.tell(f, ef)
		case Store:
			j.store(ev, ef.Write)
		case Ask:
			j.ask(ev, ef.Case)
		case Feed:
			j.feed(ef)
		}
	}
	j.block(ev)
	j.oneMeetingEach()
	j.counted()
	j.reelAgrees()
	if at, ok := j.e.l.NextDeadline(); ok && at <= j.e.l.now {
		j.t.Fatalf("due at %d and not done at %d", at, j.e.l.now)
	}
}

func fromOf(ev Event) From {
	if f := reflect.ValueOf(ev).FieldByName("From"); f.IsValid() {
		return f.Interface().(From)
	}
	return From{}
}

// tell: each request is answered once, and only members hear a call, where it is bound.
func (j *judge) tell(f From, tl Tell) {
	switch n := tl.Notice.(type) {
	case Done:
		j.answered(n.Ref)
	case Refused:
		j.answered(n.Ref)
	case CallStarted:
		st, ok := j.starts[n.Call]
		if !ok || tl.To != st.A && tl.To != st.B {
			j.t.Fatalf("%d was told of call %d of %d and %d", tl.To, n.Call, st.A, st.B)
		}
		if c, in := j.talks[tl.To]; in && c != n.Call {
			j.t.Fatalf("%d is in calls %d and %d", tl.To, c, n.Call)
		}
		if tl.Conn == 0 {
			j.t.Fatalf("call %d is bound to no connection", n.Call)
		}
		j.talks[tl.To], j.where[tl.To], j.told[n.Call] = n.Call, tl.Conn, true
	case CallEnded:
		if j.over[n.Call] == nil {
			j.over[n.Call] = map[PersonID]bool{}
		}
		if j.over[n.Call][tl.To] || j.talks[tl.To] != n.Call || j.where[tl.To] != tl.Conn {
			j.t.Fatalf("end of call %d told to %d on %d; they are in %d on %d", n.Call, tl.To, tl.Conn, j.talks[tl.To], j.where[tl.To])
		}
		j.over[n.Call][tl.To] = true
		delete(j.talks, tl.To)
	case SignalFrom:
		j.heard(f, tl, n.Call, n.Body)
	case ChatFrom:
		j.heard(f, tl, n.Call, n.Body)
	case SharedBy:
		j.heard(f, tl, n.Call, n.Body)
	case CallPeer:
		if j.talks[tl.To] != n.Call || j.where[tl.To] != tl.Conn {
			j.t.Fatalf("%d heard of call %d on %d", tl.To, n.Call, tl.Conn)
		}
	}
}

func (j *judge) heard(f From, tl Tell, call CallID, body []byte) {
	st := j.starts[call]
	if j.talks[tl.To] != call || j.where[tl.To] != tl.Conn || PairOf(tl.To, f.Person) != PairOf(st.A, st.B) || f.Conn != j.where[f.Person] {
		j.t.Fatalf("%d on %d heard %q of %d on %d in call %d of %d and %d", tl.To, tl.Conn, body, f.Person, f.Conn, call, st.A, st.B)
	}
}

func (j *judge) answered(ref uint32) {
	n, ok := j.refs[ref]
	if !ok || n > 0 {
		j.t.Fatalf("request %d was answered %d times before", ref, n)
	}
	j.refs[ref]++
}

func (j *judge) allAnswered() {
	for _, ref := range slices.Sorted(maps.Keys(j.refs)) {
		if j.refs[ref] == 0 && !j.silent[ref] {
			j.t.Errorf("request %d was never answered", ref)
		}
	}
}

// store: a call starts only by its addressee, once, and never between a barred pair.
func (j *judge) store(ev Event, w Write) {
	switch w := w.(type) {
	case CallStart:
		if _, ok := j.starts[w.Call]; ok {
			j.t.Fatalf("call %d is started twice", w.Call)
		}
		if f := fromOf(ev); f.Person != w.B {
			j.t.Fatalf("%#v of %d started the call of %d and %d", ev, f.Person, w.A, w.B)
		}
		if b := j.bars[PairOf(w.A, w.B)]; b.until > j.e.l.now {
			j.t.Fatalf("%d and %d meet at %d, barred until %d", w.A, w.B, j.e.l.now, b.until)
		}
		j.starts[w.Call] = w
	case CallEnd:
		if was, ok := j.ends[w.Call]; ok && was != w {
			j.t.Fatalf("call %d ended as %+v and as %+v", w.Call, was, w)
		}
		if j.told[w.Call] == (w.Reason == "void") {
			j.t.Fatalf("call %d, told %v, ended as %+v", w.Call, j.told[w.Call], w)
		}
		if st := j.starts[w.Call]; w.EndedAt > st.Deadline && w.Reason != "void" {
			j.t.Fatalf("call %d ended %d ms after its deadline", w.Call, w.EndedAt-st.Deadline)
		}
		j.ends[w.Call] = w
	case CooldownSet:
		if w.Reason != "call" {
			j.fence(w.Pair, w.Until, w.Call)
		}
	}
}

// ask: only the two people of a ring can say no to it.
func (j *judge) ask(ev Event, c Case) {
	switch c.What {
	case "declined":
		if _, ok := ev.(Decline); !ok && !goesAway(ev) || c.EndedBy != 2 {
			j.t.Fatalf("%#v declined", ev)
		}
	case "rescinded":
		if _, ok := ev.(Rescind); !ok && !goesAway(ev) || c.EndedBy != 1 {
			j.t.Fatalf("%#v rescinded", ev)
		}
	}
}

// goesAway: leaving in mid-ring is an answer too.
func goesAway(ev Event) bool {
	switch ev.(type) {
	case Leave, Gone:
		return true
	}
	return false
}

// stored: from here on the lobby is told that the write is durable.
func (j *judge) stored(w Write) {
	switch w := w.(type) {
	case CallStart:
		if j.e.l.CallOf(w.A) == w.Call && j.e.l.Activity(w.A) == Settling {
			j.fence(PairOf(w.A, w.B), w.CooldownUntil, w.Call)
		}
	case CooldownSet:
		j.fence(w.Pair, w.Until, w.Call)
	}
}

func (j *judge) fence(p Pair, until int64, call CallID) {
	if b := j.bars[p]; until > b.until || b.call == call && b.until != Forever {
		j.bars[p] = fence{until, call}
	}
}

func (j *judge) block(ev Event) {
	var f From
	var other PersonID
	switch e := ev.(type) {
	case Block:
		f, other = e.From, e.Other
	case Report:
		f, other = e.From, e.Other
	default:
		return
	}
	p := j.e.l.people[f.Person]
	if p == nil || other == f.Person {
		return
	}
	if c := p.conn(f.Conn); c != nil && c.live {
		j.bars[PairOf(f.Person, other)] = fence{until: Forever}
	}
}

// counted: the figures that are kept as things change are those one would count.
func (j *judge) counted() {
	var people, free, rings, calls int
	for _, p := range j.e.l.people {
		if p.in {
			people++
		}
		if p.in && p.shown {
			free++
		}
	}
	for _, m := range j.e.l.meetings {
		if m.phase == calling {
			calls++
		} else {
			rings++
		}
	}
	if p, f, r, c := j.e.l.Counts(); p != people || f != free || r != rings || c != calls {
		j.t.Fatalf("Counts says %d %d %d %d; there are %d %d %d %d", p, f, r, c, people, free, rings, calls)
	}
}

func (j *judge) oneMeetingEach() {
	seen := map[PersonID]CallID{}
	for id, m := range j.e.l.meetings {
		for _, s := range m.sides() {
			if was, ok := seen[s.p.id]; ok {
				j.t.Fatalf("%d is in meetings %d and %d", s.p.id, was, id)
			}
			seen[s.p.id] = id
			if j.e.l.CallOf(s.p.id) != id || j.e.l.people[s.p.id] != s.p {
				j.t.Fatalf("%d does not know of meeting %d", s.p.id, id)
			}
		}
	}
	for id, p := range j.e.l.people {
		if p.meeting != nil && seen[id] != p.meeting.id {
			j.t.Fatalf("%d is in meeting %d, which is over", id, p.meeting.id)
		}
		if len(p.conns) == 0 && p.meeting == nil {
			j.t.Fatalf("%d is remembered for nothing", id)
		}
		if len(p.conns) > max(1, j.e.rules.MaxConns) {
			j.t.Fatalf("%d has %d connections", id, len(p.conns))
		}
	}
	for id, call := range j.talks {
		if j.e.l.CallOf(id) != call {
			j.t.Fatalf("%d was not told that call %d is over", id, call)
		}
	}
}

// feed: the reel hears of each change once, and only of people it knows.
func (j *judge) feed(f Feed) {
	if f.Seq != j.e.l.Seq() {
		j.t.Fatalf("news of step %d in step %d", f.Seq, j.e.l.Seq())
	}
	ok := true
	switch n := f.News.(type) {
	case Entered:
		ok = !j.inside[n.Person]
		j.inside[n.Person], j.shown[n.Person] = true, true
	case Left:
		ok = j.inside[n.Person]
		delete(j.inside, n.Person)
		delete(j.shown, n.Person)
	case Free:
		ok = j.inside[n.Person] && !j.shown[n.Person]
		j.shown[n.Person] = true
	case Busy:
		ok = j.shown[n.Person]
		delete(j.shown, n.Person)
	case Recast:
		ok = j.inside[n.Person]
	case Watch:
		ok = j.inside[n.Person]
	}
	if !ok {
		j.t.Fatalf("senseless news: %#v", f.News)
	}
}

func (j *judge) reelAgrees() {
	for id := range PersonID(j.e.people + 1) {
		p := j.e.l.people[id]
		live := p != nil && p.anyLive() != nil
		if want := j.e.l.Activity(id) == Browsing && live; j.shown[id] != want {
			j.t.Fatalf("%d is %s (a live connection: %v), and the reel shows them: %v", id, j.e.l.Activity(id), live, j.shown[id])
		}
	}
}

// allEnded: every call that was told has its one end, and both heard of it.
func (j *judge) allEnded() {
	for call := range j.told {
		if _, ok := j.ends[call]; !ok {
			j.t.Errorf("call %d never ended", call)
		}
	}
	if len(j.talks) > 0 {
		j.t.Errorf("still in a call: %v", j.talks)
	}
}
