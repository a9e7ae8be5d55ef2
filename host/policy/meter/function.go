package meter

import "strings"

// function validates one body, as the specification's algorithm does, and notes
// on the way what every straight run of instructions costs. It is used for one
// body after the other, so that its lists are made once.
type function struct {
	m      *module
	r      reader
	index  uint32
	locals []byte
	stack  []byte // operand types
	places        // what loads and stores reach
	frames []frame
	height int  // the most operands there were
	wide   bool // some value has 16 bytes
	account
	spills
}

// slots is how many 8-byte places a frame of the function may have.
func (f *function) slots() int {
	width := 1
	if f.wide {
		width = 2
	}
	return width * (len(f.locals) + f.height + f.total)
}

// frame is a block that is open. The function itself is the outermost.
type frame struct {
	kind            byte // the opcode; 0 for the function
	params, results string
	height          int    // operands below it
	dead            bool   // what follows never runs
	before          int    // the segment that was open around it
	reach           int    // the outermost frame that is branched to from inside
	arm             uint32 // names this block, or this half of an if
	sets            int    // of locals, inside
}

const (
	opBlock = 0x02
	opLoop  = 0x03
	opIf    = 0x04
	opElse  = 0x05
)

func (f *function) fail(format string, args ...any) {
	f.r.fail("function %d: "+format, append([]any{f.index}, args...)...)
}

// check validates body number i. What it finds stays valid until the next.
func (f *function) check(i int) error {
	f.index = uint32(f.m.imported + i)
	f.r = reader{b: f.m.bodies[i]}
	sig := f.m.typeOf(f.index)
	f.stack, f.frames, f.height = f.stack[:0], f.frames[:0], 0
	f.readLocals(sig.params)
	f.places.reset(len(f.locals))
	f.spills.reset(len(f.locals))
	f.account.reset(f.r.at)
	f.open(0, signature{results: sig.results})
	for f.r.err == nil && len(f.frames) > 0 {
		f.instruction()
	}
	if f.r.err == nil && f.r.left() > 0 {
		f.fail("%d bytes follow its end", f.r.left())
	}
	return f.r.err
}

func (f *function) readLocals(params string) {
	f.locals, f.wide = append(f.locals[:0], params...), strings.ContainsRune(params, typeV128)
	if len(f.locals) > f.m.o.MaxLocals {
		f.fail("it has %d locals; %d are allowed", len(f.locals), f.m.o.MaxLocals)
		return
	}
	for range f.r.count("groups of locals in one function", f.m.o.MaxLocals) {
		n := f.r.u32()
		t := valueType(f.r.byte())
		if t == 0 {
			f.fail("a local has an unknown type")
			return
		}
		if uint64(len(f.locals))+uint64(n) > uint64(f.m.o.MaxLocals) {
			f.fail("it has %d locals; %d are allowed", uint64(len(f.locals))+uint64(n), f.m.o.MaxLocals)
			return
		}
		f.wide = f.wide || t == typeV128
		for range n {
			f.locals = append(f.locals, t)
		}
	}
}

func (f *function) top() *frame { return &f.frames[len(f.frames)-1] }

func (f *function) push(t byte) {
	f.stack = append(f.stack, t)
	f.origins = append(f.origins[:len(f.stack)-1], unknown)
	if t == typeV128 {
		f.wide = true
	}
	if len(f.stack) > f.height {
		if f.height = len(f.stack); f.height > f.m.o.MaxHeight {
			f.fail("it has more than %d operands", f.m.o.MaxHeight)
		}
	}
}

func (f *function) pushAll(types string) {
	for i := range len(types) {
		f.push(types[i])
	}
}

// pop takes an operand of type want off; typeAny takes whatever is there. In
// code that never runs there is always one.
func (f *function) pop(want byte) byte {
	top := f.top()
	if len(f.stack) <= top.height {
		if !top.dead {
			f.fail("at byte %d an operand is missing", f.r.at)
		}
		return typeAny
	}
	have := f.stack[len(f.stack)-1]
	f.stack = f.stack[:len(f.stack)-1]
	f.low = min(f.low, len(f.stack))
	if have != want && have != typeAny && want != typeAny {
		f.fail("at byte %d an operand is %c; it must be %c", f.r.at, have, want)
	}
	return have
}

func (f *function) popAll(types string) {
	for i := len(types) - 1; i >= 0; i-- {
		f.pop(types[i])
	}
}

// open begins a block whose parameters are on the stack.
func (f *function) open(kind byte, sig signature) {
	if len(f.frames) > f.m.o.MaxNesting {
		f.fail("its blocks are nested deeper than %d", f.m.o.MaxNesting)
		return
	}
	f.popAll(sig.params)
	f.frames = append(f.frames, frame{kind: kind, params: sig.params, results: sig.results,
		height: len(f.stack), before: f.current, reach: len(f.frames), arm: f.places.arm()})
	f.pushAll(sig.params)
}

// close ends the innermost block, or its first half.
func (f *function) close() frame {
	top := *f.top()
	f.popAll(top.results)
	if len(f.stack) != top.height {
		f.fail("at byte %d a block leaves operands behind", f.r.at)
	}
	return top
}

// stop says that what follows, up to the end of the block, never runs.
func (f *function) stop() {
	top := f.top()
	f.stack, top.dead = f.stack[:top.height], true
	f.account.stop(f.r.at)
}

// label is the frame a branch goes to, and what it takes along.
func (f *function) label(depth uint32) (target int, types string) {
	if int64(depth) >= int64(len(f.frames)) {
		f.fail("at byte %d it branches %d blocks out of %d", f.r.at, depth, len(f.frames))
		return 0, ""
	}
	target = len(f.frames) - 1 - int(depth)
	if to := &f.frames[target]; to.kind == opLoop {
		return target, to.params
	} else {
		return target, to.results
	}
}

// blockType reads what a block takes and gives.
func (f *function) blockType() signature {
	if f.r.at < len(f.r.b) {
		if b := f.r.b[f.r.at]; b == 0x40 {
			f.r.at++
			return signature{}
		} else if t := valueType(b); t != 0 {
			f.r.at++
			return signature{results: string(rune(t))}
		}
	}
	i := f.r.signed(33)
	if i < 0 || i >= int64(len(f.m.types)) {
		f.fail("at byte %d a block has type %d of %d", f.r.at, i, len(f.m.types))
		return signature{}
	}
	return f.m.types[i]
}
