package lobby

import "slices"

// shelf is the least store that keeps the promises of the writes' comments.
type shelf struct {
	calls map[CallID]*row
	ties  map[Pair]fence
}

type row struct {
	start CallStart
	end   *CallEnd
}

func newShelf() *shelf { return &shelf{calls: map[CallID]*row{}, ties: map[Pair]fence{}} }

func (s *shelf) apply(w Write) {
	switch w := w.(type) {
	case CallStart:
		s.calls[w.Call] = &row{start: w}
		s.bar(PairOf(w.A, w.B), w.CooldownUntil, w.Call)
	case CallEnd:
		if r := s.calls[w.Call]; r != nil && r.end == nil {
			r.end = &w
		}
	case CooldownSet:
		s.bar(w.Pair, w.Until, w.Call)
	case BlockSet:
		s.bar(PairOf(w.By, w.Of), Forever, 0)
	case ReportFiled:
		s.bar(PairOf(w.By, w.Of), Forever, 0)
	}
}

func (s *shelf) bar(p Pair, until int64, call CallID) {
	if t := s.ties[p]; until > t.until || t.call == call && t.until != Forever {
		s.ties[p] = fence{until, call}
	}
}

func (s *shelf) bars(id PersonID, now int64) []Bar {
	var out []Bar
	for p, t := range s.ties {
		if (p.A == id || p.B == id) && t.until > now {
			other := p.A + p.B - id
			out = append(out, Bar{Other: other, Until: t.until, Reason: "call", Met: 1})
		}
	}
	slices.SortFunc(out, func(a, b Bar) int { return int(a.Other - b.Other) })
	return out
}
