package meter

// control validates an instruction that says what runs next.
func (f *function) control(code byte) {
	switch code {
	case 0x00: // unreachable
		f.stop()
	case opBlock, opIf:
		if code == opIf {
			f.pop(typeI32)
		}
		f.block(code)
	case opElse:
		top := f.close()
		if top.kind != opIf {
			f.fail("at byte %d there is an else without an if", f.r.at)
			return
		}
		f.top().kind, f.top().dead = opElse, false
		f.pushAll(top.params)
		f.account.otherwise(f.r.at, top.before)
		f.keep(len(f.stack))
		f.top().arm = f.places.arm()
	case 0x0b: // end
		f.end()
	case 0x0c: // br
		target, types := f.label(f.r.u32())
		f.popAll(types)
		f.branch(target)
		f.stop()
	case 0x0d: // br_if
		f.pop(typeI32)
		target, types := f.label(f.r.u32())
		f.popAll(types)
		f.pushAll(types)
		f.branch(target)
		f.account.next(f.r.at)
		f.keep(len(f.stack))
	case 0x0e:
		f.branchTable()
	case 0x0f: // return
		f.popAll(f.frames[0].results)
		f.branch(0)
		f.stop()
	case 0x10: // call
		i := f.r.u32()
		if int64(i) >= int64(len(f.m.funcs)) {
			f.fail("call names function %d of %d", i, len(f.m.funcs))
			return
		}
		f.invoke(f.m.typeOf(i))
		if body := int(i) - f.m.imported; body >= 0 {
			f.account.call(f.r.at, body)
		} else { // the host charges for itself
			f.account.add(f.m.o.Weights.Outside)
		}
	case 0x11: // call_indirect
		i := f.r.u32()
		if int64(i) >= int64(len(f.m.types)) {
			f.fail("call_indirect names type %d of %d", i, len(f.m.types))
			return
		}
		if f.table("call_indirect") != typeFunc {
			f.fail("call_indirect calls what is no function")
		}
		f.pop(typeI32)
		f.invoke(f.m.types[i])
		f.account.call(f.r.at, anybody)
	}
}

func (f *function) block(code byte) {
	f.open(code, f.blockType())
	f.account.begin(f.r.at, code)
	if code != opBlock {
		f.keep(len(f.stack))
	}
	if code == opLoop {
		f.loop = f.top().arm
	}
}

func (f *function) end() {
	top := f.close()
	if top.kind == opIf && top.params != top.results {
		f.fail("at byte %d an if without else gives other types than it takes", f.r.at)
	}
	own := len(f.frames) - 1
	f.frames = f.frames[:own]
	if own == 0 {
		return
	}
	f.top().reach = min(f.top().reach, top.reach)
	f.top().sets += top.sets
	f.merge(top.sets)
	f.pushAll(top.results)
	f.account.end(f.r.at, top.before, top.reach < own)
	if top.reach < own {
		f.keep(len(f.stack))
	}
}

func (f *function) branch(target int) {
	f.top().reach = min(f.top().reach, target)
	f.account.branch(f.r.at, target)
}

func (f *function) invoke(sig signature) {
	f.popAll(sig.params)
	f.keep(len(f.stack))
	f.pushAll(sig.results)
}

// branchTable demands of all targets that they take the same types along.
func (f *function) branchTable() {
	f.pop(typeI32)
	n := f.r.count("targets in one br_table", f.m.o.MaxBrTable)
	f.targets = f.targets[:0]
	for range n + 1 {
		f.targets = append(f.targets, f.r.u32())
	}
	if f.r.err != nil {
		return
	}
	last, types := f.label(f.targets[n])
	taken := []byte(types)
	for i := len(taken) - 1; i >= 0; i-- {
		if f.pop(taken[i]) == typeAny {
			taken[i] = typeAny
		}
	}
	f.branch(last)
	for _, depth := range f.targets[:n] {
		target, other := f.label(depth)
		if len(other) != len(taken) {
			f.fail("at byte %d the targets of br_table take different operands", f.r.at)
			return
		}
		for i := range taken {
			if taken[i] != typeAny && taken[i] != other[i] {
				f.fail("at byte %d the targets of br_table take different operands", f.r.at)
				return
			}
		}
		f.branch(target)
	}
	f.stop()
}
