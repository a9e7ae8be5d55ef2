package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

// WhatIf plays a recorded evening past another match rule. What people did is
// what they did: nothing of the other rule feeds back. Two reels are looked at
// every so often (0: each 5 s of the evening): the recorded one, and one that
// the real reel makes with the other rule from the same feed.
//
// A journal that cannot be read or replayed to its end is compared as far as it
// can be; Note then says so. rank is asked for two scorers. Errors: ErrFormat,
// rank's, the scorer's, ctx's, r's.
func WhatIf(ctx context.Context, r io.Reader, rank Ranker, every time.Duration) (Comparison, error) {
	j, err := NewReader(r)
	if err != nil {
		return Comparison{}, err
	}
	match, err := rank(ctx)
	if err != nil {
		return Comparison{}, fmt.Errorf("journal: what if: %w", err)
	}
	p := newPlay(j.Header, match, cmp.Or(every, 5*time.Second).Milliseconds())
	p.rerun = newRerun(j.Header.Reel, j.Header.Started, rank, p.emitted)
	defer p.rerun.reel.Stop(context.WithoutCancel(ctx))
	err = j.each(ctx, func(r Record) error { return p.record(ctx, r) })
	if errors.Is(err, errGap) || errors.Is(err, ErrDamaged) {
		p.out.Note, err = "as far as it goes: "+err.Error(), nil
	}
	if err != nil {
		err = fmt.Errorf("journal: what if: %w", err)
	}
	p.finish()
	return p.out, errors.Join(err, match.Close(context.WithoutCancel(ctx)))
}

// errGap: steps are missing, so what the lobby did after is not known.
var errGap = errors.New("steps are missing from the journal")

// play is a comparison in progress.
type play struct {
	out   Comparison
	every int64
	next  int64 // ms of the next sample; 0 before the first step

	lobby *lobby.Lobby
	world *world
	judge *judge
	rerun *rerun
	sides [2]*side // recorded, other

	overlaps    []float64
	inviteWaits []int64
	viewers     map[lobby.PersonID]bool
	turns       map[invite]int // viewer to other: samples shown by the other rule, less those recorded
}

const (
	recorded = 0
	other    = 1
)

func newPlay(h Header, match policy.Match, every int64) *play {
	g := match.Generation()
	return &play{
		out:   Comparison{Header: h, EveryMS: every, Rule: Taken{g.Name, g.Digest, g.Params}},
		every: every, lobby: h.lobby(), world: newWorld(), judge: newJudge(match),
		sides:   [2]*side{newSide(), newSide()},
		viewers: map[lobby.PersonID]bool{}, turns: map[invite]int{},
	}
}

func (p *play) emitted(at int64, u reel.Update) {
	put := make([]lobby.PersonID, len(u.Put))
	for i, e := range u.Put {
		put[i] = e.Person
	}
	p.sides[other].screens.apply(at, u.Viewer, u.Full, put, u.Gone)
}

func (p *play) record(ctx context.Context, r Record) error {
	switch r := r.(type) {
	case Row:
		p.world.rows[r.Person] = r.person()
	case Taken:
		p.out.Recorded = append(p.out.Recorded, r)
	case Shown:
		if err := p.until(ctx, r.At); err != nil {
			return err
		}
		p.sides[recorded].screens.apply(r.At, r.Viewer, r.Full, idsOf(r.Put), r.Gone)
	case Gap:
		if r.Steps > 0 {
			return errGap
		}
	case Step:
		return p.step(ctx, r)
	}
	return nil
}

func (p *play) step(ctx context.Context, s Step) error {
	ev, err := s.event()
	if err != nil {
		return err
	}
	if p.next == 0 {
		p.out.From, p.next = s.At, s.At+p.every
	}
	if err := p.until(ctx, s.At); err != nil {
		return err
	}
	p.out.To = s.At
	effects := p.lobby.Step(s.stamp(), ev)
	if sum, err := Digest(effects); err != nil {
		return err
	} else if sum != s.Sum {
		p.out.Different++
	}
	items := p.world.step(s.At, effects)
	p.world.seat(p.judge, items)
	for _, inv := range p.world.invites {
		p.invited(s.At, inv)
	}
	for _, it := range items {
		p.spells(s.At, it.News)
	}
	return p.rerun.feed(ctx, items)
}

