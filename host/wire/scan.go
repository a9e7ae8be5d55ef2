package wire

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// maxDepth bounds nesting; the deepest frame of ours (a tag of a card of an
// entry of a reel) is at 6.
const maxDepth = 16

// maxSafe is the largest integer that JavaScript holds exactly.
const maxSafe = 1<<53 - 1

// limits of a string, in runes and in bytes.
type limits struct{ minRunes, maxRunes, maxBytes int }

var unlimited = limits{maxRunes: math.MaxInt, maxBytes: math.MaxInt}

// scanner reads one JSON text that is known to be valid UTF-8. The first fault
// stays in err and everything after it returns zero values, so that the
// generated decoders need not look after each field. Places are named by a path
// (at) and a key, joined only when there is a fault to report.
type scanner struct {
	buf   []byte
	pos   int
	depth int
	err   *FrameError
}

func (s *scanner) fail(at, key, message string) {
	s.failCode(CodeBadFrame, at, key, message)
}

func (s *scanner) failCode(code Code, at, key, message string) {
	if s.err != nil {
		return
	}
	if at != "" && key != "" {
		at += "."
	}
	s.err = &FrameError{Code: code, Field: at + key, Message: message}
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.buf); s.pos++ {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.err != nil || s.peek() != c || s.pos >= len(s.buf) {
		return false
	}
	s.pos++
	return true
}

// end reports trailing bytes.
func (s *scanner) end() {
	s.peek()
	if s.pos < len(s.buf) {
		s.fail("", "", "trailing bytes after the frame")
	}
}

// firstKey opens an object and returns its first key; false if there is none.
// The key is valid until the next call.
func (s *scanner) firstKey(at string) ([]byte, bool) {
	if !s.take('{') {
		s.wrong(at, "", "an object")
		return nil, false
	}
	if s.take('}') {
		return nil, false
	}
	return s.key(at)
}

// nextKey returns the next key of the object, false at its end.
func (s *scanner) nextKey(at string) ([]byte, bool) {
	if s.err != nil {
		return nil, false
	}
	if s.take('}') {
		return nil, false
	}
	if !s.take(',') {
		s.fail(at, "", "want , or }")
		return nil, false
	}
	return s.key(at)
}

func (s *scanner) key(at string) ([]byte, bool) {
	if s.peek() != '"' {
		s.fail(at, "", "want a quoted name")
		return nil, false
	}
	key := s.quoted(at, "")
	if !s.take(':') {
		s.fail(at, "", "want : after a name")
	}
	return key, s.err == nil
}

// once marks field n as seen; false (and a fault) if it was already.
func (s *scanner) once(seen *uint32, n int, at, key string) bool {
	if *seen&(1<<n) != 0 {
		s.fail(at, key, "given twice")
		return false
	}
	*seen |= 1 << n
	return s.err == nil
}

// require reports the first of the wanted fields that was not seen.
func (s *scanner) require(seen, wanted uint32, at string, names ...string) {
	if s.err != nil || seen&wanted == wanted {
		return
	}
	for i, name := range names {
		if wanted&^seen&(1<<i) != 0 {
			s.fail(at, name, "is missing")
			return
		}
	}
}

func (s *scanner) unknown(at string, key []byte) {
	if len(key) > 40 {
		key = key[:40]
	}
	s.fail(at, string(bytes.ToValidUTF8(key, nil)), "no such field")
}

// wrong reports a value of another type than wanted, telling null apart.
func (s *scanner) wrong(at, key, want string) {
	if s.err != nil {
		return
	}
	if s.peek() == 'n' {
		s.fail(at, key, "is null, want "+want)
		return
	}
	s.fail(at, key, "want "+want)
}

// list reads an array.
func list[T any](s *scanner, at, key string, item func(*scanner, string) T) []T {
	if !s.take('[') {
		s.wrong(at, key, "a list")
		return nil
	}
	all := []T{}
	if s.take(']') {
		return all
	}
	at += "." + key
	for {
		all = append(all, item(s, at))
		if s.err != nil {
			return nil
		}
		if s.take(']') {
			return all
		}
		if !s.take(',') {
			s.fail(at, "", "want , or ]")
			return nil
		}
	}
}

