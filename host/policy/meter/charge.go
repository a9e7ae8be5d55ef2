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

// emit writes the body with its charges.
func (m *module) emit(out, body []byte, p *plan) []byte {
	copied := 0
	for _, at := range p.points {
		switch at.kind {
		case pointEnter, pointLoop:
			cost, check := p.costs[at.arg], p.checks[at.arg]
			if cost > 0 || check {
				out = m.charge(append(out, body[copied:at.at]...), cost, check)
				copied = at.at
			}
		case pointHelper:
			out = append(append(out, body[copied:at.at]...), opCall)
			out = binary.AppendUvarint(out, uint64(m.helper(at.arg)))
			copied = at.at
		}
	}
	return append(out, body[copied:]...)
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
