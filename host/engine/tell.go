package engine

import (
	"encoding/json"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/wire"
)

func (e *Engine) envelope(seq uint64) wire.Envelope {
	return wire.Envelope{Lobby: e.cfg.Lobby, Epoch: e.cfg.Epoch, Seq: seq}
}

// tell sends a notice to one stream of a person or to each.
func (e *Engine) tell(t lobby.Tell) {
	p := e.people[t.To]
	if p == nil {
		return
	}
	ev := e.translate(t)
	for _, s := range p.streams {
		if t.Conn == 0 || t.Conn == s.id {
			e.send(s, ev)
		}
	}
}

// send numbers what is reliable, keeps it, and hands it to the socket if there is one.
func (e *Engine) send(s *stream, ev wire.Server) {
	env := e.envelope(0)
	if ev.Reliable() {
		s.seq++
		env.Seq = s.seq
	}
	frame := s.encoding.Append(nil, env, ev)
	if ev.Reliable() {
		e.people[s.person].keep(s, frame, e.outboxMax())
	}
	if s.sink != nil {
		s.sink.Send(frame)
	}
}

// translate gives a notice its wire form, adding what travels beside it: cards
// and ICE servers.
func (e *Engine) translate(t lobby.Tell) wire.Server {
	switch n := t.Notice.(type) {
	case lobby.Done:
		return wire.ServerDone{Ref: int64(n.Ref)}
	case lobby.Refused:
		return wire.Refuse(n.Ref, n.Code, n.Field, n.Until)
	case lobby.Self:
		return wire.ServerSelf{Activity: string(n.Activity), Call: int64(n.Call), Here: n.Here}
	case lobby.Ringing:
		return wire.ServerInviteRinging{Call: int64(n.Call), Other: e.card(n.Other), Seconds: int64(n.Seconds), Until: n.Until, Waits: int64(n.Waits)}
	case lobby.Incoming:
		return wire.ServerInviteIncoming{Call: int64(n.Call), Other: e.card(n.Other), Seconds: int64(n.Seconds), Until: n.Until}
	case lobby.RingEnded:
		return wire.ServerInviteEnded{Call: int64(n.Call), Other: int64(n.Other), Reason: n.Reason}
	case lobby.CallStarted:
		servers, until := e.deps.ICE(t.To, time.UnixMilli(e.last))
		return wire.ServerCallStarted{Call: int64(n.Call), Other: e.card(n.Other), Seconds: int64(n.Seconds),
			StartedAt: n.StartedAt, Deadline: n.Deadline, Polite: n.Polite, Resumed: n.Resumed,
			ICEServers: servers, ICEUntil: until}
	case lobby.CallPeer:
		return wire.ServerCallPeer{Call: int64(n.Call), Lost: n.Lost, Until: n.Until}
	case lobby.SignalFrom:
		return wire.ServerCallSignal{Call: int64(n.Call), Kind: n.Kind, Data: string(n.Body)}
	case lobby.ChatFrom:
		return wire.ServerCallChat{Call: int64(n.Call), Text: string(n.Body), At: n.At}
	case lobby.SharedBy:
		return wire.ServerCallShared{Call: int64(n.Call), Socials: socials(n.Body)}
	case lobby.CallEnded:
		return wire.ServerCallEnded{Call: int64(n.Call), Other: int64(n.Other), Reason: n.Reason, Talked: n.Talked, Mine: n.Mine}
	case lobby.Cooldown:
		return wire.ServerCooldown{Other: int64(n.Other), Until: n.Until, Reason: n.Reason}
	}
	// The set of notices is closed; a test translates every one.
	return wire.Refuse(0, wire.CodeInternal, "", 0)
}

// nameless is the card of someone whose face is not at hand.
func nameless(id lobby.PersonID) []byte {
	return wire.AppendCard(nil, wire.Card{ID: int64(id)})
}

// socials reads back what present.set encoded.
func socials(body []byte) []wire.Social {
	list := []wire.Social{}
	if err := json.Unmarshal(body, &list); err != nil {
		return []wire.Social{}
	}
	return list
}

// updated is what the reel has for a viewer.
type updated struct{ u reel.Update }

func (m updated) apply(e *Engine) {
	r := &rendering{engine: e, u: m.u}
	for _, id := range m.u.Conns {
		s := e.streams[id]
		if s == nil || s.person != m.u.Viewer {
			continue
		}
		e.show(s, r)
	}
}

func reelEvent(u reel.Update) wire.Server {
	put := make([]wire.Entry, len(u.Put))
	for i, x := range u.Put {
		put[i] = wire.Entry{Card: x.Card, Score: int64(x.Score), Busy: x.Busy}
	}
	if u.Full {
		return wire.ServerReelFull{At: int64(u.At), Gen: u.Gen.String(), Entries: put}
	}
	d := wire.ServerReelDelta{At: int64(u.At), Put: put, Gone: ids(u.Gone), Busy: ids(u.Busy), Free: ids(u.Free)}
	d.Score = scores(u.Scores)
	return d
}

func scores(entries []reel.Entry) []wire.ServerReelDeltaScore {
	out := make([]wire.ServerReelDeltaScore, len(entries))
	for i, x := range entries {
		out[i] = wire.ServerReelDeltaScore{ID: int64(x.Person), Score: int64(x.Score)}
	}
	return out
}

func ids(people []lobby.PersonID) []int64 {
	out := make([]int64, len(people))
	for i, p := range people {
		out[i] = int64(p)
	}
	return out
}
