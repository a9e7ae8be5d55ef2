package meter

import "encoding/binary"

// rewriteCode validates every body and gives the entries of the new code section.
func (m *module) rewriteCode(r *Report) ([]byte, error) {
	f := &function{m: m}
	m.plans = make([]plan, len(m.bodies))
	for i := range m.bodies {
		if err := f.check(i); err != nil {
			return nil, err
		}
		m.plans[i] = f.plan()
	}
	out := make([]byte, 0, len(m.raw[secCode])*2)
	var body []byte
	for i := range m.bodies {
		m.settle(i)
		body = m.emit(body[:0], m.bodies[i], &m.plans[i])
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
		r.count(&m.plans[i])
	}
	return out, nil
}

func (r *Report) count(p *plan) {
	r.Segments += len(p.costs)
	r.LargestFrame = max(r.LargestFrame, p.slots)
	for _, check := range p.checks {
		if check {
			r.Checks++
		}
	}
}

// assemble writes the module anew: every section as it was, with the meter's
// own entries behind the original ones.
func (m *module) assemble(code []byte) []byte {
	out := make([]byte, 0, len(code)+len(m.raw[secData])+len(m.raw[secElement])+4096)
	out = append(out, header...)
	var funcs, exports []byte
	for i := 0; i < len(m.helpers); i++ { // a helper may need another
		h := m.helpers[i]
		funcs = binary.AppendUvarint(funcs, uint64(len(m.types)+helperType(h)))
		body := m.helperBody(h)
		code = binary.AppendUvarint(code, uint64(len(body)))
		code = append(code, body...)
	}
	exports = appendExport(exports, FuelGlobal, 3, len(m.globals))
	exports = appendExport(exports, ReserveGlobal, 3, len(m.globals)+1)
	exported := 2
	if m.start >= 0 {
		exports = appendExport(exports, StartFunction, 0, m.start)
		exported++
	}
	out = m.extended(out, secType, len(helperTypes), joined(helperTypes[:]))
	out = m.extended(out, secImport, 0, nil)
	out = m.extended(out, secFunction, len(m.helpers), funcs)
	out = m.appendTables(out)
	out = m.extended(out, secMemory, 0, nil)
	out = m.extended(out, secGlobal, 2, []byte{0x7e, 1, opI64Const, 0, opEnd, 0x7e, 1, opI64Const, 0, opEnd}) // mutable i64s
	out = m.extended(out, secExport, exported, exports)
	out = m.extended(out, secElement, 0, nil)
	if m.dataSeen >= 0 {
		out = appendSection(out, secDataCount, m.raw[secDataCount])
	}
	if n := len(m.bodies) + len(m.helpers); n > 0 {
		out = appendSection(out, secCode, append(binary.AppendUvarint(nil, uint64(n)), code...))
	}
	if data, merged := m.mergedData(); merged {
		return appendSection(out, secData, data)
	}
	return m.extended(out, secData, 0, nil)
}

// extended writes a section that begins with a count, with more entries.
func (m *module) extended(out []byte, id int, more int, entries []byte) []byte {
	if m.counts[id]+more == 0 {
		return out
	}
	r := reader{b: m.raw[id]}
	if len(r.b) > 0 {
		r.u32()
	}
	body := binary.AppendUvarint(nil, uint64(m.counts[id]+more))
	body = append(append(body, r.b[r.at:]...), entries...)
	return appendSection(out, id, body)
}

// appendTables writes the tables with the limit they have here.
func (m *module) appendTables(out []byte) []byte {
	if len(m.tables) == 0 {
		return out
	}
	body := binary.AppendUvarint(nil, uint64(len(m.tables)))
	for _, t := range m.tables {
		code := byte(0x70)
		if t.typ == typeExtern {
			code = 0x6f
		}
		body = append(body, code, 1)
		body = binary.AppendUvarint(body, uint64(t.min))
		body = binary.AppendUvarint(body, uint64(t.max))
	}
	return appendSection(out, secTable, body)
}

func appendSection(out []byte, id int, body []byte) []byte {
	out = binary.AppendUvarint(append(out, byte(id)), uint64(len(body)))
	return append(out, body...)
}

func appendExport(out []byte, name string, kind byte, index int) []byte {
	out = binary.AppendUvarint(out, uint64(len(name)))
	out = append(append(out, name...), kind)
	return binary.AppendUvarint(out, uint64(index))
}
