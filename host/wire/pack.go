package wire

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"sync"
)

// Packed texts are raw deflate (RFC 1951) with the dictionary in its window
// beforehand, so that any inflate with a preset dictionary reads them. The
// packer is our own because general ones index a dictionary anew for every
// text; here that is done once, and what a text costs depends on its length alone.
// It finds matches by hash chains and writes one block with the fixed codes:
// for texts this short, codes of their own would cost what they save.

const (
	packMin   = 64       // shorter texts are not tried
	packMost  = 16 << 10 // nor is anything behind: distances must stay within deflate's window
	matchMin  = 4
	matchMost = 258
	hashBits  = 11
	chainMost = 24 // places in the dictionary that are compared
)

func hash4(b []byte) uint32 {
	return binary.LittleEndian.Uint32(b) * 2654435761 >> (32 - hashBits)
}

// index finds every place of the dictionary by the hash of its four bytes.
type index struct {
	head [1 << hashBits]uint16 // the last place + 1
	prev []uint16              // the one before a place + 1
}

var inDictionary = func() *index {
	x := &index{prev: make([]uint16, len(dictionary))}
	d := []byte(dictionary)
	for i := range len(d) - matchMin + 1 {
		h := hash4(d[i:])
		x.prev[i] = x.head[h]
		x.head[h] = uint16(i + 1)
	}
	return x
}()

// longest returns the longest match of b's beginning in the dictionary, and
// how far before the dictionary's end it begins.
func (x *index) longest(b []byte) (length, back int) {
	at := x.head[hash4(b)]
	for range chainMost {
		if at == 0 {
			break
		}
		i := int(at) - 1
		if n := common(dictionary[i:], b); n > length {
			length, back = n, len(dictionary)-i
			if n == len(b) || n >= matchMost {
				break
			}
		}
		at = x.prev[i]
	}
	return length, back
}

func common[A, B ~string | ~[]byte](a A, b B) int {
	n := min(len(a), len(b), matchMost)
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// Pack appends text to dst, deflated against the dictionary. It keeps nothing
// of one text for another.
func Pack[T ~string | ~[]byte](dst []byte, text T) []byte {
	w := bitWriter{b: dst}
	w.put(0b011, 3) // the last block, fixed codes
	b := []byte(text)
	var here [1 << hashBits]uint16 // places of this text + 1
	for i := 0; i < len(b); {
		if len(b)-i < matchMin || i >= packMost {
			w.literal(b[i])
			i++
			continue
		}
		length, back := inDictionary.longest(b[i:])
		back += i
		h := hash4(b[i:])
		if at := here[h]; at != 0 {
			if n := common(b[at-1:], b[i:]); n >= length {
				length, back = n, i+1-int(at)
			}
		}
		here[h] = uint16(i + 1)
		if length < matchMin {
			w.literal(b[i])
			i++
			continue
		}
		w.match(length, back)
		// Where a match ends another begins, so its last places are worth knowing.
		for j := max(i+1, i+length-matchMin); j < i+length && j+matchMin <= len(b) && j < packMost; j++ {
			here[hash4(b[j:])] = uint16(j + 1)
		}
		i += length
	}
	w.put(0, 7) // end of block
	return w.close()
}

// bitWriter writes deflate's fixed codes, the lowest bit first.
type bitWriter struct {
	b   []byte
	acc uint64
	n   uint
}

func (w *bitWriter) put(v uint32, n uint) {
	w.acc |= uint64(v) << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.b = append(w.b, byte(w.acc))
		w.acc >>= 8
	}
}

func (w *bitWriter) close() []byte {
	if w.n > 0 {
		w.b = append(w.b, byte(w.acc))
	}
	return w.b
}

// code writes a Huffman code, which has its highest bit first.
func (w *bitWriter) code(v uint32, n uint) { w.put(bits.Reverse32(v)>>(32-n), n) }

func (w *bitWriter) literal(c byte) {
	if c < 144 {
		w.code(0b00110000+uint32(c), 8)
	} else {
		w.code(0b110010000+uint32(c)-144, 9)
	}
}

// match writes a length of 3 to 258 and a distance of 1 to 32768 (RFC 1951, 3.2.5).
func (w *bitWriter) match(length, back int) {
	symbol, extra, more := uint32(285-257), uint32(0), uint(0)
	if l := uint32(length - 3); l < 8 {
		symbol = l
	} else if length != matchMost {
		k := uint(bits.Len32(l)) - 1
		more = k - 2
		symbol = 4*uint32(k-1) + l>>more&3
		extra = l & (1<<more - 1)
	}
	if symbol += 257; symbol < 280 {
		w.code(symbol-256, 7)
	} else {
		w.code(0b11000000+symbol-280, 8)
	}
	w.put(extra, more)

	d := uint32(back - 1)
	symbol, extra, more = d, 0, 0
	if d >= 4 {
		k := uint(bits.Len32(d)) - 1
		more = k - 1
		symbol = 2*uint32(k) + d>>more&1
		extra = d & (1<<more - 1)
	}
	w.code(symbol, 5)
	w.put(extra, more)
}

var (
	errPacked   = errors.New("wire: packed text is damaged")
	errUnpacked = errors.New("wire: packed text is too long")
)

// inflater reads one packed text after another.
type inflater struct {
	in  bytes.Reader
	out io.ReadCloser
}

var (
	dictionaryBytes = []byte(dictionary)
	inflaters       = sync.Pool{New: func() any {
		f := &inflater{}
		f.out = flate.NewReaderDict(&f.in, dictionaryBytes)
		return f
	}}
)

// Unpack appends what was packed to dst. At most most bytes are written: more
// is an error, whatever the text would have become.
func Unpack(dst, packed []byte, most int) ([]byte, error) {
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	f.in.Reset(packed)
	if err := f.out.(flate.Resetter).Reset(&f.in, dictionaryBytes); err != nil {
		return dst, errPacked
	}
	from := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, make([]byte, max(64, 3*len(packed)))...)[:len(dst)]
		}
		room := min(cap(dst), from+most+1)
		n, err := f.out.Read(dst[len(dst):room])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > from+most:
			return dst[:from], errUnpacked
		case errors.Is(err, io.EOF) && f.in.Len() == 0:
			return dst, nil
		case err != nil:
			return dst[:from], errPacked
		}
	}
}
