package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// effort is the deflate level. The standard library at its best makes a journal 8 % smaller in 3.5 times the time.
const effort = 6

const (
	magic     = "napalm sky journal\n"
	frameHead = 12
	// maxLine bounds a record. The longest is Recovered after a crash: some 150
	// bytes for each call that ran.
	maxLine = 8 << 20
	// maxFrame bounds a payload: a flush comes at flushAt or after one long line.
	maxFrame = 2*maxLine + flushAt
	flushAt  = 64 << 10 // bytes of lines; fewer where the file is to be small
)

var (
	// errFull: the bound is reached; the file says so and takes no more.
	errFull = errors.New("journal is full")
	// errUnfit: a record that no file can hold. Nothing of it was written.
	errUnfit = errors.New("a record unfit for the journal")
)

// encoder writes frames to w, at most limit bytes in all. What w refuses is kept
// and written before anything else. Not safe for concurrent use.
type encoder struct {
	w       io.Writer
	limit   int64
	often   int   // flushes at so many bytes of lines
	size    int64 // bytes written
	raw     int   // bytes of lines since the last flush
	full    bool
	refused []byte // by w, so far
	line    []byte
	payload bytes.Buffer
	deflate *flate.Writer
}

func newEncoder(w io.Writer, limit int64, h Header) (*encoder, error) {
	e := &encoder{w: w}
	e.bound(limit)
	e.deflate, _ = flate.NewWriter(&e.payload, effort) // the level is a valid one
	if err := e.write([]byte(magic)); err != nil {
		return nil, err
	}
	return e, errors.Join(e.add(h), e.flush())
}

func (e *encoder) bound(limit int64) { e.limit, e.often = limit, int(min(flushAt, limit/8)) }

// add appends a record. It reaches w with a flush, at the latest of flushAt bytes of lines.
func (e *encoder) add(r Record) (err error) {
	if e.full {
		return errFull
	}
	if e.line, err = appendRecord(e.line[:0], r); err != nil {
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	if len(e.line) > maxLine {
		return fmt.Errorf("%w: a %T of %d bytes is too long", errUnfit, r, len(e.line))
	}
	e.raw += len(e.line)
	if _, err = e.deflate.Write(e.line); err == nil && e.raw >= e.often {
		err = e.flush()
	}
	return err
}

func (e *encoder) flush() error {
	if err := e.write(nil); err != nil || e.full || e.raw == 0 {
		return err
	}
	e.raw = 0
	if err := e.deflate.Flush(); err != nil {
		return fmt.Errorf("journal: compress: %w", err)
	}
	payload := e.payload.Bytes()
	defer e.payload.Reset()
	// There is always room left for the frame that says that there is none.
	if e.size+int64(len(payload))+2*frameHead > e.limit {
		return errors.Join(e.seal(), errFull)
	}
	return e.write(append(headOf(payload), payload...))
}

func headOf(payload []byte) []byte {
	size := uint32(len(payload))
	head := binary.LittleEndian.AppendUint32(nil, size)
	head = binary.LittleEndian.AppendUint32(head, ^size)
	return binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(payload))
}

// end flushes, and says that this file takes no more. A payload that finds no
// room any more is lost.
func (e *encoder) end() error {
	if err := e.flush(); err != nil && !errors.Is(err, errFull) {
		return err
	}
	if e.full {
		return nil
	}
	return e.seal()
}

// seal writes that the bound is reached.
func (e *encoder) seal() error {
	e.full = true
	return e.write(headOf(nil))
}

// write writes what was refused before, and b.
func (e *encoder) write(b []byte) error {
	if len(e.refused) > 0 {
		b = append(e.refused, b...)
	}
	if len(b) == 0 {
		return nil
	}
	n, err := e.w.Write(b)
	e.size += int64(n)
	e.refused = nil
	if err != nil {
		e.refused = b[n:]
		return fmt.Errorf("journal: write: %w", err)
	}
	return nil
}

// payloads reads the frames' payloads as one stream. It ends with io.EOF after
// the last whole frame.
type payloads struct {
	r    io.Reader
	rest []byte
	read int64 // of r

	cut, full bool
}

func (p *payloads) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *payloads) next() error {
	if p.full || p.cut {
		return io.EOF
	}
	var head [frameHead]byte
	if n, err := io.ReadFull(p.r, head[:]); err != nil {
		p.cut = n > 0
		return eof(err)
	}
	size := binary.LittleEndian.Uint32(head[0:])
	if ^size != binary.LittleEndian.Uint32(head[4:]) || size > maxFrame {
		return fmt.Errorf("%w: at byte %d: no frame begins here", ErrDamaged, p.read)
	}
	if size == 0 {
		p.full = true
		return io.EOF
	}
	// Grown as it is read: a length that lies costs nothing.
	var payload bytes.Buffer
	if _, err := io.CopyN(&payload, p.r, int64(size)); err != nil {
		p.cut = true
		return eof(err)
	}
	if crc32.ChecksumIEEE(payload.Bytes()) != binary.LittleEndian.Uint32(head[8:]) {
		return fmt.Errorf("%w: at byte %d: the checksum differs", ErrDamaged, p.read)
	}
	p.read += frameHead + int64(size)
	p.rest = payload.Bytes()
	return nil
}

// eof makes a cut-off end an end.
func eof(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}