// spells begins and ends people's waiting to be seen, and closes the screens of those who look no more.
func (p *play) spells(at int64, n lobby.News) {
	for _, s := range p.sides {
		switch n := n.(type) {
		case lobby.Entered:
			s.begin(at, n.Person)
		case lobby.Free:
			s.begin(at, n.Person)
		case lobby.Busy:
			s.end(n.Person)
		case lobby.Left:
			s.end(n.Person)
			s.screens.close(n.Person)
		case lobby.Unwatch:
			if !p.world.watches(n.Person) {
				s.screens.close(n.Person)
			}
		}
	}
}

func (p *play) invited(at int64, inv invite) {
	p.out.Invites++
	for _, s := range p.sides {
		if s.screens.lists[inv.from][inv.to] {
			s.reachable++
		}
	}
	if g := p.world.people[inv.to]; g != nil && !g.invited {
		g.invited = true
		p.inviteWaits = append(p.inviteWaits, at-g.since)
	}
}

// until lets time pass for the other reel, and takes the samples that fall due.
func (p *play) until(ctx context.Context, at int64) error {
	if p.next > 0 && at-p.next > longPause {
		p.next = at // nobody did anything: there is nothing to sample
	}
	for p.next > 0 && p.next <= at {
		// What falls on that very millisecond comes after it, for both reels.
		if err := p.rerun.until(ctx, p.next-1); err != nil {
			return err
		}
		if err := p.sample(ctx, p.next); err != nil {
			return err
		}
		p.next += p.every
	}
	return p.rerun.until(ctx, at)
}

func (p *play) sample(ctx context.Context, at int64) error {
	p.out.Samples++
	for id, g := range p.world.people {
		if g.free {
			for _, s := range p.sides {
				s.freeSamples++
				if s.screens.seenBy[id] == 0 {
					s.unseen++
				}
			}
		}
	}
	for _, viewer := range slices.Sorted(maps.Keys(p.world.people)) {
		if !p.world.watches(viewer) {
			continue
		}
		p.viewers[viewer] = true
		if err := p.judge.score(ctx, at, viewer); err != nil {
			return err
		}
		var lists [2]map[lobby.PersonID]bool
		for i, s := range p.sides {
			lists[i] = map[lobby.PersonID]bool{}
			for o := range s.screens.lists[viewer] {
				if p.world.people[o] != nil { // neither just gone nor erased
					lists[i][o] = true
				}
			}
			s.look(p.world, p.judge, viewer, lists[i])
		}
		p.compare(viewer, lists)
	}
	return nil
}

func (p *play) compare(viewer lobby.PersonID, lists [2]map[lobby.PersonID]bool) {
	both := 0
	for o := range lists[recorded] {
		if lists[other][o] {
			both++
		} else {
			p.turns[invite{viewer, o}]--
		}
	}
	for o := range lists[other] {
		if !lists[recorded][o] {
			p.turns[invite{viewer, o}]++
		}
	}
	if most := max(len(lists[recorded]), len(lists[other])); most > 0 {
		p.overlaps = append(p.overlaps, float64(both)/float64(most))
	}
}

func (p *play) finish() {
	c := &p.out
	c.Viewers = len(p.viewers)
	c.Overlap = mean(p.overlaps)
	slices.Sort(p.overlaps)
	if n := len(p.overlaps); n > 0 {
		c.OverlapWorst = p.overlaps[n/10]
	}
	c.InviteWait = quantiles(p.inviteWaits)
	c.RecordedSide, c.OtherSide = p.sides[recorded].figures(c.Invites), p.sides[other].figures(c.Invites)
	for pair, n := range p.turns {
		if n != 0 {
			c.Changed = append(c.Changed, Change{pair.from, pair.to, n})
		}
	}
	slices.SortFunc(c.Changed, func(a, b Change) int {
		return cmp.Or(cmp.Compare(max(b.Samples, -b.Samples), max(a.Samples, -a.Samples)),
			cmp.Compare(a.Viewer, b.Viewer), cmp.Compare(a.Other, b.Other))
	})
	c.Changes = len(c.Changed)
	c.Changed = c.Changed[:min(len(c.Changed), maxChanged)]
}

// maxChanged bounds the pairs a Comparison names.
const maxChanged = 100
