package meter

import (
	"fmt"
	"unicode/utf8"
)

// reader walks over bytes that may be hostile. The first thing that is wrong
// sticks in err, and every read after it yields zero; loops look at err.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = refused(format, args...)
	}
}

func (r *reader) left() int { return len(r.b) - r.at }

func (r *reader) byte() byte {
	if r.err != nil || r.at >= len(r.b) {
		r.fail("it ends in the middle of something")
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

// take is a view of the next n bytes.
func (r *reader) take(n uint32) []byte {
	if r.err != nil || uint64(n) > uint64(r.left()) {
		r.fail("it ends in the middle of something")
		return nil
	}
	r.at += int(n)
	return r.b[r.at-int(n) : r.at]
}

// u32 reads an unsigned LEB128 of at most five bytes that fits.
func (r *reader) u32() uint32 {
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			break
		}
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail("a number has more than 32 bits")
	return 0
}

// signed reads a signed LEB128 of so many bits, strictly: no byte more than they
// need, and the last byte's spare bits must repeat the sign.
func (r *reader) signed(bits int) int64 {
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if spare := shift + 7 - bits; spare >= 0 {
			sign := int8(b<<1) >> (7 - spare) // the sign bit and its copies
			if b >= 0x80 || sign != 0 && sign != -1 {
				break
			}
		}
		if b < 0x80 {
			if unset := 64 - 7 - shift; unset > 0 {
				v = v << unset >> unset
			}
			return v
		}
	}
	r.fail("a number has more than %d bits", bits)
	return 0
}

// count reads the length of a list, capped before anything is made for it.
func (r *reader) count(what string, most int) int {
	n := r.u32()
	if uint64(n) > uint64(most) {
		r.fail("it has %d %s; %d are allowed", n, what, most)
		return 0
	}
	return int(n)
}

func (r *reader) name() string {
	b := r.take(r.u32())
	if !utf8.Valid(b) {
		r.fail("a name is not UTF-8")
	}
	return string(b)
}

// end demands that everything was read.
func (r *reader) end(what string) error {
	if r.err == nil && r.left() > 0 {
		r.fail("its %s has %d bytes too many", what, r.left())
	}
	return r.err
}

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}
