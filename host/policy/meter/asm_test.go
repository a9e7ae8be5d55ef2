package meter_test

import "encoding/binary"

// mod is a module written by hand. Its functions are numbered imports first,
// then funcs; every section but those below can be given raw.
type mod struct {
	imports  []imp
	funcs    []fn
	pages    int // of memory; 0: no memory
	tables   []string
	globals  []string // whole entries
	elements []string
	data     []string
	count    bool // with a data count section
	start    int  // function + 1
	exports  []string
}

type imp struct{ from, name, params, results string }

// fn is a function; locals are types. Types are spelt i I f F v r e.
type fn struct{ export, params, results, locals, body string }

func (m mod) bytes() []byte {
	var types, imports, funcs, exports, code []string
	typed := func(params, results string) string {
		types = append(types, "\x60"+list(params)+list(results))
		return u(len(types) - 1)
	}
	for _, i := range m.imports {
		imports = append(imports, text(i.from)+text(i.name)+"\x00"+typed(i.params, i.results))
	}
	for n, f := range m.funcs {
		funcs = append(funcs, typed(f.params, f.results))
		if f.export != "" {
			exports = append(exports, text(f.export)+"\x00"+u(len(m.imports)+n))
		}
		var locals []string
		for _, t := range f.locals {
			locals = append(locals, u(1)+letter(t))
		}
		body := vec(locals) + f.body + end
		code = append(code, u(len(body))+body)
	}
	out := "\x00asm\x01\x00\x00\x00" + section(1, types) + section(2, imports) + section(3, funcs) + section(4, m.tables)
	if m.pages > 0 {
		out += section(5, []string{"\x00" + u(m.pages)})
		exports = append(exports, text("memory")+"\x02\x00")
	}
	out += section(6, m.globals) + section(7, append(exports, m.exports...))
	if m.start > 0 {
		s := u(m.start - 1)
		out += "\x08" + u(len(s)) + s
	}
	out += section(9, m.elements)
	if m.count {
		n := u(len(m.data))
		out += "\x0c" + u(len(n)) + n
	}
	return []byte(out + section(10, code) + section(11, m.data))
}

// one is a module with a page of memory and one function, "f".
func one(params, results, locals, body string) mod {
	return mod{pages: 1, funcs: []fn{{"f", params, results, locals, body}}}
}

func section(id byte, entries []string) string {
	if len(entries) == 0 {
		return ""
	}
	body := vec(entries)
	return string([]byte{id}) + u(len(body)) + body
}

func vec(entries []string) string {
	s := u(len(entries))
	for _, e := range entries {
		s += e
	}
	return s
}

func letter(t rune) string {
	return map[rune]string{'i': "\x7f", 'I': "\x7e", 'f': "\x7d", 'F': "\x7c", 'v': "\x7b", 'r': "\x70", 'e': "\x6f"}[t]
}

func list(types string) string {
	s := u(len(types))
	for _, t := range types {
		s += letter(t)
	}
	return s
}

func text(s string) string { return u(len(s)) + s }

func u(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }

func s(v int64) string {
	var b []byte
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return string(append(b, low))
		}
		b = append(b, low|0x80)
	}
}

func i32c(v int32) string { return "\x41" + s(int64(v)) }
func i64c(v int64) string { return "\x42" + s(v) }
func get(i int) string    { return "\x20" + u(i) }
func set(i int) string    { return "\x21" + u(i) }
func tee(i int) string    { return "\x22" + u(i) }
func gget(i int) string   { return "\x23" + u(i) }
func gset(i int) string   { return "\x24" + u(i) }
func br(i int) string     { return "\x0c" + u(i) }
func brIf(i int) string   { return "\x0d" + u(i) }
func call(i int) string   { return "\x10" + u(i) }

func brTable(targets ...int) string {
	t := "\x0e" + u(len(targets)-1)
	for _, i := range targets {
		t += u(i)
	}
	return t
}

const (
	unreachable = "\x00"
	nop         = "\x01"
	block       = "\x02\x40"
	blockI      = "\x02\x7f"
	loop        = "\x03\x40"
	loopI       = "\x03\x7f"
	ifThen      = "\x04\x40"
	ifI         = "\x04\x7f"
	otherwise   = "\x05"
	end         = "\x0b"
	ret         = "\x0f"
	drop        = "\x1a"
	sel         = "\x1b"
	load32      = "\x28\x02\x00"
	load64      = "\x29\x03\x00"
	store32     = "\x36\x02\x00"
	grow        = "\x40\x00"
	eqz         = "\x45"
	ltu         = "\x49"
	add         = "\x6a"
	sub         = "\x6b"
	mul         = "\x6c"
	divu        = "\x6e"
	and         = "\x71"
	fill        = "\xfc\x0b\x00"
	copyM       = "\xfc\x0a\x00\x00"
)
