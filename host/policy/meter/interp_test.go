package meter_test

import "encoding/binary"

// interp runs modules of i32s one instruction at a time and adds up what each
// costs: the plain truth that segments must come to.
type interp struct {
	m     mod
	spent int64
	steps int
}

type label struct{ kind, start, end, height, takes int }

// call gives no results after a trap, or when it runs for too long.
func (x *interp) call(n int, args []int32) (results []int32, ok bool) {
	f := x.m.funcs[n]
	locals := append(append([]int32(nil), args...), make([]int32, len(f.locals))...)
	b := f.body + end
	var st []int32
	labels := []label{{end: len(b), takes: len(f.results)}}
	pop := func() int32 { v := st[len(st)-1]; st = st[:len(st)-1]; return v }
	truth := func(b bool) {
		if b {
			st = append(st, 1)
		} else {
			st = append(st, 0)
		}
	}
	for pc := 0; pc < len(b); {
		if x.steps++; x.steps > 100_000 {
			return nil, false
		}
		op := b[pc]
		next, imm := after(b, pc)
		branch := func(depth int) {
			l := labels[len(labels)-1-depth]
			keep := append([]int32(nil), st[len(st)-l.takes:]...)
			st = append(st[:l.height], keep...)
			if l.kind == 3 {
				labels = labels[:len(labels)-depth]
				next = l.start
				x.spent += 2 // a round begins
			} else {
				labels = labels[:len(labels)-1-depth]
				next = l.end
			}
		}
		switch op {
		case 0x01:
		case 0x00:
			return nil, false
		case 0x02, 0x03, 0x04:
			in, out := x.blockType(imm[0])
			els, stop := match(b, next)
			taken := true
			if op != 0x02 {
				x.spent += 2
			}
			if op == 0x04 {
				taken = pop() != 0
			}
			l := label{int(op), next, stop, len(st) - in, out}
			if op == 0x03 {
				l.takes = in
			}
			if !taken && els == 0 {
				next = stop
				break
			} else if !taken {
				next = els
			}
			labels = append(labels, l)
		case 0x05: // the end of a then
			next = labels[len(labels)-1].end
			labels = labels[:len(labels)-1]
		case 0x0b:
			labels = labels[:len(labels)-1]
		case 0x0c:
			x.spent += 2
			branch(imm[0])
		case 0x0d:
			x.spent += 2
			if pop() != 0 {
				branch(imm[0])
			}
		case 0x0e:
			x.spent += 4
			i := uint32(pop())
			branch(imm[1+min(i, uint32(imm[0]))])
		case 0x0f:
			x.spent += 2
			branch(len(labels) - 1)
		case 0x10:
			x.spent += 32
			in := len(x.m.funcs[imm[0]].params)
			res, ok := x.call(imm[0], st[len(st)-in:])
			if !ok {
				return nil, false
			}
			st = append(st[:len(st)-in], res...)
		case 0x1a:
			pop()
		case 0x1b:
			x.spent++
			c, v2, v1 := pop(), pop(), pop()
			if c == 0 {
				v1 = v2
			}
			st = append(st, v1)
		case 0x20:
			st = append(st, locals[imm[0]])
		case 0x21, 0x22:
			x.spent++
			locals[imm[0]] = st[len(st)-1]
			if op == 0x21 {
				pop()
			}
		case 0x41:
			st = append(st, int32(imm[0]))
		case 0x45:
			x.spent++
			truth(pop() == 0)
		default:
			x.spent++
			v2, v1 := pop(), pop()
			switch op {
			case 0x4a:
				truth(v1 > v2)
			case 0x49:
				truth(uint32(v1) < uint32(v2))
			case 0x6a:
				st = append(st, v1+v2)
			case 0x6b:
				st = append(st, v1-v2)
			case 0x71:
				st = append(st, v1&v2)
			}
		}
		pc = next
	}
	return st, true
}

// blockType counts what a block takes and gives.
func (x *interp) blockType(b int) (in, out int) {
	switch b {
	case 0x40:
		return 0, 0
	case 0x7f:
		return 0, 1
	}
	return len(x.m.funcs[b].params), len(x.m.funcs[b].results)
}

// after is the place of the next instruction, and this one's immediates.
func after(b string, pc int) (next int, imm []int) {
	op := b[pc]
	pc++
	number := func() int {
		v, n := binary.Uvarint([]byte(b[pc:]))
		pc += n
		return int(v)
	}
	switch op {
	case 0x02, 0x03, 0x04:
		imm = []int{int(b[pc])}
		pc++
	case 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22:
		imm = []int{number()}
	case 0x0e:
		n := number()
		imm = []int{n}
		for range n + 1 {
			imm = append(imm, number())
		}
	case 0x41:
		v, shift := 0, 0
		for {
			c := b[pc]
			pc++
			v |= int(c&0x7f) << shift
			if shift += 7; c < 0x80 {
				if c&0x40 != 0 {
					v |= -1 << shift
				}
				break
			}
		}
		imm = []int{v}
	}
	return pc, imm
}

// match finds where the else and the end of a block lead to; pc is its inside.
func match(b string, pc int) (els, stop int) {
	for depth := 1; ; {
		op := b[pc]
		pc, _ = after(b, pc)
		switch {
		case op >= 0x02 && op <= 0x04:
			depth++
		case op == 0x05 && depth == 1:
			els = pc
		case op == 0x0b:
			if depth--; depth == 0 {
				return els, pc
			}
		}
	}
}
