package journal

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
)

// Reader reads a journal's records. It keeps one line in memory. Not safe for
// concurrent use.
type Reader struct {
	Header Header

	frames *payloads
	lines  *bufio.Reader
	line   []byte
	last   int64 // ms, the latest step
	ended  bool
}

// NewReader reads the header. Errors: ErrFormat, ErrDamaged, r's.
func NewReader(r io.Reader) (*Reader, error) {
	start := make([]byte, len(magic))
	if _, err := io.ReadFull(r, start); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("journal: read: %w", err)
	}
	if !bytes.Equal(start, []byte(magic)) {
		return nil, fmt.Errorf("journal: read: %w", ErrFormat)
	}
	j := &Reader{frames: &payloads{r: r, read: int64(len(magic))}}
	j.lines = bufio.NewReader(flate.NewReader(j.frames))
	first, err := j.read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("journal: read: no header: %w", ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	h, ok := first.(Header)
	if !ok {
		return nil, fmt.Errorf("journal: read: begins with a %T: %w", first, ErrDamaged)
	}
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.Header, j.last = h, 0
	return j, nil
}

// Next answers the next record, io.EOF after the last. Slices in it are its own.
// Errors: ErrDamaged, the reader's; there is no reading on after one.
func (j *Reader) Next() (Record, error) {
	r, err := j.read()
	if err != nil {
		return nil, err
	}
	switch r := r.(type) {
	case Header:
		return nil, fmt.Errorf("journal: read: a second header: %w", ErrDamaged)
	case Step:
		if r.At < j.last {
			return nil, fmt.Errorf("journal: read: time runs backwards: %w", ErrDamaged)
		}
		j.last = r.At
	case End:
		j.ended = true
	}
	return r, nil
}

func (j *Reader) read() (Record, error) {
	j.line = j.line[:0]
	for {
		part, err := j.lines.ReadSlice('\n')
		j.line = append(j.line, part...)
		if len(j.line) > maxLine {
			return nil, fmt.Errorf("journal: read: a line of more than %d bytes: %w", maxLine, ErrDamaged)
		}
		switch {
		case err == nil:
			r, err := decodeRecord(j.line[:len(j.line)-1])
			if err != nil {
				return nil, fmt.Errorf("journal: read: %w", err)
			}
			return r, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			// The deflate stream is never closed: it ends where the frames do.
			if len(j.line) > 0 {
				return nil, fmt.Errorf("journal: read: half a line: %w", ErrDamaged)
			}
			return nil, io.EOF
		default:
			var corrupt flate.CorruptInputError
			if errors.As(err, &corrupt) {
				err = fmt.Errorf("%w: %v", ErrDamaged, err)
			}
			return nil, fmt.Errorf("journal: read: %w", err)
		}
	}
}

// Ending says how a journal that was read to its end came to it.
func (j *Reader) Ending() string {
	switch {
	case j.ended:
		return "in good order"
	case j.frames.full:
		return "in the next file"
	case j.frames.cut:
		return "cut off"
	}
	return "without a goodbye (a crash, or it is still being written)"
}

// each hands every record to do until one fails.
func (j *Reader) each(ctx context.Context, do func(Record) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := j.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(r)
		}
		if err != nil {
			return err
		}
	}
}
