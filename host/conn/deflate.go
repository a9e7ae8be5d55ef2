package conn

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/flate"
)

// permessage-deflate (RFC 7692) for what the server says, each frame by itself:
// a context of its own would cost every connection some 170 KB. The library
// negotiates it and reads it; writing is done here.

// deflateLevel: the others take two to three times as long and save one byte in
// a hundred more; see BenchmarkDeflate.
const deflateLevel = 1

// deflater compresses a frame into out.
type deflater struct {
	out []byte
	w   *flate.Writer
}

func (d *deflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

// deflaters are few: one goroutine writes for all but the slow.
var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	d.w, _ = flate.NewWriter(d, deflateLevel) // the level is a valid one
	return d
}}

// syncTail ends a flushed block; RFC 7692, 7.2.1 has it left out.
const syncTail = "\x00\x00\xff\xff"

// deflated compresses data; the caller releases what it returns. Where it is not
// ok, data is to be sent as it is.
func deflated(data []byte) (_ *deflater, ok bool) {
	d := deflaters.Get().(*deflater)
	d.out = d.out[:0]
	d.w.Reset(d)
	_, err := d.w.Write(data)
	if err == nil {
		err = d.w.Flush()
	}
	if d.out, ok = bytes.CutSuffix(d.out, []byte(syncTail)); err != nil || !ok {
		d.release()
		return nil, false
	}
	return d, true
}

func (d *deflater) release() {
	if cap(d.out) > 4*maxSegment {
		d.out = nil
	}
	deflaters.Put(d)
}
