package load

import (
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/wire"
)

// game feeds a referee by hand; every act takes a millisecond.
type game struct {
	*Referee
	at  time.Time
	ref uint32
}

func newGame() *game {
	g := &game{Referee: NewReferee(), at: time.UnixMilli(1_000_000)}
	g.Measure(true)
	return g
}

func (g *game) says(id int64, c wire.Client) uint32 {
	g.at = g.at.Add(time.Millisecond)
	g.ref++
	g.said(id, g.at, g.ref, c)
	return g.ref
}

func (g *game) hears(id int64, s wire.Server) {
	g.at = g.at.Add(time.Millisecond)
	g.heard(g.seat(id), g.at, s)
}

func card(id int64) wire.RawCard { return wire.AppendCard(nil, wire.Card{ID: id, V: 1, Name: "x"}) }

func (g *game) rings(caller, callee, call int64) {
	g.says(caller, wire.ClientInviteSend{To: callee, Seconds: 300})
	g.hears(caller, wire.ServerInviteRinging{Call: call, Other: card(callee)})
	g.hears(callee, wire.ServerInviteIncoming{Call: call, Other: card(caller)})
}

func (g *game) starts(caller, callee, call int64) {
	g.hears(callee, wire.ServerCallStarted{Call: call, Other: card(caller), Polite: true, StartedAt: g.at.UnixMilli()})
	g.hears(caller, wire.ServerCallStarted{Call: call, Other: card(callee), StartedAt: g.at.UnixMilli()})
}

func (g *game) calls(caller, callee, call int64) {
	g.rings(caller, callee, call)
	g.says(callee, wire.ClientInviteAccept{Call: call})
	g.starts(caller, callee, call)
}

func (g *game) ends(caller, callee, call int64) {
	g.hears(caller, wire.ServerCallEnded{Call: call, Other: callee})
	g.hears(callee, wire.ServerCallEnded{Call: call, Other: caller})
}

func (g *game) answers(upTo uint32) {
	for id := range g.seats {
		for ref := range upTo {
			g.hears(id, wire.ServerDone{Ref: int64(ref + 1)})
		}
	}
}

// finish ends the game and returns what was found.
func (g *game) finish() (violations, errors map[string]int64) {
	g.answers(g.ref)
	g.Finish(g.at)
	return g.violations.counts, g.errors.counts
}

func TestRefereeFindsNothingInAFairGame(t *testing.T) {
	g := newGame()
	g.calls(1, 2, 10)
	g.says(1, wire.ClientCallSignal{Call: 10, Kind: "offer", Data: "o"})
	g.hears(2, wire.ServerCallSignal{Call: 10, Kind: "offer", Data: "o"})
	g.says(2, wire.ClientCallChat{Call: 10, Text: "hi"})
	g.hears(1, wire.ServerCallChat{Call: 10, Text: "hi"})
	g.ends(1, 2, 10)
	g.rings(1, 3, 11)
	g.says(3, wire.ClientInviteDecline{Call: 11})
	g.hears(1, wire.ServerInviteEnded{Call: 11, Other: 3, Reason: "declined"})
	g.hears(3, wire.ServerInviteEnded{Call: 11, Other: 1, Reason: "declined"})
	// Glare: 4 and 5 invite each other; the second invite is the answer.
	g.says(5, wire.ClientInviteSend{To: 4, Seconds: 300})
	g.rings(4, 5, 12)
	g.starts(4, 5, 12)
	g.ends(4, 5, 12)
	if violations, errors := g.finish(); len(violations)+len(errors) > 0 {
		t.Fatalf("violations %v, errors %v %q", violations, errors, append(g.violations.examples, g.errors.examples...))
	}
	if !g.Quiet() {
		t.Error("everything has ended, yet it is not quiet")
	}
	for name, h := range map[string]*Histogram{"ring": &g.times.Ring, "start": &g.times.Start, "chat": &g.times.Chat, "offer": &g.times.Offer} {
		if h.Count() == 0 || h.Max() < time.Millisecond || h.Max() > 3*time.Millisecond {
			t.Errorf("%s: %d samples, max %s", name, h.Count(), h.Max())
		}
	}
	h := bot.History{Calls: []bot.Met{{Call: 10, Other: 2, Caller: true, StartedAt: 1, EndedAt: 2, CooldownUntil: 3}}}
	if !g.Matches(1, h) {
		t.Error("a true history does not match")
	}
}

