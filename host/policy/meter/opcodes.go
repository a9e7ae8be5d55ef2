package meter

import "fmt"

// Value types are spelt as letters, so that a signature is a string.
const (
	typeI32    = 'i'
	typeI64    = 'I'
	typeF32    = 'f'
	typeF64    = 'F'
	typeV128   = 'v'
	typeFunc   = 'r'
	typeExtern = 'e'
	// typeAny is what an operand is in code that never runs.
	typeAny = '?'
)

// valueType spells the binary format's byte; 0 is none of them.
func valueType(b byte) byte {
	switch b {
	case 0x7f:
		return typeI32
	case 0x7e:
		return typeI64
	case 0x7d:
		return typeF32
	case 0x7c:
		return typeF64
	case 0x7b:
		return typeV128
	case 0x70:
		return typeFunc
	case 0x6f:
		return typeExtern
	}
	return 0
}

func isReference(t byte) bool { return t == typeFunc || t == typeExtern }

// op is one instruction: what it pops and pushes (unless its types depend on
// the module: special), what follows it, and how it is charged.
type op struct {
	name         string
	pops, pushes string
	imm          immediate
	class        class
}

// immediate says what stands behind an opcode. The low bits of align and lane
// carry their bounds.
type immediate uint16

const (
	none       immediate = iota
	special              // by the validator, opcode by opcode
	memory               // one zero byte
	grow                 // one zero byte; the pages are charged as it runs
	memories             // two zero bytes; charged by length
	memoryLen            // one zero byte; charged by length
	dataMemory           // a data segment and a zero byte; charged by length
	data                 // a data segment
	elem                 // an element segment
	int32s               // LEB128; pushes it, too
	int64s               // LEB128
	bytes4               // so many bytes
	bytes8               //
	bytes16              //
	shuffle              // 16 lanes of two vectors

	align1  immediate = 0x100 // a memory argument; aligned to at most so many bytes
	align2  immediate = 0x200
	align4  immediate = 0x300
	align8  immediate = 0x400
	align16 immediate = 0x500
	lane2   immediate = 0x1000 // a lane number, of so many
	lane4   immediate = 0x2000
	lane8   immediate = 0x3000
	lane16  immediate = 0x4000
)

// maxAlign is the largest exponent of a memory argument's alignment, -1 without one.
func (i immediate) maxAlign() int { return int(i>>8&0xf) - 1 }

// lanes is how many a lane number chooses from, 0 without one.
func (i immediate) lanes() int { return 1 << (i >> 12) & 0x1e }

const (
	prefixMisc   = 0xfc
	prefixVector = 0xfd
	prefixAtomic = 0xfe
)

// forbidden names what no module may contain.
func forbidden(code byte, sub uint32) string {
	name := map[byte]string{
		0x06: "try (exceptions)", 0x07: "catch (exceptions)", 0x08: "throw (exceptions)", 0x09: "rethrow (exceptions)",
		0x0a: "throw_ref (exceptions)", 0x18: "delegate (exceptions)", 0x19: "catch_all (exceptions)", 0x1f: "try_table (exceptions)",
		0x12: "return_call (tail calls)", 0x13: "return_call_indirect (tail calls)",
		0x14: "call_ref (typed references)", 0x15: "return_call_ref (tail calls)",
		0xd3: "ref.eq (garbage collection)", 0xd4: "ref.as_non_null (typed references)",
		0xd5: "br_on_null (typed references)", 0xd6: "br_on_non_null (typed references)",
		0xfb: "0xfb (garbage collection)",
	}[code]
	switch {
	case name != "":
		return name
	case code == prefixAtomic:
		return atomic(sub) + " (threads)"
	case code == prefixVector && sub >= 0x100:
		return fmt.Sprintf("0xfd %#x (relaxed vectors)", sub)
	case code == prefixVector || code == prefixMisc:
		return fmt.Sprintf("%#02x %#x (unknown)", code, sub)
	}
	return fmt.Sprintf("%#02x (unknown)", code)
}

// atomic names an instruction of the threads proposal.
func atomic(sub uint32) string {
	first := []string{"memory.atomic.notify", "memory.atomic.wait32", "memory.atomic.wait64", "atomic.fence"}
	access := []string{"i32.atomic.load", "i64.atomic.load", "i32.atomic.load8_u", "i32.atomic.load16_u",
		"i64.atomic.load8_u", "i64.atomic.load16_u", "i64.atomic.load32_u", "i32.atomic.store", "i64.atomic.store",
		"i32.atomic.store8", "i32.atomic.store16", "i64.atomic.store8", "i64.atomic.store16", "i64.atomic.store32"}
	widths := []string{"i32.atomic.rmw.%s", "i64.atomic.rmw.%s", "i32.atomic.rmw8.%s_u", "i32.atomic.rmw16.%s_u",
		"i64.atomic.rmw8.%s_u", "i64.atomic.rmw16.%s_u", "i64.atomic.rmw32.%s_u"}
	verbs := []string{"add", "sub", "and", "or", "xor", "xchg", "cmpxchg"}
	const accesses, modifies, end = 0x10, 0x1e, 0x4f
	switch {
	case sub < uint32(len(first)):
		return first[sub]
	case sub >= accesses && sub < modifies:
		return access[sub-accesses]
	case sub >= modifies && sub < end:
		n := int(sub - modifies)
		return fmt.Sprintf(widths[n%len(widths)], verbs[n/len(widths)])
	}
	return fmt.Sprintf("0xfe %#x", sub)
}
