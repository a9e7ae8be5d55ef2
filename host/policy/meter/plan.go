package meter

import "slices"

// plan is what is done to one body.
type plan struct {
	points []point
	costs  []int64 // of each segment
	checks []bool  // of each segment: whether it looks at the tank
	slots  int
	unseen int64 // what it may have spent, when it returns, since somebody looked
	state  planState
}

type planState uint8

const (
	planNew planState = iota
	planBegun
	planDone
)

func (f *function) plan() plan {
	p := plan{points: slices.Clone(f.points), costs: slices.Clone(f.costs), slots: f.slots()}
	p.costs[0] += f.m.o.Weights.Slot * int64(p.slots)
	return p
}

// debts follows what may have been spent, along the dearest path, since
// somebody looked at the tank. Up to Slack, a segment only pays; the one that
// would exceed it looks. Every function's entry and every round of a loop looks.
type debts struct {
	now    int64
	frames []debtFrame
}

type debtFrame struct {
	end    int64 // the most that branches to its end bring along
	around int64 // of the path that does not enter an if
	loop   bool
}

const nothing = int64(-1) // no path leads here

// settle decides where body i looks at the tank and gives what it leaves
// unseen. Of a function that is called in a circle, that may be all the slack.
func (m *module) settle(i int) int64 {
	p := &m.plans[i]
	switch p.state {
	case planBegun:
		return m.o.Slack
	case planDone:
		return p.unseen
	}
	p.state = planBegun
	p.checks = make([]bool, len(p.costs))
	d := debts{frames: []debtFrame{{nothing, nothing, false}}}
	for n, at := range p.points {
		switch at.kind {
		case pointEnter, pointLoop:
			cost := p.costs[at.arg]
			d.now = max(d.now, 0) + cost
			if n == 0 && !p.startsLoop(m.o.Slack) || at.kind == pointLoop || cost > 0 && d.now > m.o.Slack {
				p.checks[at.arg], d.now = true, 0
			}
		case pointCall:
			if d.now = m.o.Slack; at.arg >= 0 {
				d.now = m.settle(at.arg)
			}
		default:
			d.turn(at)
		}
	}
	p.unseen, p.state = max(d.now, d.frames[0].end, 0), planDone
	return p.unseen
}

// startsLoop says that nothing but a loop, which looks, follows the entry.
func (p *plan) startsLoop(slack int64) bool {
	for _, at := range p.points[1:] {
		if at.kind != pointBlock {
			return at.kind == pointLoop && p.costs[0] <= slack
		}
	}
	return false
}

// turn passes a point where paths part or meet.
func (d *debts) turn(p point) {
	top := len(d.frames) - 1
	switch p.kind {
	case pointBlock:
		d.frames = append(d.frames, debtFrame{nothing, nothing, p.arg == 1})
	case pointIf:
		d.frames = append(d.frames, debtFrame{nothing, d.now, false})
	case pointElse:
		f := &d.frames[top]
		f.end, d.now, f.around = max(f.end, d.now), f.around, nothing
	case pointEnd:
		d.now = max(d.now, d.frames[top].end, d.frames[top].around)
		d.frames = d.frames[:top]
	case pointBranch:
		if f := &d.frames[p.arg]; !f.loop { // a loop looks as it begins anew
			f.end = max(f.end, d.now)
		}
	case pointStop:
		d.now = nothing
	}
}
