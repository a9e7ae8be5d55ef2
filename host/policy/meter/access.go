package meter

// places is what is known of addresses, within one body. A load may have to
// wait for the one before it only if its address comes from there. Loads from
// one base wait together, and those from constant addresses for nobody: only
// the first near a place can cost a whole journey to memory.
type places struct {
	origins  []uint64 // of each operand: where its value comes from
	versions []uint32 // of each local: how often it was set
	touched  []touch  // by way of each local
	fixed    [16]touch
	arms     uint32 // so many there were
	loop     uint32 // the arm of the last loop that was begun
}

// touch is a place near which memory was just used. It holds while the block it
// happened in is open, because then it happened on every way to here.
type touch struct {
	depth                int
	arm, version, offset uint32
}

// An origin is unknown, a constant with its value, or a local's number and
// version.
const (
	unknown  = uint64(0)
	constant = uint64(1) << 63
	near     = 256 // bytes either way
)

func (p *places) reset(locals int) {
	p.origins, p.arms, p.loop, p.fixed = p.origins[:0], 0, 0, [16]touch{}
	p.versions = append(p.versions[:0], make([]uint32, locals)...)
	p.touched = append(p.touched[:0], make([]touch, locals)...)
}

func (p *places) arm() uint32 { p.arms++; return p.arms }

// local is the origin of a value that local i has now.
func (p *places) local(i uint32) uint64 { return uint64(p.versions[i])<<32 | uint64(i) + 1 }

// from notes where the operand on top comes from.
func (p *places) from(origin uint64) { p.origins[len(p.origins)-1] = origin }

// origin is that of the operand so far below the top.
func (f *function) origin(depth int) uint64 {
	if i := len(f.stack) - 1 - depth; i >= f.top().height {
		return f.origins[i]
	}
	return unknown
}

// touch gives the price of using memory there: far the first time. A store
// waits for nobody in any case.
func (f *function) touch(origin uint64, offset uint32, far int64) int64 {
	w := &f.m.o.Weights
	now := touch{depth: len(f.frames) - 1, arm: f.top().arm, version: uint32(origin >> 32), offset: offset}
	var at *touch
	reach := uint64(near)
	switch {
	case origin == unknown:
		return far
	case origin&constant != 0:
		address := uint32(origin) + offset
		at, far, reach = &f.fixed[address/near%uint32(len(f.fixed))], min(far, w.Fixed), 0
		now.offset = address / near
	default:
		at = &f.touched[uint32(origin)-1]
	}
	if at.version == now.version && at.depth < len(f.frames) && f.frames[at.depth].arm == at.arm &&
		at.arm >= f.loop && // in a loop's second round a local may be another
		uint64(now.offset) <= uint64(at.offset)+reach && uint64(at.offset) <= uint64(now.offset)+reach {
		return w.Near
	}
	*at = now
	return far
}

// access validates a load or store and charges it.
func (f *function) access(o *op, high int) {
	base := f.origin(len(o.pops) - 1)
	if a := f.r.u32(); int64(a) > int64(high) {
		f.fail("%s has alignment %d (another memory?)", o.name, a)
	}
	offset := f.r.u32() // any is checked as it runs
	if lanes := o.imm.lanes(); lanes > 0 {
		if l := f.r.byte(); int(l) >= lanes {
			f.fail("%s has lane %d of %d", o.name, l, lanes)
		}
	}
	if !f.m.memory {
		f.fail("%s needs a memory", o.name)
	}
	f.popAll(o.pops)
	f.pushAll(o.pushes)
	f.account.add(f.touch(base, offset, f.m.o.Weights.of(o.class)))
}
