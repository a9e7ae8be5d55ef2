package wasm

// heapMemory is a guest's memory in Go's heap. It grows by half at least, so that
// growing page by page copies each byte but a few times.
type heapMemory struct{ b []byte }

func (m *heapMemory) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.b)) {
		longer := make([]byte, size, max(size, uint64(cap(m.b))*3/2))
		copy(longer, m.b)
		m.b = longer
	}
	m.b = m.b[:size]
	return m.b
}

func (m *heapMemory) Free() { m.b = nil }
