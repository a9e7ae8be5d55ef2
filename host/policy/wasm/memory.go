package wasm

// heapMemory is a guest's memory in Go's heap.
type heapMemory struct{ b []byte }

func (m *heapMemory) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.b)) {
		longer := make([]byte, size)
		copy(longer, m.b)
		m.b = longer
	}
	m.b = m.b[:size]
	return m.b
}

func (m *heapMemory) Free() { m.b = nil }