func TestRefereeCatchesEveryViolation(t *testing.T) {
	for kind, foul := range map[string]func(g *game){
		"two_calls":        func(g *game) { g.calls(1, 2, 10); g.calls(3, 1, 11) },
		"ring_in_call":     func(g *game) { g.calls(1, 2, 10); g.rings(3, 1, 11) },
		"two_rings":        func(g *game) { g.rings(1, 2, 10); g.rings(3, 2, 11) },
		"ring_unasked":     func(g *game) { g.hears(2, wire.ServerInviteIncoming{Call: 10, Other: card(1)}) },
		"ring_to_stranger": func(g *game) { g.rings(1, 2, 10); g.hears(3, wire.ServerInviteIncoming{Call: 10, Other: card(1)}) },
		"answered_by_stranger": func(g *game) {
			g.rings(1, 2, 10)
			g.says(3, wire.ClientInviteAccept{Call: 10})
			g.starts(1, 2, 10)
		},
		"wrong_partner": func(g *game) {
			g.rings(1, 2, 10)
			g.says(2, wire.ClientInviteAccept{Call: 10})
			g.hears(1, wire.ServerCallStarted{Call: 10, Other: card(3)})
		},
		"started_twice": func(g *game) { g.calls(1, 2, 10); g.starts(1, 2, 10) },
		"started_after_no": func(g *game) {
			g.rings(1, 2, 10)
			g.hears(1, wire.ServerInviteEnded{Call: 10, Reason: "expired"})
			g.starts(1, 2, 10)
		},
		"cooldown_broken": func(g *game) {
			g.calls(1, 2, 10)
			g.ends(1, 2, 10)
			g.hears(1, wire.ServerCooldown{Other: 2, Until: g.at.UnixMilli() + 60_000, Reason: "call"})
			g.calls(2, 1, 11)
		},
		"delivery_to_stranger": func(g *game) {
			g.calls(1, 2, 10)
			g.says(1, wire.ClientCallChat{Call: 10, Text: "hi"})
			g.hears(3, wire.ServerCallChat{Call: 10, Text: "hi"})
		},
		"delivery_before_start": func(g *game) { g.rings(1, 2, 10); g.hears(2, wire.ServerCallChat{Call: 10, Text: "hi"}) },
		"delivery_after_end": func(g *game) {
			g.calls(1, 2, 10)
			g.says(1, wire.ClientCallChat{Call: 10, Text: "hi"})
			g.ends(1, 2, 10)
			g.hears(2, wire.ServerCallChat{Call: 10, Text: "hi"})
		},
		"delivered_twice": func(g *game) {
			g.calls(1, 2, 10)
			g.says(1, wire.ClientCallChat{Call: 10, Text: "hi"})
			g.hears(2, wire.ServerCallChat{Call: 10, Text: "hi"})
			g.hears(2, wire.ServerCallChat{Call: 10, Text: "hi"})
		},
		"delivered_unsaid": func(g *game) {
			g.calls(1, 2, 10)
			g.hears(2, wire.ServerCallSignal{Call: 10, Kind: "offer", Data: "evil"})
		},
		"lost_offer": func(g *game) {
			g.calls(1, 2, 10)
			g.says(1, wire.ClientCallSignal{Call: 10, Kind: "offer"})
			g.ends(1, 2, 10)
		},
		"ended_twice": func(g *game) {
			g.calls(1, 2, 10)
			g.hears(1, wire.ServerCallEnded{Call: 10})
			g.hears(1, wire.ServerCallEnded{Call: 10})
		},
		"ended_unstarted":      func(g *game) { g.rings(1, 2, 10); g.hears(1, wire.ServerCallEnded{Call: 10}) },
		"never_ended":          func(g *game) { g.calls(1, 2, 10); g.hears(1, wire.ServerCallEnded{Call: 10}) },
		"history_missing_call": func(g *game) { g.calls(1, 2, 10); g.ends(1, 2, 10); g.Judge(1, bot.History{}) },
		"history_twice": func(g *game) {
			g.calls(1, 2, 10)
			g.ends(1, 2, 10)
			row := bot.Met{Call: 10, Other: 2, Caller: true, StartedAt: 1, EndedAt: 2}
			g.Judge(1, bot.History{Calls: []bot.Met{row, row}})
		},
		"history_unfinished": func(g *game) {
			g.calls(1, 2, 10)
			g.ends(1, 2, 10)
			g.Judge(1, bot.History{Calls: []bot.Met{{Call: 10, Other: 2, Caller: true, StartedAt: 1}}})
		},
		"history_wrong_people": func(g *game) {
			g.calls(1, 2, 10)
			g.ends(1, 2, 10)
			g.Judge(1, bot.History{Calls: []bot.Met{{Call: 10, Other: 3, Caller: true, StartedAt: 1, EndedAt: 2}}})
		},
		"history_unknown_call": func(g *game) { g.Judge(1, bot.History{Calls: []bot.Met{{Call: 99, Other: 3, EndedAt: 2}}}) },
	} {
		t.Run(kind, func(t *testing.T) {
			g := newGame()
			foul(g)
			violations, _ := g.finish()
			if violations[kind] == 0 {
				t.Errorf("found %v, want %s", violations, kind)
			}
		})
	}
}

func TestRefereeTellsRacesFromFailures(t *testing.T) {
	g := newGame()
	ref := g.says(1, wire.ClientInviteSend{To: 2, Seconds: 300})
	g.hears(1, wire.ServerError{Ref: int64(ref), Code: "other_busy"})
	g.hears(1, wire.ServerError{Code: "other_busy"}) // answers nothing
	ref = g.says(1, wire.ClientInviteSend{To: 2, Seconds: 300})
	g.hears(1, wire.ServerError{Ref: int64(ref), Code: "try_again"})
	g.says(1, wire.ClientInviteSend{To: 2, Seconds: 300})
	g.Sweep(g.at.Add(answerWait + time.Second))
	if g.refusals.counts["other_busy"] != 1 || g.errors.counts["refused_other_busy"] != 1 || g.errors.counts["refused_try_again"] != 1 ||
		g.errors.counts["unanswered_invite.send"] != 1 || g.errors.total() != 3 {
		t.Errorf("refusals %v, errors %v", g.refusals.counts, g.errors.counts)
	}
}

func TestRefereeExcusesWhatWasRefusedOrCutOff(t *testing.T) {
	g := newGame()
	g.calls(1, 2, 10)
	late := g.says(1, wire.ClientCallSignal{Call: 10, Kind: "candidate", Data: "c"})
	g.says(2, wire.ClientCallChat{Call: 10, Text: "cut off"})
	g.gone(g.seat(2), g.at)
	g.ends(1, 2, 10)
	g.hears(1, wire.ServerError{Ref: int64(late), Code: "no_such_call"})
	if violations, errors := g.finish(); len(violations)+len(errors) > 0 {
		t.Errorf("violations %v, errors %v", violations, errors)
	}
}
