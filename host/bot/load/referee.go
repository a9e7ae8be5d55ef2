package load

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/wire"
)

// answerWait is how long a request may stay without done or error.
const answerWait = 30 * time.Second

// Referee watches everybody's sockets at once and judges. It is the Witness of
// all bots of a run; because it hears of what is said before it is written, it
// knows who may hear it. Safe for concurrent use.
//
// Three counts are kept apart: errors (something failed), violations (something
// happened that must never happen), and refusals that two people's races
// explain, which are neither.
type Referee struct {
	mu       sync.Mutex
	seats    map[int64]*seat
	meetings map[int64]*meeting
	asks     map[[2]int64]time.Time // who asked whom, and when last
	bars     map[[2]int64]int64     // pair -> until (server's ms)
	finished map[int64]*meeting     // calls both have seen the end of

	errors, violations, refusals tally
	measuring                    bool
	times                        Times
	connected, inCalls           int
	invites, started             int64
	signals                      Signals

	now  Histogram       // of this second; see second
	p99s []time.Duration // of each second that is over
}

// Times are the latencies of the measured part of a run.
type Times struct {
	ReelFull  Histogram // lobby.enter, or a resuming hello, sent -> reel.full
	ReelDelta Histogram // invite sent -> a viewer's delta says that one of the two is busy
	Reel      Histogram // both together
	Ring      Histogram // invite sent -> it rings at the other
	Start     Histogram // accept sent -> the call starts at the caller
	Chat      Histogram // line sent -> it arrives
	Offer     Histogram // offer sent -> it arrives
}

// seat is what the referee knows of a person.
type seat struct {
	id        int64
	connected bool
	entered   time.Time  // of a lobby.enter without its reel yet
	busySince time.Time  // when what last made this person busy was done
	seen      bool       // has been welcomed before
	ring      int64      // the ring this person has been told of, while it rings
	call      int64      // the call this person has been told they are in
	last      *meeting   // that call, or the one before
	calls     []*meeting // finished ones
	pending   []request
}

// request waits for done or error.
type request struct {
	ref uint32
	at  time.Time
	say wire.Client
}

// NewReferee watches from now on.
func NewReferee() *Referee {
	return &Referee{
		seats: map[int64]*seat{}, meetings: map[int64]*meeting{}, asks: map[[2]int64]time.Time{},
		bars: map[[2]int64]int64{}, finished: map[int64]*meeting{},
		errors: newTally(), violations: newTally(), refusals: newTally(),
	}
}

func (r *Referee) seat(id int64) *seat {
	s := r.seats[id]
	if s == nil {
		s = &seat{id: id}
		r.seats[id] = s
	}
	return s
}

// Measure begins (true) or ends the part of the run whose latencies count.
func (r *Referee) Measure(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.measuring = on
}

func (r *Referee) took(h *Histogram, from, to time.Time) {
	if r.measuring && !from.IsZero() {
		h.Add(to.Sub(from))
	}
}

// Error counts a failure the bots themselves cannot see.
func (r *Referee) Error(kind string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors.add(kind, "%v", err)
}

// Refusal counts a refusal that is none of the server's faults.
func (r *Referee) Refusal(kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusals.add(kind, "")
}

// Said notes what a person is about to send.
func (r *Referee) Said(p *bot.Person, at time.Time, ref uint32, say wire.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said(p.ID, at, ref, say)
}

func (r *Referee) said(id int64, at time.Time, ref uint32, say wire.Client) {
	s := r.seat(id)
	switch say := say.(type) {
	case wire.ClientHello:
		if say.Stream != 0 {
			s.entered = at
		}
		return
	case wire.ClientAck:
		return
	case wire.ClientLobbyEnter:
		s.entered = at
	case wire.ClientInviteSend:
		r.invites++
		r.asks[[2]int64{id, say.To}] = at
		for _, x := range []*seat{s, r.seat(say.To)} {
			if x.call == 0 && x.ring == 0 {
				x.busySince = at
			}
		}
	case wire.ClientInviteAccept:
		r.meeting(say.Call).accepts(id, at)
	case wire.ClientInviteDecline:
		r.meeting(say.Call).declines(id)
	case wire.ClientInviteRescind:
		r.meeting(say.Call).rescinds(id)
	case wire.ClientCallChat:
		r.meeting(say.Call).say(id, ref, "chat", say.Text, at)
	case wire.ClientCallSignal:
		r.meeting(say.Call).say(id, ref, say.Kind, say.Data, at)
		return // answered only if refused
	}
	if ref != 0 {
		s.pending = append(s.pending, request{ref, at, say})
	}
}

// Heard judges what a person is told.
func (r *Referee) Heard(p *bot.Person, ev *bot.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard(r.seat(p.ID), ev.At, ev.Say)
}

