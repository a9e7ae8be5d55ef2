package meter

import "strings"

// instruction validates and accounts for the next one.
func (f *function) instruction() {
	at := f.r.at
	code, sub := f.r.byte(), uint32(0)
	o := &plain[code]
	switch code {
	case prefixMisc, prefixVector, prefixAtomic:
		sub = f.r.u32()
		o = &op{}
		// The engine reads these numbers byte by byte: they must have but one spelling.
		long := f.r.at-at > 2 && sub < 0x80 || f.r.at-at > 3
		switch {
		case long && f.r.err == nil:
			f.fail("at byte %d opcode %#x is spelt too long", at, sub)
		case code == prefixMisc && int64(sub) < int64(len(misc)):
			o = &misc[sub]
		case code == prefixVector && int64(sub) < int64(len(vector)):
			o = &vector[sub]
		}
	}
	if o.name == "" && f.r.err == nil {
		f.fail("%s is not allowed", forbidden(code, sub))
	}
	if f.r.err != nil {
		return
	}
	if code == opLoop { // charged with every round, not once
		f.block(code)
	}
	if high := o.imm.maxAlign(); high >= 0 {
		f.access(o, high)
		return
	}
	f.account.add(f.m.o.Weights.of(o.class))
	if o.imm != special {
		from := f.origin(0)
		f.immediate(o, at)
		f.popAll(o.pops)
		f.pushAll(o.pushes)
		if code == 0xa7 { // i32.wrap_i64 changes no address
			f.from(from)
		}
		return
	}
	if code == prefixMisc {
		f.tableOperation(byte(sub), at)
		return
	}
	switch {
	case code <= 0x11:
		f.control(code)
	case code >= 0x20 && code <= 0x24:
		f.variable(code)
	default:
		f.reference(code)
	}
}

func (f *function) immediate(o *op, at int) {
	switch o.imm {
	case none:
		return
	case int32s:
		f.push(typeI32)
		f.from(constant | uint64(uint32(f.r.signed(32))))
		return
	case int64s:
		f.r.signed(64)
		return
	case bytes4:
		f.r.take(4)
		return
	case bytes8:
		f.r.take(8)
		return
	case bytes16:
		f.r.take(16)
		return
	case shuffle:
		for _, l := range f.r.take(16) {
			if l >= 32 {
				f.fail("%s has lane %d", o.name, l)
			}
		}
		return
	case dataMemory, data:
		if i := f.r.u32(); int64(i) >= int64(f.m.dataSeen) {
			f.fail("%s names data segment %d", o.name, i)
		}
	case elem:
		if i := f.r.u32(); int64(i) >= int64(len(f.m.elements)) {
			f.fail("%s names element segment %d", o.name, i)
		}
		return
	}
	if lanes := o.imm.lanes(); lanes > 0 {
		if l := f.r.byte(); int(l) >= lanes {
			f.fail("%s has lane %d of %d", o.name, l, lanes)
		}
		return
	}
	switch o.imm {
	case data:
		return
	case memory:
		f.zeros(o, 1)
	case grow:
		f.zeros(o, 1)
		f.account.helper(at, helperPages)
	case memories:
		f.zeros(o, 2)
		f.account.helper(at, helperBytes)
	case memoryLen, dataMemory:
		f.zeros(o, 1)
		f.account.helper(at, helperBytes)
	}
	if !f.m.memory {
		f.fail("%s needs a memory", o.name)
	}
}

// zeros are the places where later proposals put the number of a memory.
func (f *function) zeros(o *op, n uint32) {
	for _, b := range f.r.take(n) {
		if b != 0 {
			f.fail("%s names another memory", o.name)
		}
	}
}

func (f *function) variable(code byte) {
	i := f.r.u32()
	if code >= 0x23 {
		if int64(i) >= int64(len(f.m.globals)) {
			f.fail("%s names global %d of %d", plain[code].name, i, len(f.m.globals))
			return
		}
		g := f.m.globals[i]
		if code == 0x23 {
			f.push(g.typ)
			return
		}
		if !g.mutable {
			f.fail("global.set changes the constant global %d", i)
		}
		f.pop(g.typ)
		return
	}
	if int64(i) >= int64(len(f.locals)) {
		f.fail("%s names local %d of %d", plain[code].name, i, len(f.locals))
		return
	}
	t := f.locals[i]
	if code != 0x20 {
		f.pop(t)
		f.versions[i]++
		f.define(i)
		f.top().sets++
	}
	if code != 0x21 {
		f.push(t)
		f.from(f.local(i))
	}
}

func (f *function) reference(code byte) {
	switch code {
	case 0x1a: // drop
		f.pop(typeAny)
	case 0x1b: // select
		f.pop(typeI32)
		a, b := f.pop(typeAny), f.pop(typeAny)
		if isReference(a) || isReference(b) || a != b && a != typeAny && b != typeAny {
			f.fail("select chooses between %c and %c", b, a)
		}
		if a == typeAny {
			a = b
		}
		f.push(a)
	case 0x1c: // select t
		n, t := f.r.byte(), valueType(f.r.byte())
		if n != 1 || t == 0 {
			f.fail("select has an unknown type")
			return
		}
		f.popAll(string([]byte{t, t, typeI32}))
		f.push(t)
	case 0x25, 0x26: // table.get, table.set
		t := f.table(plain[code].name)
		if code == 0x25 {
			f.pop(typeI32)
			f.push(t)
			return
		}
		f.popAll(string([]byte{typeI32, t}))
	case 0xd0: // ref.null
		t := valueType(f.r.byte())
		if !isReference(t) {
			f.fail("ref.null has no reference type")
			return
		}
		f.push(t)
	case 0xd1: // ref.is_null
		if t := f.pop(typeAny); t != typeAny && !isReference(t) {
			f.fail("ref.is_null is asked of %c", t)
		}
		f.push(typeI32)
	case 0xd2: // ref.func
		if i := f.r.u32(); int64(i) >= int64(len(f.m.funcs)) || !f.m.declared[i] {
			f.fail("ref.func names function %d, which is not declared", i)
		}
		f.push(typeFunc)
	}
}

// table reads a table's number and tells its type.
func (f *function) table(name string) byte {
	i := f.r.u32()
	if int64(i) >= int64(len(f.m.tables)) {
		f.fail("%s names table %d of %d", name, i, len(f.m.tables))
		return typeFunc
	}
	return f.m.tables[i].typ
}

// tableOperation is one of those behind 0xfc, all but elem.drop.
func (f *function) tableOperation(sub byte, at int) {
	name := misc[sub].name
	if strings.HasSuffix(name, "size") {
		f.table(name)
		f.push(typeI32)
		return
	}
	f.account.helper(at, helperEntries)
	switch sub {
	case 12: // table.init
		segment := f.r.u32()
		t := f.table(name)
		if int64(segment) >= int64(len(f.m.elements)) || f.m.elements[segment] != t {
			f.fail("table.init names element segment %d, which is not there or of another type", segment)
		}
		f.popAll("iii")
	case 14: // table.copy
		to := f.table(name)
		if from := f.table(name); from != to {
			f.fail("table.copy copies between tables of different types")
		}
		f.popAll("iii")
	case 15: // table.grow
		f.popAll(string([]byte{f.table(name), typeI32}))
		f.push(typeI32)
	case 17: // table.fill
		f.popAll(string([]byte{typeI32, f.table(name), typeI32}))
	}
}
