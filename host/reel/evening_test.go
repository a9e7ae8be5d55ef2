package reel

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// evening feeds a reel what a lobby would while people come, invite someone
// from their reel, talk, drop and come back, by a clock of its own: an invite a
// minute while free, answered after 1 to 3 s (70 % yes), calls of 20 s, a drop
// every 20 minutes that lasts a second. Nobody meets twice.
type evening struct {
	r      *Reel
	at     time.Time
	dice   *rand.Rand
	guests []guest
	due    []happening // a heap
	nth    int

	passed  func(func() (time.Duration, bool)) (time.Duration, bool) // runs a pass
	changes int                                                      // faces that came in deltas
	calls   int
}

type guest struct {
	id    lobby.PersonID
	face  *Face
	in    bool
	free  bool
	spell int // counts what they were doing, so that what was planned before is void
	since int64
	bars  []lobby.Bar
}

// happening is something that someone does at a time, unless they turned to something else.
type happening struct {
	at    int64
	nth   int
	who   int
	spell int
	do    func(*evening, *guest)
}

func newEvening(people int, match policy.Match) *evening {
	e := &evening{at: epoch, dice: rand.New(rand.NewPCG(1, uint64(people))), passed: func(pass func() (time.Duration, bool)) (time.Duration, bool) { return pass() }}
	e.guests = make([]guest, people)
	for i := range e.guests {
		gender := uint8(e.dice.IntN(2))
		e.guests[i] = guest{id: lobby.PersonID(i + 1), face: &Face{Card: make([]byte, 600), Row: policy.Person{
			Gender: gender, Seeking: [4]uint8{2 - gender, 2 - gender, 1 << gender, 3}[e.dice.IntN(4)],
			Age: uint8(20 + e.dice.IntN(25)), AgeMin: 20, AgeMax: 45,
			Tags: e.dice.Uint64() & e.dice.Uint64() & e.dice.Uint64(), Langs: 1 | e.dice.Uint64()&6,
		}}}
	}
	e.r = New(Config{}, Deps{
		Ranker: func(context.Context) (policy.Match, error) { return match, nil },
		Stale:  func() bool { return false },
		Emit: func(u Update) {
			if !u.Full {
				e.changes += len(u.Put)
			}
		},
		Now: func() time.Time { return e.at },
	})
	return e
}

func (e *evening) now() int64 { return e.at.UnixMilli() }

func (e *evening) feed(n lobby.News, f *Face) { e.r.Feed(Item{At: e.now(), News: n, Face: f}) }

// in has g do something after a while.
func (e *evening) in(wait time.Duration, g *guest, do func(*evening, *guest)) {
	e.nth++
	e.due = append(e.due, happening{e.now() + max(1, wait.Milliseconds()), e.nth, int(g.id) - 1, g.spell, do})
	for i := len(e.due) - 1; i > 0 && e.due[i].at < e.due[(i-1)/2].at; i = (i - 1) / 2 {
		e.due[i], e.due[(i-1)/2] = e.due[(i-1)/2], e.due[i]
	}
}

func (e *evening) take() happening {
	h := e.due[0]
	last := len(e.due) - 1
	e.due[0] = e.due[last]
	e.due = e.due[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < last && e.due[down+1].at < e.due[down].at {
			down++
		}
		if down >= last || e.due[down].at >= e.due[i].at {
			return h
		}
		e.due[i], e.due[down] = e.due[down], e.due[i]
		i = down
	}
}

func (e *evening) about(mean time.Duration) time.Duration {
	return time.Duration(e.dice.ExpFloat64() * float64(mean))
}

func (e *evening) between(a, b time.Duration) time.Duration {
	return a + time.Duration(e.dice.Int64N(int64(b-a)))
}

// gather has everyone come within so long.
func (e *evening) gather(within time.Duration) {
	for i := range e.guests {
		e.in(time.Duration(i)*within/time.Duration(len(e.guests)), &e.guests[i], (*evening).enter)
	}
}

func (e *evening) enter(g *guest) {
	g.in, g.since = true, e.now()
	e.feed(lobby.Entered{Person: g.id, Since: g.since, Bars: slices.Clone(g.bars)}, g.face)
	e.feed(lobby.Watch{Person: g.id, Conn: lobby.ConnID(e.nth + 1)}, nil)
	e.idle(g)
}

// idle is someone who is free: they will invite, or drop.
func (e *evening) idle(g *guest) {
	g.free = true
	g.spell++
	e.in(e.about(time.Minute), g, (*evening).invite)
	e.in(e.about(20*time.Minute), g, (*evening).leave)
}

func (e *evening) leave(g *guest) {
	g.in, g.free = false, false
	g.spell++
	e.feed(lobby.Left{Person: g.id}, nil)
	e.in(e.between(500*time.Millisecond, 1500*time.Millisecond), g, (*evening).enter)
}

func (e *evening) invite(g *guest) {
	var who []*guest
	if v := e.r.people[g.id].view; v != nil {
		for _, s := range v.visible {
			if o := &e.guests[s.p.id-1]; o.free {
				who = append(who, o)
			}
		}
	}
	if len(who) == 0 {
		e.in(e.about(time.Minute), g, (*evening).invite)
		return
	}
	o := who[e.dice.IntN(len(who))]
	for _, p := range [...]*guest{g, o} {
		p.free = false
		p.spell++
		e.feed(lobby.Busy{Person: p.id}, nil)
	}
	e.in(e.between(time.Second, 3*time.Second), g, func(e *evening, g *guest) { e.answer(g, o) })
}

func (e *evening) answer(g, o *guest) {
	bar := lobby.Bar{Until: e.now() + 24*time.Hour.Milliseconds()}
	bar.Other = o.id
	g.bars = append(g.bars, bar)
	bar.Other = g.id
	o.bars = append(o.bars, bar)
	e.feed(lobby.Barred{Pair: lobby.PairOf(g.id, o.id), Until: bar.Until}, nil)
	if e.dice.IntN(10) < 3 {
		e.release(g, o)
		return
	}
	e.calls++
	e.in(e.between(18*time.Second, 22*time.Second), g, func(e *evening, g *guest) {
		g.since, o.since = e.now(), e.now()
		e.feed(lobby.Barred{Pair: lobby.PairOf(g.id, o.id), Until: bar.Until + 1000}, nil) // the policy's answer
		e.release(g, o)
	})
}

func (e *evening) release(both ...*guest) {
	for _, p := range both {
		e.feed(lobby.Free{Person: p.id, Since: p.since}, nil)
		e.idle(p)
	}
}

// run lets time pass.
func (e *evening) run(ctx context.Context, d time.Duration) {
	until := e.at.Add(d)
	for {
		wait, ok := e.passed(func() (time.Duration, bool) { return e.r.pass(ctx) })
		next := until
		if ok && e.at.Add(wait).Before(next) {
			next = e.at.Add(wait)
		}
		if len(e.due) > 0 && e.due[0].at < next.UnixMilli() {
			next = time.UnixMilli(max(e.now(), e.due[0].at))
		}
		if !next.Before(until) {
			e.at = until
			return
		}
		e.at = next
		for len(e.due) > 0 && e.due[0].at <= e.now() {
			if h := e.take(); e.guests[h.who].spell == h.spell {
				h.do(e, &e.guests[h.who])
			}
		}
	}
}