func (r *Referee) heard(s *seat, at time.Time, say wire.Server) {
	switch say := say.(type) {
	case wire.ServerWelcome:
		r.welcomed(s, say)
	case wire.ServerDone:
		s.answered(uint32(say.Ref))
	case wire.ServerError:
		r.refused(s, say)
	case wire.ServerReelFull:
		r.took(&r.times.ReelFull, s.entered, at)
		r.took(&r.times.Reel, s.entered, at)
		s.entered = time.Time{}
	case wire.ServerReelDelta:
		for _, id := range say.Busy {
			if x := r.seats[id]; x != nil {
				r.took(&r.times.ReelDelta, x.busySince, at)
				r.took(&r.times.Reel, x.busySince, at)
			}
		}
	case wire.ServerInviteRinging:
		r.rings(s.id, bot.CardOf(say.Other).ID, say.Call, s.id, at)
	case wire.ServerInviteIncoming:
		r.rings(bot.CardOf(say.Other).ID, s.id, say.Call, s.id, at)
	case wire.ServerInviteEnded:
		r.ringEnded(s, say)
	case wire.ServerCallStarted:
		r.callStarted(s, say, at)
	case wire.ServerCallSignal:
		r.delivered(s, say.Call, say.Kind, say.Data, at)
	case wire.ServerCallChat:
		r.delivered(s, say.Call, "chat", say.Text, at)
	case wire.ServerCallPeer:
		r.member(s, say.Call, "call.peer")
	case wire.ServerCallShared:
		r.member(s, say.Call, "call.shared")
	case wire.ServerCallEnded:
		r.callEnded(s, say)
	case wire.ServerCooldown:
		r.bars[pairOf(s.id, say.Other)] = say.Until
	}
}

// refused sorts an error event: a race of two people, or a failure.
func (r *Referee) refused(s *seat, say wire.ServerError) {
	ref := uint32(say.Ref)
	if q, ok := s.answered(ref); ok {
		if invite, ok := q.say.(wire.ClientInviteSend); ok {
			delete(r.asks, [2]int64{s.id, invite.To})
		}
	}
	if s.last != nil && ref != 0 {
		s.last.withdraw(s.id, ref)
	}
	if raced(say.Code) && ref != 0 {
		r.refusals.add(say.Code, "person %d", s.id)
		return
	}
	r.errors.add("refused_"+say.Code, "person %d, field %q: %s", s.id, say.Field, say.Message)
}

func (r *Referee) welcomed(s *seat, say wire.ServerWelcome) {
	if !s.connected {
		s.connected = true
		r.connected++
	}
	if s.seen && !say.Resumed {
		// From here on this person has no way to know what became of their meeting.
		r.errors.add("not_resumed", "person %d", s.id)
		r.loseTrack(s)
	}
	s.seen = true
}

// raced says whether two people's simultaneous wishes explain a refusal.
func raced(code string) bool {
	switch code {
	case "other_busy", "not_in_reel", "you_are_busy", "no_such_invite", "no_such_call", "on_cooldown":
		return true
	}
	return false
}

func (s *seat) answered(ref uint32) (request, bool) {
	i := slices.IndexFunc(s.pending, func(q request) bool { return q.ref == ref })
	if ref == 0 || i < 0 {
		return request{}, false
	}
	q := s.pending[i]
	s.pending = slices.Delete(s.pending, i, i+1)
	return q, true
}

// Trouble counts what a bot found wrong.
func (r *Referee) Trouble(p *bot.Person, kind string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors.add(kind, "person %d: %v", p.ID, err)
	if strings.HasPrefix(kind, "closed_") {
		r.gone(r.seat(p.ID), time.Time{})
	}
}

// Dropped notes a connection cut on purpose.
func (r *Referee) Dropped(p *bot.Person, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone(r.seat(p.ID), at)
}

// gone excuses what was under way on a lost line: it may never have arrived.
// Others see the person busy from then on; a zero at says that nobody knows when.
func (r *Referee) gone(s *seat, at time.Time) {
	if s.connected {
		s.connected = false
		r.connected--
	}
	s.pending, s.entered = nil, time.Time{}
	if s.call == 0 && s.ring == 0 {
		s.busySince = at
	}
	if s.last != nil {
		s.last.excuse(s.id)
	}
}

// Sweep counts requests that have waited too long for an answer.
func (r *Referee) Sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		for len(s.pending) > 0 && now.Sub(s.pending[0].at) > answerWait {
			r.errors.add("unanswered_"+s.pending[0].say.Name(), "person %d", s.id)
			s.pending = slices.Delete(s.pending, 0, 1)
		}
	}
}

// Quiet says whether nothing is under way: no ring, no call, no request.
func (r *Referee) Quiet() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		if len(s.pending) > 0 || s.call != 0 {
			return false
		}
	}
	for _, m := range r.meetings {
		if m.open() {
			return false
		}
	}
	return true
}

func pairOf(a, b int64) [2]int64 { return [2]int64{min(a, b), max(a, b)} }
