package meter

import "encoding/binary"

// Instructions that are inserted.
const (
	opUnreachable = 0x00
	opEnd         = 0x0b
	opCall        = 0x10
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opI64Const    = 0x42
	opI64LessS    = 0x53
	opI64Sub      = 0x7d
	emptyBlock    = 0x40
)

// debts follows what may have been spent, along the dearest path, since
// somebody looked at the tank. Up to Slack, a segment only pays; the one that
// would exceed it looks. Every function's entry and every round of a loop looks.
type debts struct {
	now    int64
	slack  int64
	frames []debtFrame
}

type debtFrame struct {
	end    int64 // the most that branches to its end bring along
	around int64 // of the path that does not enter an if; -1: none
	loop   bool
}

const nothing = int64(-1) // no path leads here

// enter decides whether a segment looks at the tank.
func (d *debts) enter(cost int64, must bool) (check bool) {
	d.now = max(d.now, 0) + cost
	if must || cost > 0 && d.now > d.slack {
		d.now = 0
		return true
	}
	return false
}

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
	case pointCall:
		d.now = d.slack
	}
}

// emit writes the body with its charges and reports how many there are.
func (f *function) emit(out []byte, r *Report) []byte {
	m := f.m
	f.costs[0] += m.o.Weights.Slot * int64(f.slots())
	r.LargestFrame = max(r.LargestFrame, f.slots())
	d := debts{slack: m.o.Slack, frames: append(f.debts[:0], debtFrame{})}
	copied := 0
	for i, p := range f.points {
		switch p.kind {
		case pointEnter, pointLoop:
			cost := f.costs[p.arg]
			check := d.enter(cost, i == 0 && !f.startsLoop() || p.kind == pointLoop)
			if cost == 0 && !check {
				continue
			}
			out = append(out, f.r.b[copied:p.at]...)
			copied = p.at
			out = m.charge(out, cost, check)
			r.Segments++
			if check {
				r.Checks++
			}
		case pointHelper:
			out = append(out, f.r.b[copied:p.at]...)
			copied = p.at
			out = binary.AppendUvarint(append(out, opCall), uint64(m.helper(p.arg)))
		default:
			d.turn(p)
		}
	}
	f.debts = d.frames
	return append(out, f.r.b[copied:]...)
}

// startsLoop says that nothing but a loop, which looks, follows the entry.
func (f *function) startsLoop() bool {
	for _, p := range f.points[1:] {
		if p.kind != pointBlock {
			return p.kind == pointLoop && f.costs[0] <= f.m.o.Slack
		}
	}
	return false
}

// charge takes cost from the tank; check traps if it is empty then.
func (m *module) charge(out []byte, cost int64, check bool) []byte {
	if cost > 0 {
		out = m.fuel(out, opGlobalGet)
		out = append(out, opI64Const)
		out = appendSigned(out, cost)
		out = append(out, opI64Sub)
		out = m.fuel(out, opGlobalSet)
	}
	if check {
		out = m.fuel(out, opGlobalGet)
		out = append(out, opI64Const, 0, opI64LessS, opIf, emptyBlock, opCall)
		out = append(binary.AppendUvarint(out, uint64(m.helper(helperRefill))), opEnd)
	}
	return out
}

// fuel names the global that no index of the original module reaches.
func (m *module) fuel(out []byte, op byte) []byte {
	return binary.AppendUvarint(append(out, op), uint64(len(m.globals)))
}

// reserve names the one behind it.
func (m *module) reserve(out []byte, op byte) []byte {
	return binary.AppendUvarint(append(out, op), uint64(len(m.globals)+1))
}

func appendSigned(out []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(out, low)
		}
		out = append(out, low|0x80)
	}
}
