package meter

import "bytes"

// module is what a module says of itself, all of it checked; sections that are
// passed on unchanged stay as the bytes they were.
type module struct {
	o        *Options
	raw      [13][]byte // by section number; empty: not there
	counts   [13]int    // entries of those that begin with a count
	types    []signature
	imported int      // functions
	funcs    []uint32 // every function's type, imports first
	tables   []table
	memory   bool
	pages    uint32 // of memory at the start
	globals  []global
	declared map[uint32]bool // functions that ref.func may name
	start    int             // function, -1: none
	elements []byte          // type of each element segment
	dataSeen int             // what the data count section says, -1: not there
	bodies   [][]byte        // locals and code of each function that is not imported
	plans    []plan          // what is done to each body
	helpers  []int           // added behind the functions, by kind
}

type signature struct{ params, results string }

type table struct {
	typ      byte
	min, max uint32
}

type global struct {
	typ     byte
	mutable bool
}

// Section numbers.
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
)

// order is how sections must follow each other: the data count comes before the code.
var order = [...]int{secType: 1, secImport: 2, secFunction: 3, secTable: 4, secMemory: 5, secGlobal: 6,
	secExport: 7, secStart: 8, secElement: 9, secDataCount: 10, secCode: 11, secData: 12}

// parse reads and checks everything but the instructions.
func parse(b []byte, o *Options) (*module, error) {
	if len(b) > o.MaxModule {
		return nil, refused("it has %d bytes; %d are allowed", len(b), o.MaxModule)
	}
	if !bytes.HasPrefix(b, header) {
		return nil, refused("it is no core WebAssembly module")
	}
	m := &module{o: o, start: -1, dataSeen: -1, declared: map[uint32]bool{}}
	r := &reader{b: b, at: len(header)}
	last := 0
	for r.err == nil && r.left() > 0 {
		id := r.byte()
		body := r.take(r.u32())
		if r.err != nil {
			break
		}
		if id == secCustom { // names and the like: nothing that runs
			continue
		}
		if int(id) >= len(order) {
			return nil, refused("section %d is unknown; exceptions and later proposals are not allowed", id)
		}
		if order[id] <= last {
			return nil, refused("section %d is out of order", id)
		}
		last = order[id]
		if err := m.section(int(id), body); err != nil {
			return nil, err
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, m.consistent()
}

var header = []byte("\x00asm\x01\x00\x00\x00")

func (m *module) section(id int, body []byte) error {
	r := &reader{b: body}
	switch id {
	case secType:
		m.readTypes(r)
	case secImport:
		m.readImports(r)
	case secFunction:
		m.readFunctions(r)
	case secTable:
		m.readTables(r)
	case secMemory:
		m.readMemory(r)
	case secGlobal:
		m.readGlobals(r)
	case secExport:
		m.readExports(r)
	case secStart:
		m.readStart(r)
	case secElement:
		m.readElements(r)
	case secDataCount:
		m.dataSeen = r.count("data segments", m.o.MaxSegments)
	case secCode:
		m.readBodies(r)
	case secData:
		m.readData(r)
	}
	m.raw[id] = body
	return r.end(sectionNames[id] + " section")
}

var sectionNames = [...]string{secCustom: "custom", secType: "type", secImport: "import", secFunction: "function",
	secTable: "table", secMemory: "memory", secGlobal: "global", secExport: "export", secStart: "start",
	secElement: "element", secCode: "code", secData: "data", secDataCount: "data count"}

// consistent compares sections with each other.
func (m *module) consistent() error {
	if declared := len(m.funcs) - m.imported; declared != len(m.bodies) {
		return refused("it declares %d functions and defines %d", declared, len(m.bodies))
	}
	if m.dataSeen >= 0 && m.dataSeen != m.counts[secData] {
		return refused("it announces %d data segments and has %d", m.dataSeen, m.counts[secData])
	}
	return nil
}

func (m *module) typeOf(function uint32) signature { return m.types[m.funcs[function]] }
