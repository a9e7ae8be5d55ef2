package meter

// account divides a body into segments: instructions that all run if the first
// of them does (unless something traps, after which nobody counts). Code after
// a block still belongs to the segment before it if nothing in the block can
// branch past its end, so that a condition costs no second charge.
type account struct {
	costs   []int64 // of each segment
	points  []point // in the order of the body
	current int     // the segment that instructions belong to; dead: none
	targets []uint32
}

const (
	dead    = -1 // no segment
	anybody = -1 // no body in particular
)

// point is a place in the body where something is to be inserted, or where the
// count of what was spent since somebody looked at the tank takes a turn.
type point struct {
	at   int
	kind pointKind
	arg  int // a segment, a helper, the number of a frame or of a body
}

type pointKind uint8

const (
	pointEnter  pointKind = iota // a segment begins
	pointLoop                    // so does a round of a loop
	pointHelper                  // an operation whose length is charged
	pointBlock                   // a block opens, or a loop (1)
	pointIf                      // it may be passed by
	pointElse                    //
	pointEnd                     //
	pointBranch                  // maybe, to a frame
	pointStop                    // nothing runs from here to the end of the frame
	pointCall                    // what was spent in there, unseen, depends on the body
)

func (a *account) reset(at int) {
	a.costs, a.points, a.current = append(a.costs[:0], 0), append(a.points[:0], point{at, pointEnter, 0}), 0
}

func (a *account) add(cost int64) {
	if a.current != dead {
		a.costs[a.current] += cost
	}
}

func (a *account) mark(at int, kind pointKind, arg int) {
	if a.current != dead {
		a.points = append(a.points, point{at, kind, arg})
	}
}

// next begins a new segment.
func (a *account) next(at int) { a.enter(at, pointEnter) }

func (a *account) enter(at int, kind pointKind) {
	if a.current == dead {
		return
	}
	a.costs = append(a.costs, 0)
	a.current = len(a.costs) - 1
	a.mark(at, kind, a.current)
}

// begin opens a block, a loop or an if.
func (a *account) begin(at int, code byte) {
	switch code {
	case opBlock:
		a.mark(at, pointBlock, 0)
	case opLoop:
		a.mark(at, pointBlock, 1)
		a.enter(at, pointLoop)
	case opIf:
		a.mark(at, pointIf, 0)
		a.enter(at, pointEnter)
	}
}

// otherwise turns to the else of an if, before which segment before was open.
func (a *account) otherwise(at int, before int) {
	a.current = before
	a.mark(at, pointElse, 0)
	a.next(at)
}

// end closes a block. If it may be left for beyond its end, what follows is
// charged apart.
func (a *account) end(at int, before int, escaped bool) {
	a.current = before
	a.mark(at, pointEnd, 0)
	if escaped {
		a.next(at)
	}
}

func (a *account) branch(at int, target int) { a.mark(at, pointBranch, target) }
func (a *account) call(at int, body int)     { a.mark(at, pointCall, body) }
func (a *account) helper(at int, kind int)   { a.mark(at, pointHelper, kind) }

func (a *account) stop(at int) {
	a.mark(at, pointStop, 0)
	a.current = dead
}
