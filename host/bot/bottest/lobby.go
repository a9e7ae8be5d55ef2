package bottest

import "github.com/napalmsky/napalmsky/host/wire"

// do is the lobby's whole rulebook. It runs under mu.
func (s *Server) do(p *person, ref int64, ev wire.Client) {
	s.step++
	switch ev := ev.(type) {
	case wire.ClientAck:
		for n := range p.kept {
			if n <= uint64(ev.Seq) {
				delete(p.kept, n)
			}
		}
	case wire.ClientLobbyEnter:
		if !p.in {
			p.in = true
			s.everyone(p, wire.ServerReelDelta{At: s.step, Put: []wire.Entry{s.entry(p)}})
		}
		s.done(p, ref)
		s.full(p)
	case wire.ClientLobbyLeave:
		p.in = false
		s.everyone(p, wire.ServerReelDelta{At: s.step, Gone: []int64{p.id}})
		s.done(p, ref)
	case wire.ClientLobbyBusy:
		s.done(p, ref)
	case wire.ClientInviteSend:
		s.invite(p, ref, ev)
	case wire.ClientInviteAccept:
		if r := s.ringing(p, ref, ev.Call, false); r != nil {
			s.start(r)
			s.done(p, ref)
		}
	case wire.ClientInviteDecline:
		if r := s.ringing(p, ref, ev.Call, false); r != nil {
			s.bar(r, "declined")
			s.noCall(r, "declined")
			s.done(p, ref)
		}
	case wire.ClientInviteRescind:
		if r := s.ringing(p, ref, ev.Call, true); r != nil {
			s.noCall(r, "rescinded")
			s.done(p, ref)
		}
	case wire.ClientCallSignal:
		if other := s.talking(p, ref, ev.Call); other != nil {
			s.tell(other.id, wire.ServerCallSignal(ev))
		}
	case wire.ClientCallChat:
		if other := s.talking(p, ref, ev.Call); other != nil {
			s.tell(other.id, wire.ServerCallChat{Call: ev.Call, Text: ev.Text, At: now()})
			s.done(p, ref)
		}
	case wire.ClientCallEnd:
		if s.talking(p, ref, ev.Call) != nil {
			s.end(s.rings[ev.Call], p)
			s.done(p, ref)
		}
	}
}

func (s *Server) done(p *person, ref int64) {
	if ref != 0 {
		s.tell(p.id, wire.ServerDone{Ref: ref})
	}
}

func (s *Server) refuse(p *person, ref int64, code string) {
	s.tell(p.id, wire.ServerError{Ref: ref, Code: code})
}

func (s *Server) invite(p *person, ref int64, ev wire.ClientInviteSend) {
	to := s.people[ev.To]
	switch {
	case to == nil || !to.in:
		s.refuse(p, ref, "not_in_reel")
		return
	case s.Careless:
	case p.ring != nil && p.ring.started == 0 && p.ring.caller == to:
		s.start(p.ring) // glare
		s.done(p, ref)
		return
	case p.ring != nil:
		s.refuse(p, ref, "you_are_busy")
		return
	case to.ring != nil || to.conn == nil:
		s.refuse(p, ref, "other_busy")
		return
	case s.bars[pair(p, to)] > now():
		s.refuse(p, ref, "on_cooldown")
		return
	}
	s.lastID++
	r := &ring{id: s.lastID, caller: p, callee: to, seconds: ev.Seconds}
	s.rings[r.id], p.ring, to.ring = r, r, r
	s.done(p, ref)
	until := now() + 20_000
	s.tell(p.id, wire.ServerInviteRinging{Call: r.id, Other: wire.AppendCard(nil, to.card), Seconds: r.seconds, Until: until})
	s.tell(to.id, wire.ServerInviteIncoming{Call: r.id, Other: wire.AppendCard(nil, p.card), Seconds: r.seconds, Until: until})
	if s.Careless {
		return
	}
	for _, x := range []*person{p, to} {
		s.everyone(x, wire.ServerReelDelta{At: s.step, Busy: []int64{x.id}})
	}
}

// ringing finds an unanswered ring that this person may answer (or, mine, take back).
func (s *Server) ringing(p *person, ref, id int64, mine bool) *ring {
	r := s.rings[id]
	if r == nil || r.started != 0 || (mine && r.caller != p) || (!mine && r.callee != p) {
		s.refuse(p, ref, "no_such_invite")
		return nil
	}
	return r
}

// talking finds the other one of a running call.
func (s *Server) talking(p *person, ref, id int64) *person {
	r := s.rings[id]
	switch {
	case r != nil && r.started != 0 && r.caller == p:
		return r.callee
	case r != nil && r.started != 0 && r.callee == p:
		return r.caller
	}
	s.refuse(p, ref, "no_such_call")
	return nil
}

func (s *Server) start(r *ring) {
	r.started = now()
	for i, p := range []*person{r.caller, r.callee} {
		other := []*person{r.callee, r.caller}[i]
		s.tell(p.id, wire.ServerCallStarted{
			Call: r.id, Other: wire.AppendCard(nil, other.card), Seconds: r.seconds,
			StartedAt: r.started, Deadline: r.started + r.seconds*1000, Polite: i == 1,
		})
	}
}

func (s *Server) noCall(r *ring, reason string) {
	s.free(r)
	s.tell(r.caller.id, wire.ServerInviteEnded{Call: r.id, Other: r.callee.id, Reason: reason})
	s.tell(r.callee.id, wire.ServerInviteEnded{Call: r.id, Other: r.caller.id, Reason: reason})
}

func (s *Server) end(r *ring, by *person) {
	s.free(r)
	until := now() + s.Cooldown.Milliseconds()
	for i, p := range []*person{r.caller, r.callee} {
		other := []*person{r.callee, r.caller}[i]
		s.tell(p.id, wire.ServerCallEnded{Call: r.id, Other: other.id, Reason: "hangup", Talked: (now() - r.started) / 1000, Mine: p == by})
		row := Met{Call: r.id, Other: other.id, Caller: i == 0, StartedAt: r.started, EndedAt: now(), CooldownUntil: until}
		p.calls = append([]Met{row}, p.calls...)
	}
	s.bar(r, "call")
}

func (s *Server) bar(r *ring, reason string) {
	until := now() + s.Cooldown.Milliseconds()
	s.bars[pair(r.caller, r.callee)] = until
	s.tell(r.caller.id, wire.ServerCooldown{Other: r.callee.id, Until: until, Reason: reason})
	s.tell(r.callee.id, wire.ServerCooldown{Other: r.caller.id, Until: until, Reason: reason})
}

func (s *Server) free(r *ring) {
	delete(s.rings, r.id)
	for _, p := range []*person{r.caller, r.callee} {
		p.ring = nil
		s.everyone(p, wire.ServerReelDelta{At: s.step, Free: []int64{p.id}})
	}
}

func pair(a, b *person) [2]int64 { return [2]int64{min(a.id, b.id), max(a.id, b.id)} }
