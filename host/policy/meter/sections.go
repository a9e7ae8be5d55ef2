package meter

import (
	"strings"
)

func (m *module) readTypes(r *reader) {
	n := r.count("types", m.o.MaxTypes)
	for range n {
		if r.byte() != 0x60 {
			r.fail("type %d is no function type", len(m.types))
			return
		}
		m.types = append(m.types, signature{m.readValueTypes(r), m.readValueTypes(r)})
	}
	m.counts[secType] = n
}

func (m *module) readValueTypes(r *reader) string {
	b := []byte(string(r.take(uint32(r.count("parameters or results in one type", m.o.MaxParams)))))
	for i := range b {
		if b[i] = valueType(b[i]); b[i] == 0 {
			r.fail("type %d has an unknown value type", len(m.types))
		}
	}
	return string(b)
}

func (m *module) readImports(r *reader) {
	n := r.count("imports", m.o.MaxImports)
	for range n {
		from, name := r.name(), r.name()
		kind := r.byte()
		index := r.u32()
		switch {
		case r.err != nil:
			return
		case from == "":
			r.fail("it imports %.60q from nowhere", name)
		case strings.HasPrefix(from, reserved) || strings.HasPrefix(name, reserved):
			r.fail("it imports %.60q.%.60q; names with %q are the meter's", from, name, reserved)
		case kind != 0:
			r.fail("it imports %.60q.%.60q, which is no function", from, name)
		case int(index) >= len(m.types):
			r.fail("import %.60q.%.60q has type %d of %d", from, name, index, len(m.types))
		}
		m.funcs = append(m.funcs, index)
	}
	m.imported, m.counts[secImport] = len(m.funcs), n
}

func (m *module) readFunctions(r *reader) {
	n := r.count("functions", m.o.MaxFunctions-min(m.imported, m.o.MaxFunctions))
	for range n {
		index := r.u32()
		if int(index) >= len(m.types) {
			r.fail("function %d has type %d of %d", len(m.funcs), index, len(m.types))
			return
		}
		m.funcs = append(m.funcs, index)
	}
	m.counts[secFunction] = n
}

func (m *module) readTables(r *reader) {
	n := r.count("tables", m.o.MaxTables)
	for i := range n {
		typ := valueType(r.byte())
		if !isReference(typ) {
			r.fail("table %d holds no funcref or externref", i)
			return
		}
		low, high, bounded := m.readLimits(r, "table")
		if low > m.o.MaxTableEntries {
			r.fail("table %d has %d entries; %d are allowed", i, low, m.o.MaxTableEntries)
		}
		if !bounded || high > m.o.MaxTableEntries {
			high = m.o.MaxTableEntries
		}
		m.tables = append(m.tables, table{typ, low, high})
	}
	m.counts[secTable] = n
}

func (m *module) readMemory(r *reader) {
	n := r.count("memories", 1)
	for range n {
		low, high, bounded := m.readLimits(r, "memory")
		if low > m.o.MaxPages {
			r.fail("its memory starts with %d pages; %d are allowed", low, m.o.MaxPages)
		}
		if bounded && high > 65_536 {
			r.fail("its memory may grow to %d pages", high)
		}
		m.pages = low
	}
	m.memory, m.counts[secMemory] = n > 0, n
}

func (m *module) readLimits(r *reader, what string) (low, high uint32, bounded bool) {
	switch flags := r.byte(); flags {
	case 0, 1:
		bounded = flags == 1
	case 2, 3:
		r.fail("a shared %s (threads) is not allowed", what)
	default:
		r.fail("a %s with limits of kind %d (64-bit addresses, custom page sizes) is not allowed", what, flags)
	}
	low = r.u32()
	if bounded {
		if high = r.u32(); high < low {
			r.fail("a %s starts with %d and may have %d", what, low, high)
		}
	}
	return low, high, bounded
}

func (m *module) readGlobals(r *reader) {
	n := r.count("globals", m.o.MaxGlobals)
	for i := range n {
		typ, mutable := valueType(r.byte()), r.byte()
		if typ == 0 || mutable > 1 {
			r.fail("global %d has an unknown type", i)
			return
		}
		m.readConstant(r, typ, "global")
		m.globals = append(m.globals, global{typ, mutable == 1})
	}
	m.counts[secGlobal] = n
}

func (m *module) readExports(r *reader) {
	n := r.count("exports", m.o.MaxExports)
	seen := map[string]bool{}
	for range n {
		name, kind, index := r.name(), r.byte(), r.u32()
		space := [...]int{len(m.funcs), len(m.tables), m.counts[secMemory], len(m.globals)}
		switch {
		case r.err != nil:
			return
		case strings.HasPrefix(name, reserved):
			r.fail("it exports %.60q; names with %q are the meter's", name, reserved)
		case seen[name]:
			r.fail("it exports %.60q twice", name)
		case int(kind) >= len(space):
			r.fail("it exports %.60q, of the unknown kind %d", name, kind)
		case int64(index) >= int64(space[kind]):
			r.fail("it exports %.60q, number %d of %d", name, index, space[kind])
		case kind == 0:
			m.declared[index] = true
		}
		seen[name] = true
	}
	m.counts[secExport] = n
}

func (m *module) readStart(r *reader) {
	index := r.u32()
	if int64(index) >= int64(len(m.funcs)) {
		r.fail("it starts with function %d of %d", index, len(m.funcs))
		return
	}
	if m.typeOf(index) != (signature{}) {
		r.fail("its start function %d has parameters or results", index)
	}
	m.start = int(index)
}

func (m *module) readBodies(r *reader) {
	n := r.count("functions with a body", m.o.MaxFunctions)
	for range n {
		size := uint32(r.count("bytes in one function", m.o.MaxBody))
		m.bodies = append(m.bodies, r.take(size))
		if r.err != nil {
			return
		}
	}
	m.counts[secCode] = n
}
