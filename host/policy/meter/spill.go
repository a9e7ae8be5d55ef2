package meter

// spills estimates, from above, how many values of a body must survive a call
// at some time: the engine's compiler gives each a place of its own in the
// frame, however deep in a branch that is never taken.
type spills struct {
	total int
	fresh int // values since the last call that the next may have to keep
	low   int // the fewest operands there were since
	calls uint32
	set   []uint32 // of each local: how many calls there were when it was last set
}

func (s *spills) reset(locals int) {
	s.total, s.fresh, s.low, s.calls = 0, locals, 0, 1
	s.set = append(s.set[:0], make([]uint32, locals)...)
}

// define says that a local has a new value.
func (s *spills) define(local uint32) {
	if s.set[local] != s.calls {
		s.set[local] = s.calls
		s.fresh++
	}
}

// merge says that so many locals may have one of several values here, which is
// a new value for each.
func (s *spills) merge(sets int) { s.fresh += min(sets, len(s.set)) }

// keep passes a place where a function may be called, be it to refill the tank:
// there, what is fresh must be kept, and so must so many operands.
func (s *spills) keep(operands int) {
	s.total += s.fresh + max(0, operands-s.low)
	s.fresh, s.low = 0, operands
	s.calls++
}
