package journal

import (
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// side gathers the figures of one rule's reels.
type side struct {
	screens *screens
	waiting map[lobby.PersonID]int64 // free since then, and in nobody's reel yet
	waits   []int64                  // ms from free to first seen
	never   int                      // spells of being free in which nobody saw them

	looks, empty                 int // reels looked at; without anyone in them
	pairs, eligible              int // faces in them; that the rule in question allows
	mutual, repeats, tags, langs int
	points                       int64
	freeSamples, unseen          int
	reachable                    int
	distinct                     map[invite]bool
	viewers                      map[lobby.PersonID]bool
}

func newSide() *side {
	s := &side{waiting: map[lobby.PersonID]int64{}, distinct: map[invite]bool{}, viewers: map[lobby.PersonID]bool{}}
	s.screens = newScreens(func(at int64, _, other lobby.PersonID) {
		if since, ok := s.waiting[other]; ok {
			s.waits = append(s.waits, max(at-since, 0))
			delete(s.waiting, other)
		}
	})
	return s
}

// begin: the person can be invited from now on.
func (s *side) begin(at int64, id lobby.PersonID) {
	if s.screens.seenBy[id] > 0 {
		s.waits = append(s.waits, 0)
	} else {
		s.waiting[id] = at
	}
}

// end: they cannot any more.
func (s *side) end(id lobby.PersonID) {
	if _, ok := s.waiting[id]; ok {
		s.never++
		delete(s.waiting, id)
	}
}

// look takes down one viewer's reel; j has just scored for them.
func (s *side) look(w *world, j *judge, viewer lobby.PersonID, list map[lobby.PersonID]bool) {
	s.looks++
	s.viewers[viewer] = true
	if len(list) == 0 {
		s.empty++
	}
	for o := range list {
		s.pairs++
		if score := j.of(o); score != policy.Ineligible {
			s.eligible++
			s.points += int64(score)
		}
		tags, langs := w.common(viewer, o)
		s.tags, s.langs = s.tags+tags, s.langs+langs
		if s.screens.lists[o][viewer] {
			s.mutual++
		}
		if w.met[lobby.PairOf(viewer, o)] {
			s.repeats++
		}
		s.distinct[invite{viewer, o}] = true
	}
}

func (s *side) figures(invites int) Figures {
	f := Figures{
		Faces: ratio(s.pairs, s.looks), Empty: ratio(s.empty, s.looks), Distinct: ratio(len(s.distinct), len(s.viewers)),
		Eligible: ratio(s.eligible, s.pairs), Mutual: ratio(s.mutual, s.pairs), Repeats: ratio(s.repeats, s.pairs),
		Tags: ratio(s.tags, s.pairs), Langs: ratio(s.langs, s.pairs),
		Unseen: ratio(s.unseen, s.freeSamples), Reachable: ratio(s.reachable, invites),
		Wait: quantiles(s.waits), Never: s.never,
	}
	if s.eligible > 0 {
		f.Score = float64(s.points) / float64(s.eligible)
	}
	return f
}

func ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	if len(x) == 0 {
		return 0
	}
	return sum / float64(len(x))
}

// quantiles sorts ms.
func quantiles(ms []int64) Quantiles {
	if len(ms) == 0 {
		return Quantiles{}
	}
	slices.Sort(ms)
	at := func(percent int) int64 { return ms[(len(ms)-1)*percent/100] }
	return Quantiles{Count: len(ms), P50: at(50), P95: at(95), Max: at(100)}
}
