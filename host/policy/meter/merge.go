package meter

import "encoding/binary"

const (
	manySegments = 64 // fewer are passed on as they are
	longGap      = 64 // so many zeros are left out
)

// mergedData is the data section with few segments in place of many. Standard
// Go's linker leaves out every handful of zeros: 24,000 segments, for each of
// which the engine keeps 90 bytes, and 24 more in every instance. What memory
// holds at the start is the same; false where that cannot be known.
func (m *module) mergedData() (section []byte, merged bool) {
	if m.counts[secData] < manySegments || m.dataSeen >= 0 { // with a data count, code may name segments
		return nil, false
	}
	image, ok := m.image()
	if !ok {
		return nil, false
	}
	count, body := 0, []byte{}
	for at := 0; at < len(image); {
		if image[at] == 0 {
			at++
			continue
		}
		end, zeros := at, 0
		for end < len(image) && zeros < longGap {
			if zeros++; image[end] != 0 {
				zeros = 0
			}
			end++
		}
		body = append(body, 0, opI32Const)
		body = appendSigned(body, int64(int32(at)))
		body = binary.AppendUvarint(append(body, opEnd), uint64(end-zeros-at))
		body = append(body, image[at:end-zeros]...)
		at, count = end, count+1
	}
	return append(binary.AppendUvarint(nil, uint64(count)), body...), true
}

// image is the memory as the data segments leave it, up to the last of them;
// false if one is not copied at the start, or would not fit and trap.
func (m *module) image() (image []byte, ok bool) {
	r := &reader{b: m.raw[secData]} // read before: nothing fails
	type segment struct {
		at    uint64
		bytes []byte
	}
	var all []segment
	end := uint64(0)
	for range r.u32() {
		if r.u32() != 0 || r.byte() != opI32Const {
			return nil, false
		}
		at := uint64(uint32(r.signed(32)))
		r.byte() // end
		s := segment{at, r.take(r.u32())}
		all, end = append(all, s), max(end, at+uint64(len(s.bytes)))
	}
	if r.err != nil || end > uint64(m.pages)<<16 {
		return nil, false
	}
	image = make([]byte, end)
	for _, s := range all {
		copy(image[s.at:], s.bytes)
	}
	return image, true
}
