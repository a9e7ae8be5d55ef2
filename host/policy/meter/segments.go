package meter

// readElements reads the segments that fill tables. Their eight kinds are three
// bits: not active (0), with a table or a type (1), of expressions (2).
func (m *module) readElements(r *reader) {
	n := r.count("element segments", m.o.MaxSegments)
	room := m.o.MaxElements
	for i := range n {
		kind := r.u32()
		if kind > 7 {
			r.fail("element segment %d is of the unknown kind %d", i, kind)
			return
		}
		inactive, explicit, expressions := kind&1 != 0, kind&2 != 0, kind&4 != 0
		into := uint32(0)
		if !inactive {
			if explicit {
				into = r.u32()
			}
			m.readConstant(r, typeI32, "element segment")
		}
		typ := byte(typeFunc)
		if inactive || explicit {
			if b := r.byte(); !expressions && b != 0 || expressions && !isReference(valueType(b)) {
				r.fail("element segment %d has an unknown type", i)
			} else if expressions {
				typ = valueType(b)
			}
		}
		if !inactive && (int64(into) >= int64(len(m.tables)) || m.tables[into].typ != typ) {
			r.fail("element segment %d does not fit table %d", i, into)
		}
		entries := r.count("elements", room)
		room -= entries
		for range entries {
			if expressions {
				m.readConstant(r, typ, "element segment")
			} else {
				m.declare(r, r.u32())
			}
			if r.err != nil {
				return
			}
		}
		m.elements = append(m.elements, typ)
	}
	m.counts[secElement] = n
}

func (m *module) readData(r *reader) {
	n := r.count("data segments", m.o.MaxSegments)
	room := m.o.MaxDataBytes
	for i := range n {
		kind := r.u32()
		if kind == 2 && r.u32() != 0 || kind > 2 {
			r.fail("data segment %d is of an unknown kind", i)
			return
		}
		if kind != 1 {
			if !m.memory {
				r.fail("data segment %d has no memory to go to", i)
			}
			m.readConstant(r, typeI32, "data segment")
		}
		size := r.count("bytes of data", room)
		r.take(uint32(size))
		if room -= size; r.err != nil {
			return
		}
	}
	m.counts[secData] = n
}

// readConstant reads an expression that the engine evaluates at the start: one
// constant. As globals cannot be imported, no other expression has a meaning.
func (m *module) readConstant(r *reader, want byte, where string) {
	var got byte
	switch code := r.byte(); code {
	case 0x41:
		r.signed(32)
		got = typeI32
	case 0x42:
		r.signed(64)
		got = typeI64
	case 0x43:
		r.take(4)
		got = typeF32
	case 0x44:
		r.take(8)
		got = typeF64
	case 0xd0:
		if got = valueType(r.byte()); !isReference(got) {
			r.fail("a %s starts with a null of no reference type", where)
		}
	case 0xd2:
		m.declare(r, r.u32())
		got = typeFunc
	case prefixVector:
		if r.byte() != 0x0c {
			r.fail("a %s starts with more than a constant", where)
		}
		r.take(16)
		got = typeV128
	default:
		r.fail("a %s starts with opcode %#02x, which is no constant", where, code)
	}
	if got != want || r.byte() != 0x0b {
		r.fail("a %s starts with more than a constant of its type", where)
	}
}

// declare notes a function that stands in the module outside of code.
func (m *module) declare(r *reader, function uint32) {
	if int64(function) >= int64(len(m.funcs)) {
		r.fail("it refers to function %d of %d", function, len(m.funcs))
		return
	}
	m.declared[function] = true
}
