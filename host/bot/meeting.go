package bot

import (
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// The part of an evening that is about the other one: invites and calls.

// again is when an end that may have been lost with the line is said once more.
const again = 2 * time.Second

func (e *Evening) planInvite() {
	if e.Habits.InviteMean == 0 {
		return
	}
	e.agenda.in(e.Habits.InviteLeast+exponential(e.Rand, e.Habits.InviteMean), "invite", func() {
		if e.free() && (e.Eager == nil || e.Eager(e.Rand)) {
			e.invite()
		}
		e.planInvite()
	})
}

// invite asks somebody random of those in the reel who are free.
func (e *Evening) invite() {
	var ids []int64
	for _, en := range e.Person.Reel() {
		if !en.Busy {
			ids = append(ids, en.Card.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	if to, ok := e.Host.Choose(e, ids); ok {
		e.asking = e.say(wire.ClientInviteSend{To: to, Seconds: int64(e.Habits.Seconds)})
	}
}

// rings: our invite reached the other. Sent again when it is prolonged.
func (e *Evening) rings(say wire.ServerInviteRinging) {
	e.asking = 0
	if e.ringing == say.Call {
		return
	}
	e.ringing = say.Call
	if e.winding {
		e.say(wire.ClientInviteRescind{Call: say.Call})
		return
	}
	e.agenda.in(e.Habits.Patience, "ring", func() { e.say(wire.ClientInviteRescind{Call: say.Call}) })
}

// incoming: somebody invites us. Sent again when it is prolonged.
func (e *Evening) incoming(say wire.ServerInviteIncoming) {
	if e.invited == say.Call {
		return
	}
	e.asking, e.invited = 0, say.Call // an invite of ours that crossed theirs is refused or became theirs
	if e.winding {
		return
	}
	accept := e.Rand.Float64() < e.Habits.Accept
	e.agenda.in(between(e.Rand, e.Habits.AnswerMin, e.Habits.AnswerMax), "ring", func() {
		if accept {
			e.say(wire.ClientInviteAccept{Call: say.Call, Seconds: int64(e.Habits.Seconds)})
		} else {
			e.say(wire.ClientInviteDecline{Call: say.Call})
		}
	})
}

func (e *Evening) started(say wire.ServerCallStarted) {
	e.agenda.forget("ring")
	e.asking, e.ringing, e.invited = 0, 0, 0
	if e.call == say.Call {
		return // carried on
	}
	e.call, e.caller = say.Call, !say.Polite
	other := CardOf(say.Other)
	e.guest = e.Host.Human(other.ID)
	if e.guest {
		e.Host.Greet(e, say.Call)
		return
	}
	h, call := e.Habits, say.Call
	for i, at := range h.ChatAt {
		if (i%2 == 0) == e.caller {
			e.during(at, func() { e.say(wire.ClientCallChat{Call: call, Text: line(e.Person.ID, call, i)}) })
		}
	}
	if !e.caller {
		return
	}
	if e.winding {
		e.say(wire.ClientCallEnd{Call: call})
		return
	}
	if h.Offer != "" && !say.Resumed {
		e.during(h.OfferAfter, func() {
			e.say(wire.ClientCallSignal{Call: call, Kind: "offer", Data: description(h.Offer, e.Person.ID, call)})
			e.trickle(call)
		})
	}
	e.during(between(e.Rand, h.EndMin, h.EndMax), func() { e.hangUp(call) })
}

// hangUp ends the call, as soon as there is a line to say so over.
func (e *Evening) hangUp(call int64) {
	e.say(wire.ClientCallEnd{Call: call})
	e.during(again, func() { e.hangUp(call) }) // falls away when the call does
}

// during plans something that falls away with the call.
func (e *Evening) during(d time.Duration, do func()) { e.agenda.in(d, "call", do) }

func (e *Evening) answerOffer(call int64) {
	if e.Habits.Answer == "" {
		return
	}
	e.during(e.Habits.AnswerAfter, func() {
		e.say(wire.ClientCallSignal{Call: call, Kind: "answer", Data: description(e.Habits.Answer, e.Person.ID, call)})
		e.trickle(call)
	})
}

func (e *Evening) trickle(call int64) {
	for i := range e.Habits.Candidates {
		e.during(time.Duration(i+1)*e.Habits.CandidateEvery, func() {
			e.say(wire.ClientCallSignal{Call: call, Kind: "candidate", Data: candidate(e.Rand, i)})
		})
	}
}
