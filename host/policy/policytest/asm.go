package policytest

import "encoding/binary"

// Module is a WebAssembly module written by hand: small enough to misbehave in
// exactly one way. Its functions are numbered imports first, then Funcs.
type Module struct {
	Imports  []Import
	Funcs    []*Func
	Pages    uint32  // of memory at the start; exported as "memory"
	NoMemory bool    // leave the memory unexported
	Globals  []int32 // mutable i32s with their first values
	Data     []Data
	Start    *Func // run by the start section

	Locals   map[*Func]int   // i64s of a function's own
	Exports  [][]byte        // whole entries besides
	Sections map[byte][]byte // whole sections: 4 (tables), 9 (elements), or one of the above replaced
}

// Import is a function the module asks for. Types are spelt i (i32) and I (i64).
type Import struct{ Module, Name, Params, Results string }

// Func is a function of the module; Export may be empty. Body lacks the final end.
type Func struct {
	Export, Params, Results string
	Body                    []byte
}

// Data is what stands in memory at the start.
type Data struct {
	At    int32
	Bytes []byte
}

// Func finds an exported function, to change or to be changed for another.
func (m *Module) Func(export string) *Func {
	for _, f := range m.Funcs {
		if f.Export == export {
			return f
		}
	}
	panic("policytest: no function " + export)
}

// Without leaves an export out; the function stays.
func (m *Module) Without(export string) *Module {
	m.Func(export).Export = ""
	return m
}

// Body replaces what a function does.
func (m *Module) Body(export string, ops ...[]byte) *Module {
	m.Func(export).Body = Ops(ops...)
	return m
}

// Bytes assembles the module.
func (m *Module) Bytes() []byte {
	var types, imports, funcs, exports, globals, code, data [][]byte
	exported := func(name string, kind byte, index int) {
		exports = append(exports, Ops(text(name), []byte{kind}, u(index)))
	}
	typed := func(params, results string) int {
		types = append(types, Ops([]byte{0x60}, valueTypes(params), valueTypes(results)))
		return len(types) - 1
	}
	for _, i := range m.Imports {
		imports = append(imports, Ops(text(i.Module), text(i.Name), []byte{0}, u(typed(i.Params, i.Results))))
	}
	start := -1
	for n, f := range m.Funcs {
		funcs = append(funcs, u(typed(f.Params, f.Results)))
		if f.Export != "" {
			exported(f.Export, 0, len(imports)+n)
		}
		if f == m.Start {
			start = len(imports) + n
		}
		locals := u(0)
		if n := m.Locals[f]; n > 0 {
			locals = Ops(u(1), u(n), []byte{0x7e})
		}
		body := Ops(locals, f.Body, []byte{0x0b})
		code = append(code, Ops(u(len(body)), body))
	}
	if !m.NoMemory {
		exported("memory", 2, 0)
	}
	for _, g := range m.Globals {
		globals = append(globals, Ops([]byte{0x7f, 1}, Const(g), []byte{0x0b}))
	}
	for _, d := range m.Data {
		data = append(data, Ops(u(0), Const(d.At), []byte{0x0b}, text(string(d.Bytes))))
	}
	memory := [][]byte{Ops([]byte{0}, u(int(m.Pages)))}
	exports = append(exports, m.Exports...)
	out := []byte("\x00asm\x01\x00\x00\x00")
	for id, items := range [][][]byte{1: types, 2: imports, 3: funcs, 4: nil, 5: memory, 6: globals, 7: exports, 8: nil, 9: nil, 10: code, 11: data} {
		switch whole, replaced := m.Sections[byte(id)]; {
		case replaced:
			out = append(append(append(out, byte(id)), u(len(whole))...), whole...)
		case id == 8 && start >= 0:
			out = append(out, Ops([]byte{8}, u(len(u(start))), u(start))...)
		default:
			out = section(out, byte(id), items)
		}
	}
	return out
}

func section(out []byte, id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return out
	}
	body := Ops(append([][]byte{u(len(items))}, items...)...)
	return append(append(append(out, id), u(len(body))...), body...)
}

func valueTypes(spelt string) []byte {
	b := u(len(spelt))
	for _, c := range spelt {
		b = append(b, map[rune]byte{'i': 0x7f, 'I': 0x7e}[c])
	}
	return b
}

func text(s string) []byte { return append(u(len(s)), s...) }

func u(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// Ops joins instructions.
func Ops(ops ...[]byte) []byte {
	var b []byte
	for _, o := range ops {
		b = append(b, o...)
	}
	return b
}

// The instructions the guests here need.
var (
	Unreachable = []byte{0x00}
	Loop        = []byte{0x03, 0x40}
	IfThen      = []byte{0x04, 0x40}
	End         = []byte{0x0b}
	Again       = []byte{0x0c, 1} // from within an if, back to the loop around it
	Drop        = []byte{0x1a}
	Load8       = []byte{0x2d, 0, 0}
	Store32     = []byte{0x36, 2, 0}
	Grow        = []byte{0x40, 0}
	IsZero      = []byte{0x45}
	Equal       = []byte{0x46}
	Less        = []byte{0x48}
	Add         = []byte{0x6a}
	Sub         = []byte{0x6b}
	Mul         = []byte{0x6c}
	And         = []byte{0x71}
)

// Const is an i32, Const64 an i64.
func Const(v int32) []byte   { return append([]byte{0x41}, signed(int64(v))...) }
func Const64(v int64) []byte { return append([]byte{0x42}, signed(v)...) }

// Get and Set move a parameter, GetGlobal and SetGlobal a global.
func Get(i int) []byte       { return append([]byte{0x20}, u(i)...) }
func Set(i int) []byte       { return append([]byte{0x21}, u(i)...) }
func GetGlobal(i int) []byte { return append([]byte{0x23}, u(i)...) }
func SetGlobal(i int) []byte { return append([]byte{0x24}, u(i)...) }
func Call(i int) []byte      { return append([]byte{0x10}, u(i)...) }

func signed(v int64) []byte {
	var b []byte
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}
