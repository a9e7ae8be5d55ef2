package meter

import (
	"math/bits"
	"slices"
	"strings"
)

// Helpers are functions behind the module's own. Each takes the length that
// lies on the stack before an operation, charges for it, and gives it back.
const (
	helperBytes   = iota // memory.fill, copy, init
	helperEntries        // table.grow, fill, copy, init
	helperPages          // memory.grow
	helperRefill         // takes and gives nothing
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
	opDrop        = 0x1a
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opLocalTee    = 0x22
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI32LessU    = 0x49
	opI32GreaterU = 0x4b
	opI32Sub      = 0x6b
	opI64Add      = 0x7c
	opI64Mul      = 0x7e
	opI64ShrU     = 0x88
	opExtendU     = 0xad
	opSelect      = 0x1b
)

// helperBody is its entry in the code section, without the size.
func (m *module) helperBody(kind int) []byte {
	if kind == helperRefill {
		return m.refillBody()
	}
	w := m.o.Weights
	b := []byte{0} // no locals
	if kind == helperBytes {
		b = append(b, opLocalGet, 0, opI32Const)
		b = appendSigned(b, int64(m.o.MaxBulk))
		b = append(b, opI32GreaterU, opIf, emptyBlock, opUnreachable, opEnd)
	}
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
	case helperPages: // more * Page: nothing is copied, each new page is touched for the first time
		b = append(b, opLocalGet, 0, opI32Const, 0, opLocalGet, 0, opI32Const) // more, or nothing if it must fail
		b = appendSigned(b, int64(m.o.MaxPages)+1)
		b = append(b, opI32LessU, opSelect, opExtendU, opI64Const)
		b = appendSigned(b, w.Page)
		b = append(b, opI64Mul)
	}
	b = append(b, opI64Sub)
	b = m.fuel(b, opGlobalSet)
	b = m.charge(b, 0, true)
	return append(b, opLocalGet, 0, opEnd)
}

// helperTypes are those of the helpers, behind the module's own.
var helperTypes = [...]string{"\x60\x01\x7f\x01\x7f", "\x60\x00\x00"}

func helperType(kind int) int {
	if kind == helperRefill {
		return 1
	}
	return 0
}

func joined(s []string) []byte { return []byte(strings.Join(s, "")) }

// refillBody fills the tank up to a slice from the reserve, traps if that does
// not lift it above zero, and leaves compiled code for a moment by growing
// memory by nothing.
func (m *module) refillBody() []byte {
	b := []byte{1, 1, 0x7e} // one i64: how much to take
	b = append(b, opI64Const)
	b = appendSigned(b, m.o.Slice)
	b = m.fuel(b, opGlobalGet)
	b = append(b, opI64Sub, opLocalTee, 0)
	b = m.reserve(b, opGlobalGet)
	b = append(b, opLocalGet, 0)
	b = m.reserve(b, opGlobalGet)
	b = append(b, opI64LessS, opSelect, opLocalSet, 0)
	b = m.reserve(b, opGlobalGet)
	b = append(b, opLocalGet, 0, opI64Sub)
	b = m.reserve(b, opGlobalSet)
	b = m.fuel(b, opGlobalGet)
	b = append(b, opLocalGet, 0, opI64Add)
	b = m.fuel(b, opGlobalSet)
	b = m.fuel(b, opGlobalGet)
	b = append(b, opI64Const, 0, opI64LessS, opIf, emptyBlock, opUnreachable, opEnd)
	if m.memory {
		b = append(b, opI32Const, 0, opMemoryGrow, 0, opDrop)
	}
	return append(b, opEnd)
}
