package wire

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// The compact form writes an event's members in the schema's order without their
// names. schemas/wire/v1/README.md has every byte of it; compact_gen.go is generated.

// textMost is how long a text may become when it is read, in bytes. The longest
// the server sends is a whole reel.
const textMost = 64 << 10

func putBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// putText writes a text, packed where that is shorter. Texts are packed one by
// one: a length never tells anything about another text.
func putText[T ~string | ~[]byte](b []byte, text T) []byte {
	if !utf8.Valid([]byte(text)) {
		return putText(b, strings.ToValidUTF8(string(text), "\ufffd"))
	}
	if len(text) >= packMin && len(text) <= packMost {
		from := len(b)
		b = Pack(b, text)
		if n := len(b) - from; n < len(text) {
			var head [binary.MaxVarintLen32]byte
			k := binary.PutUvarint(head[:], uint64(n)<<1|1)
			return slices.Insert(b, from, head[:k]...)
		}
		b = b[:from]
	}
	b = binary.AppendUvarint(b, uint64(len(text))<<1)
	return append(b, text...)
}

// putWord writes one of the schema's words by its place, counted from 1, or 0 and a text.
func putWord(b []byte, word string, words ...string) []byte {
	if i := slices.Index(words, word); i >= 0 {
		return append(b, byte(i+1))
	}
	return putText(append(b, 0), word)
}

// compactReader reads the compact form. The first fault stays; what is read
// after it is zero.
type compactReader struct {
	buf   []byte
	fault string
}

func (r *compactReader) fail(why string) {
	if r.fault == "" {
		r.fault = why
	}
	r.buf = nil
}

func (r *compactReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.fail("ends too early, or has a number that is too big")
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// varint reads a number within what JavaScript holds exactly.
func (r *compactReader) varint() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 || v > maxSafe || v < -maxSafe {
		r.fail("ends too early, or has a number that is too big")
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// length reads how many there are of something that takes at least a byte each.
func (r *compactReader) length() int {
	n := r.uvarint()
	if n > uint64(len(r.buf)) {
		r.fail("announces more than it holds")
		return 0
	}
	return int(n)
}

func (r *compactReader) id() int64 {
	v := int64(r.uvarint())
	if v <= 0 && r.fault == "" {
		r.fail("has an id that is none")
	}
	return v
}

func (r *compactReader) octet() byte {
	if len(r.buf) == 0 {
		r.fail("ends too early")
		return 0
	}
	c := r.buf[0]
	r.buf = r.buf[1:]
	return c
}

func (r *compactReader) boolean() bool {
	c := r.octet()
	if c > 1 {
		r.fail("has neither true nor false")
	}
	return c == 1
}

// bytes reads a text. It is part of the frame unless it was packed.
func (r *compactReader) bytes() []byte {
	head := r.uvarint()
	n := head >> 1
	if n > uint64(len(r.buf)) {
		r.fail("announces more than it holds")
		return nil
	}
	text := r.buf[:n:n]
	r.buf = r.buf[n:]
	if head&1 != 0 {
		var err error
		if text, err = Unpack(nil, text, textMost); err != nil {
			r.fail("has a packed text that is damaged or too long")
			return nil
		}
	}
	if !utf8.Valid(text) || slices.Contains(text, 0) {
		r.fail("has a text that is not UTF-8, or holds a NUL")
		return nil
	}
	return text
}

func (r *compactReader) text() string { return string(r.bytes()) }

func (r *compactReader) word(words ...string) string {
	i := int(r.octet())
	switch {
	case i == 0:
		return r.text()
	case i > len(words):
		r.fail("has a word that is none")
		return ""
	}
	return words[i-1]
}

// card reads an encoded card and checks that it is one object.
func (r *compactReader) card() RawCard {
	raw := r.bytes()
	if r.fault != "" {
		return nil
	}
	s := scanner{buf: raw}
	object := s.peek() == '{'
	s.skip("")
	s.end()
	if s.err != nil || !object {
		r.fail("has a card that is no object")
		return nil
	}
	return RawCard(raw)
}

func compactList[T any](r *compactReader, one func(*compactReader) T) []T {
	n := r.length()
	if n == 0 {
		return nil
	}
	out := make([]T, 0, min(n, 64))
	for range n {
		if r.fault != "" {
			return nil
		}
		out = append(out, one(r))
	}
	return out
}
