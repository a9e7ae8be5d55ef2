package wire

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string within its limits.
func (s *scanner) text(at, key string, l limits) string {
	if s.peek() != '"' {
		s.wrong(at, key, "a string")
		return ""
	}
	t := s.quoted(at, key)
	if s.err != nil {
		return ""
	}
	runes := utf8.RuneCount(t)
	switch {
	case runes < l.minRunes:
		s.fail(at, key, "is too short")
	case runes > l.maxRunes:
		s.failCode(CodeTooLong, at, key, "is longer than "+strconv.Itoa(l.maxRunes)+" characters")
	case len(t) > l.maxBytes:
		s.failCode(CodeTooLong, at, key, "is longer than "+strconv.Itoa(l.maxBytes)+" bytes")
	default:
		return string(t)
	}
	return ""
}

// oneOf reads one of the given words.
func (s *scanner) oneOf(at, key string, words ...string) string {
	if s.peek() != '"' {
		s.wrong(at, key, "a string")
		return ""
	}
	t := s.quoted(at, key)
	if s.err != nil {
		return ""
	}
	if i := slices.IndexFunc(words, func(w string) bool { return string(t) == w }); i >= 0 {
		return words[i]
	}
	s.fail(at, key, "is none of the allowed words")
	return ""
}

// quoted reads a string that begins here. The result is part of the frame,
// unless escapes had to be undone. NUL is refused: no text holds it, and
// databases stumble over it.
func (s *scanner) quoted(at, key string) []byte {
	if s.err != nil {
		return nil
	}
	s.pos++
	start := s.pos
	for ; s.pos < len(s.buf); s.pos++ {
		switch c := s.buf[s.pos]; {
		case c == '"':
			s.pos++
			return s.buf[start : s.pos-1]
		case c == '\\':
			return s.unescape(at, key, start)
		case c < 0x20:
			s.fail(at, key, "has a bare control character")
			return nil
		}
	}
	s.fail(at, key, "has no end")
	return nil
}

// unescape reads on from the first escape of a string that starts at from.
func (s *scanner) unescape(at, key string, from int) []byte {
	// Up to the next quote is all of it, unless the text holds quotes.
	quote := bytes.IndexByte(s.buf[s.pos:], '"')
	out := make([]byte, 0, max(0, s.pos-from+quote))
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		s.pos++
		switch {
		case c == '"':
			return append(out, s.buf[from:s.pos-1]...)
		case c < 0x20:
			s.fail(at, key, "has a bare control character")
			return nil
		case c != '\\':
			continue
		}
		out = append(out, s.buf[from:s.pos-1]...)
		r, ok := s.escape()
		if !ok || r == 0 {
			s.fail(at, key, "has a bad escape")
			return nil
		}
		out = utf8.AppendRune(out, r)
		from = s.pos
	}
	s.fail(at, key, "has no end")
	return nil
}

const (
	escaped = `"\/bfnrt`
	meant   = "\"\\/\b\f\n\r\t"
)

// escape reads what follows a backslash.
func (s *scanner) escape() (rune, bool) {
	if s.pos >= len(s.buf) {
		return 0, false
	}
	c := s.buf[s.pos]
	s.pos++
	if c != 'u' {
		i := strings.IndexByte(escaped, c)
		if i < 0 {
			return 0, false
		}
		return rune(meant[i]), true
	}
	r, ok := s.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if !s.word(`\u`) {
		return 0, false
	}
	low, ok := s.hex4()
	r = utf16.DecodeRune(r, low)
	return r, ok && r != utf8.RuneError
}

func (s *scanner) hex4() (rune, bool) {
	if s.pos+4 > len(s.buf) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.buf[s.pos:s.pos+4]), 16, 16)
	s.pos += 4
	return rune(n), err == nil
}

// skipString minds syntax only: what the escapes stand for is judged where the
// string is read, which can name the field.
func (s *scanner) skipString() bool {
	for s.pos++; s.pos < len(s.buf); {
		c := s.buf[s.pos]
		s.pos++
		switch {
		case c == '"':
			return true
		case c < 0x20:
			return false
		case c != '\\':
			continue
		}
		if s.pos >= len(s.buf) {
			return false
		}
		c = s.buf[s.pos]
		s.pos++
		if c != 'u' {
			if strings.IndexByte(escaped, c) < 0 {
				return false
			}
		} else if _, ok := s.hex4(); !ok {
			return false
		}
	}
	return false
}
