package policy

import "errors"

var errJSON = errors.New("not valid JSON")

// maxDepth bounds recursion; payloads nest three deep.
const maxDepth = 64

// The functions below each take a position in b and answer the position after
// what they read. They check JSON's grammar as they pass and build nothing.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func skipValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) || depth > maxDepth {
		return i, errJSON
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{':
		return skipMembers(b, i, depth, '}')
	case c == '[':
		return skipMembers(b, i, depth, ']')
	case c == 't':
		return skipWord(b, i, "true")
	case c == 'f':
		return skipWord(b, i, "false")
	case c == 'n':
		return skipWord(b, i, "null")
	}
	return skipNumber(b, i)
}

// skipMembers reads an object or an array.
func skipMembers(b []byte, i, depth int, end byte) (int, error) {
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1, nil
	}
	for {
		var err error
		if end == '}' {
			if i, err = skipKey(b, i); err != nil {
				return i, err
			}
		}
		if i, err = skipValue(b, i, depth+1); err != nil {
			return i, err
		}
		more := false
		if i, more, err = skipComma(b, i, end); err != nil || !more {
			return i, err
		}
	}
}

// skipKey reads a key and its colon, up to the value.
func skipKey(b []byte, i int) (int, error) {
	i, err := skipString(b, i)
	if err != nil {
		return i, err
	}
	i = skipSpace(b, i)
	if i >= len(b) || b[i] != ':' {
		return i, errJSON
	}
	return skipSpace(b, i+1), nil
}

// skipComma reads on to the next member, or past end.
func skipComma(b []byte, i int, end byte) (next int, more bool, err error) {
	i = skipSpace(b, i)
	switch {
	case i < len(b) && b[i] == ',':
		return skipSpace(b, i+1), true, nil
	case i < len(b) && b[i] == end:
		return i + 1, false, nil
	}
	return i, false, errJSON
}

func skipWord(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, errJSON
	}
	return i + len(word), nil
}

func skipString(b []byte, i int) (int, error) {
	if i >= len(b) || b[i] != '"' {
		return i, errJSON
	}
	for i++; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return i, errJSON
		case c == '\\':
			n := escapeLen(b[i:])
			if n == 0 {
				return i, errJSON
			}
			i += n
		default:
			i++
		}
	}
	return i, errJSON
}

// escapeLen is how many bytes the escape at the start of b takes; 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads the code unit of the \uXXXX at the start of b.
func hex4(b []byte) (unit rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

func skipNumber(b []byte, i int) (int, error) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	var ok bool
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, ok = skipDigits(b, i); !ok {
		return i, errJSON
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = skipDigits(b, i+1); !ok {
			return i, errJSON
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i, ok = skipDigits(b, i); !ok {
			return i, errJSON
		}
	}
	return i, nil
}

func skipDigits(b []byte, i int) (next int, some bool) {
	start := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i, i > start
}
