package meter

import (
	"math/bits"
	"slices"
)

// Helpers are functions behind the module's own. Each takes the length that
// lies on the stack before an operation, charges for it, and gives it back.
const (
	helperBytes   = iota // memory.fill, copy, init
	helperEntries        // table.grow, fill, copy, init
	helperPages          // memory.grow
)

// helper is the number of such a function, made when it is first needed.
func (m *module) helper(kind int) int {
	i := slices.Index(m.helpers, kind)
	if i < 0 {
		i = len(m.helpers)
		m.helpers = append(m.helpers, kind)
	}
	return len(m.funcs) + i
}

const (
	opLocalGet   = 0x20
	opMemorySize = 0x3f
	opI32Const   = 0x41
	opI32LessU   = 0x49
	opI32Sub     = 0x6b
	opI64Add     = 0x7c
	opI64Mul     = 0x7e
	opI64ShrU    = 0x88
	opExtendU    = 0xad
	opSelect     = 0x1b
)

// helperBody is its entry in the code section, without the size.
func (m *module) helperBody(kind int) []byte {
	w := m.o.Weights
	b := []byte{0} // no locals
	b = m.fuel(b, opGlobalGet)
	switch kind {
	case helperBytes: // length / Bytes
		b = append(b, opLocalGet, 0, opExtendU, opI64Const)
		b = appendSigned(b, int64(bits.TrailingZeros64(uint64(w.Bytes))))
		b = append(b, opI64ShrU)
	case helperEntries: // length * Entry
		b = append(b, opLocalGet, 0, opExtendU, opI64Const)
		b = appendSigned(b, w.Entry)
		b = append(b, opI64Mul)
	case helperPages: // (size + more) * Page: growing may copy all there is
		b = append(b, opMemorySize, 0, opExtendU)
		b = append(b, opLocalGet, 0, opI32Const, 0, opLocalGet, 0, opI32Const) // more, or nothing if it must fail
		b = appendSigned(b, int64(m.o.MaxPages)+1)
		b = append(b, opI32LessU, opSelect, opExtendU, opI64Add, opI64Const)
		b = appendSigned(b, w.Page)
		b = append(b, opI64Mul)
	}
	b = append(b, opI64Sub)
	b = m.fuel(b, opGlobalSet)
	b = m.charge(b, 0, true)
	return append(b, opLocalGet, 0, opEnd)
}
