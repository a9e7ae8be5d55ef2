package load

import (
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/wire"
)

// meeting is one invite and the call that may come of it, put together from
// what both people said and were told. Index 0 is the caller, 1 the callee.
type meeting struct {
	id        int64
	people    [2]int64 // zero until one of them was told of the ring
	rang      [2]bool  // has been told that it rings
	over      [2]bool  // has been told that the ring came to nothing
	started   [2]bool
	ended     [2]bool
	startedAt int64 // server's ms
	unsure    bool  // one of the two lost track of it; it is not judged any more

	acceptedBy, declinedBy, rescindedBy int64
	acceptedAt                          time.Time
	words                               []word
}

// word is one chat line or signal on its way.
type word struct {
	from    int64
	ref     uint32
	kind    string
	body    string
	at      time.Time
	arrived bool
	excused bool // the sender's line was lost meanwhile: it may have left, or not
}

func (r *Referee) meeting(id int64) *meeting {
	m := r.meetings[id]
	if m == nil {
		if m = r.finished[id]; m != nil {
			return m
		}
		m = &meeting{id: id}
		r.meetings[id] = m
	}
	return m
}

func (m *meeting) side(id int64) int { return slices.Index(m.people[:], id) }

// open: something of it is still to come.
func (m *meeting) open() bool {
	for i := range m.people {
		if (m.rang[i] && !m.over[i] && !m.started[i]) || (m.started[i] && !m.ended[i]) {
			return true
		}
	}
	return false
}

// Only the right person's word counts; people[1] is known by the time they can answer.

func (m *meeting) accepts(id int64, at time.Time) {
	if id == m.people[1] && m.acceptedBy == 0 {
		m.acceptedBy, m.acceptedAt = id, at
	}
}

func (m *meeting) declines(id int64) {
	if id == m.people[1] {
		m.declinedBy = id
	}
}

func (m *meeting) rescinds(id int64) {
	if id == m.people[0] {
		m.rescindedBy = id
	}
}

func (m *meeting) say(from int64, ref uint32, kind, body string, at time.Time) {
	m.words = append(m.words, word{from: from, ref: ref, kind: kind, body: body, at: at})
}

// withdraw forgets a word that the server refused.
func (m *meeting) withdraw(from int64, ref uint32) {
	m.words = slices.DeleteFunc(m.words, func(w word) bool { return w.from == from && w.ref == ref })
}

// excuse no longer expects what someone said over a line that is lost. It may
// arrive all the same, when the other one's line is back.
func (m *meeting) excuse(from int64) {
	for i := range m.words {
		if w := &m.words[i]; w.from == from && !w.arrived {
			w.excused = true
		}
	}
}

func (r *Referee) violate(m *meeting, kind, format string, args ...any) {
	if !m.unsure {
		r.violations.add(kind, format, args...)
	}
}

// rings: caller's invite rings at callee, as one of them (told) hears.
func (r *Referee) rings(caller, callee, call, told int64, at time.Time) {
	m := r.meeting(call)
	switch {
	case m.people == [2]int64{}:
		m.people = [2]int64{caller, callee}
	case m.people != [2]int64{caller, callee}:
		r.violate(m, "ring_to_stranger", "call %d is between %v, but %d was told of %d and %d", call, m.people, told, caller, callee)
		return
	}
	asked, ok := r.asks[[2]int64{caller, callee}]
	if !ok {
		r.violate(m, "ring_unasked", "call %d: %d never invited %d", call, caller, callee)
	}
	side := m.side(told)
	first := !m.rang[side]
	m.rang[side] = true
	if !first {
		return // prolonged
	}
	s := r.seat(told)
	if s.call != 0 {
		r.violate(m, "ring_in_call", "call %d rings at %d, who is in call %d", call, told, s.call)
	}
	if s.ring != 0 && s.ring != call {
		r.violate(m, "two_rings", "%d has rings %d and %d", told, s.ring, call)
	}
	s.ring = call
	if told == callee {
		r.reached(&r.times.Ring, asked, at)
	}
}

func (r *Referee) ringEnded(s *seat, say wire.ServerInviteEnded) {
	m := r.meeting(say.Call)
	i := m.side(s.id)
	if i < 0 {
		r.violate(m, "delivery_to_stranger", "invite.ended of %d to %d; it was between %v", say.Call, s.id, m.people)
		return
	}
	m.over[i] = true
	if s.ring == say.Call {
		s.ring = 0
	}
	if (say.Reason == "declined" && m.declinedBy != m.people[1]) || (say.Reason == "rescinded" && m.rescindedBy != m.people[0]) {
		r.violate(m, "answered_by_stranger", "invite %d between %v was %s by neither", say.Call, m.people, say.Reason)
	}
	r.settle(m)
}

// member checks that a call's event reached one of its members while it ran,
// and returns their side, or -1.
func (r *Referee) member(s *seat, call int64, what string) int {
	m := r.meeting(call)
	i := m.side(s.id)
	switch {
	case i < 0:
		r.violate(m, "delivery_to_stranger", "%s of call %d to %d; it is between %v", what, call, s.id, m.people)
		return -1
	case !m.started[i]:
		r.violate(m, "delivery_before_start", "%s of call %d to %d", what, call, s.id)
		return -1
	case m.ended[i]:
		r.violate(m, "delivery_after_end", "%s of call %d to %d", what, call, s.id)
		return -1
	}
	return i
}