// id reads an id: a quoted decimal from 1 to 2^63-1 without leading zeros.
func (s *scanner) id(at, key string) int64 {
	if s.peek() != '"' {
		s.wrong(at, key, "an id (a quoted number)")
		return 0
	}
	digits := s.quoted(at, key)
	if s.err != nil {
		return 0
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] < '1' || digits[0] > '9' {
		s.fail(at, key, "is no id")
		return 0
	}
	n, err := strconv.ParseUint(string(digits), 10, 63)
	if err != nil {
		s.fail(at, key, "is no id")
		return 0
	}
	return int64(n)
}

// integer reads a whole number within the bounds; no fraction, no exponent.
func (s *scanner) integer(at, key string, low, high int64) int64 {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.wrong(at, key, "a whole number")
		return 0
	}
	text := s.number()
	if text == nil || bytes.ContainsAny(text, ".eE") {
		s.fail(at, key, "want a whole number")
		return 0
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < low || n > high {
		s.fail(at, key, "want "+strconv.FormatInt(low, 10)+" to "+strconv.FormatInt(high, 10))
		return 0
	}
	return n
}

// number scans one JSON number and returns its text, nil if it is malformed.
func (s *scanner) number() []byte {
	start := s.pos
	digits := func() bool {
		from := s.pos
		for s.pos < len(s.buf) && s.buf[s.pos] >= '0' && s.buf[s.pos] <= '9' {
			s.pos++
		}
		return s.pos > from
	}
	is := func(chars string) bool {
		return s.pos < len(s.buf) && strings.IndexByte(chars, s.buf[s.pos]) >= 0
	}
	if is("-") {
		s.pos++
	}
	if is("0") {
		s.pos++
		if is("0123456789") {
			return nil
		}
	} else if !digits() {
		return nil
	}
	if is(".") {
		s.pos++
		if !digits() {
			return nil
		}
	}
	if is("eE") {
		s.pos++
		if is("+-") {
			s.pos++
		}
		if !digits() {
			return nil
		}
	}
	return s.buf[start:s.pos]
}

func (s *scanner) boolean(at, key string) bool {
	switch s.peek() {
	case 't':
		if s.word("true") {
			return true
		}
	case 'f':
		if s.word("false") {
			return false
		}
	}
	s.wrong(at, key, "true or false")
	return false
}

func (s *scanner) word(w string) bool {
	if s.err != nil || !bytes.HasPrefix(s.buf[s.pos:], []byte(w)) {
		return false
	}
	s.pos += len(w)
	return true
}

// raw returns the bytes of an object, checked for syntax, as part of the frame.
func (s *scanner) raw(at, key string) []byte {
	if s.peek() != '{' {
		s.wrong(at, key, "an object")
		return nil
	}
	start := s.pos
	s.skip(at)
	if s.err != nil {
		return nil
	}
	return s.buf[start:s.pos:s.pos]
}

// skip passes over one value of any type.
func (s *scanner) skip(at string) {
	if s.err != nil {
		return
	}
	if s.depth++; s.depth > maxDepth {
		s.fail(at, "", "is nested too deeply")
		return
	}
	defer func() { s.depth-- }()
	ok := true
	switch c := s.peek(); {
	case c == '{':
		for _, more := s.firstKey(at); more; _, more = s.nextKey(at) {
			s.skip(at)
		}
	case c == '[':
		s.skipList(at)
	case c == '"':
		ok = s.skipString()
	case c == 't':
		ok = s.word("true")
	case c == 'f':
		ok = s.word("false")
	case c == 'n':
		ok = s.word("null")
	default:
		ok = s.number() != nil
	}
	if !ok {
		s.fail(at, "", "is not JSON")
	}
}

func (s *scanner) skipList(at string) {
	s.take('[')
	if s.take(']') {
		return
	}
	for s.err == nil {
		s.skip(at)
		if s.take(']') {
			return
		}
		if !s.take(',') {
			s.fail(at, "", "want , or ]")
		}
	}
}