func (r *Referee) callStarted(s *seat, say wire.ServerCallStarted, at time.Time) {
	m := r.meeting(say.Call)
	i := m.side(s.id)
	if i < 0 {
		r.violate(m, "delivery_to_stranger", "call.started %d to %d; it is between %v", say.Call, s.id, m.people)
		return
	}
	if other := bot.CardOf(say.Other).ID; other != m.people[1-i] {
		r.violate(m, "wrong_partner", "call %d of %d is with %d, not %d", say.Call, s.id, m.people[1-i], other)
	}
	if s.call != 0 && s.call != say.Call {
		r.violate(m, "two_calls", "%d is in calls %d and %d", s.id, s.call, say.Call)
	}
	if m.started[i] {
		if !say.Resumed {
			r.violate(m, "started_twice", "call %d at %d", say.Call, s.id)
		}
		return
	}
	if m.over[i] {
		r.violate(m, "started_after_no", "call %d at %d", say.Call, s.id)
	}
	if !m.started[1-i] {
		r.firstStart(m, say)
	}
	m.started[i], s.call, s.last = true, say.Call, m
	if s.ring == say.Call {
		s.ring = 0
	}
	r.inCalls++
	if i == 0 && m.acceptedBy == m.people[1] {
		r.took(&r.times.Start, m.acceptedAt, at)
	}
}

// firstStart judges whether the call should be at all.
func (r *Referee) firstStart(m *meeting, say wire.ServerCallStarted) {
	r.started++
	m.startedAt = say.StartedAt
	_, glare := r.asks[[2]int64{m.people[1], m.people[0]}]
	if m.acceptedBy != m.people[1] && !glare {
		r.violate(m, "answered_by_stranger", "call %d between %v started, but %d never accepted", m.id, m.people, m.people[1])
	}
	if until := r.bars[pairOf(m.people[0], m.people[1])]; until > say.StartedAt {
		r.violate(m, "cooldown_broken", "call %d between %v started at %d; they are kept apart until %d", m.id, m.people, say.StartedAt, until)
	}
}

// delivered judges a chat line or signal that arrived.
func (r *Referee) delivered(s *seat, call int64, kind, body string, at time.Time) {
	i := r.member(s, call, kind)
	if i < 0 {
		return
	}
	m := r.meeting(call)
	from := m.people[1-i]
	said := func(arrived bool) *word {
		for j := range m.words {
			if w := &m.words[j]; w.from == from && w.kind == kind && w.arrived == arrived && w.became(body) {
				return w
			}
		}
		return nil
	}
	w := said(false)
	switch {
	case w == nil && said(true) != nil:
		r.violate(m, "delivered_twice", "%s of call %d to %d", kind, call, s.id)
		return
	case w == nil:
		r.violate(m, "delivered_unsaid", "%s of call %d to %d, which %d never said in it", kind, call, s.id, from)
		return
	}
	w.arrived = true
	if kind == "chat" {
		r.reached(&r.times.Chat, w.at, at)
		return
	}
	r.signals.Pieces++
	r.signals.Said += int64(len(w.body))
	r.signals.Heard += int64(len(body))
	if kind == "offer" {
		r.reached(&r.times.Offer, w.at, at)
	}
}

// became says whether a body that arrived is this word's. The server may put
// signalling on a diet; what its own check lets it leave out is no change, and
// what makes a piece unlike any other (a description's o= line, a candidate's
// address) is nothing it may leave out. Chat arrives as it was said.
func (w *word) became(body string) bool {
	return w.body == body || w.kind != "chat" && policy.CheckSignal(w.kind, []byte(w.body), []byte(body)) == nil
}

func (r *Referee) callEnded(s *seat, say wire.ServerCallEnded) {
	m := r.meeting(say.Call)
	i := m.side(s.id)
	switch {
	case i < 0:
		r.violate(m, "delivery_to_stranger", "call.ended %d to %d; it was between %v", say.Call, s.id, m.people)
		return
	case m.ended[i]:
		r.violate(m, "ended_twice", "call %d at %d", say.Call, s.id)
		return
	case !m.started[i]:
		r.violate(m, "ended_unstarted", "call %d at %d", say.Call, s.id)
		return
	}
	m.ended[i] = true
	r.inCalls--
	if s.call == say.Call {
		s.call = 0
	}
	r.settle(m)
}

// loseTrack ends a person's part of what ran, as far as the referee can know.
func (r *Referee) loseTrack(s *seat) {
	for _, id := range []int64{s.ring, s.call} {
		m := r.meetings[id]
		if id == 0 || m == nil {
			continue
		}
		m.unsure = true
		if i := m.side(s.id); m.started[i] {
			m.ended[i] = true
			r.inCalls--
		} else {
			m.over[i] = true
		}
		r.settle(m)
	}
	s.ring, s.call = 0, 0
}

// settle files a meeting that both have seen the end of. Words that have not
// arrived stay: the server may still say that it refused them.
func (r *Referee) settle(m *meeting) {
	if m.open() {
		return
	}
	if m.started == [2]bool{} {
		if m.over == m.rang && m.rang == [2]bool{true, true} {
			delete(r.meetings, m.id)
		}
		return
	}
	if m.ended == [2]bool{true, true} {
		m.words = slices.DeleteFunc(m.words, func(w word) bool { return w.arrived || w.excused })
		m.words = slices.Clip(m.words)
		r.finished[m.id] = m
		for _, id := range m.people {
			s := r.seat(id)
			s.calls = append(s.calls, m)
		}
		delete(r.meetings, m.id)
	}
}
