package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Apply appends payload, one JSON object, to dst with the plan carried out on
// those of its top-level fields for which optional answers true; a nil optional
// lets the plan touch nothing. What the plan does not fit (a text cap on a
// number, say) passes as it is, and so does Changed, which is the publisher's
// to carry out: only it knows the version before.
//
// The payload is read once and no tree is built; beyond dst's growth nothing
// is allocated, save for keys spelt with escapes. If payload is no valid JSON
// object, dst comes back as it was, with an error.
func (p *Plan) Apply(dst, payload []byte, optional func(field string) bool) ([]byte, error) {
	start := len(dst)
	fail := func(at int) ([]byte, error) {
		return dst[:start], fmt.Errorf("apply plan: %w (byte %d)", errJSON, at)
	}
	i := skipSpace(payload, 0)
	if i >= len(payload) || payload[i] != '{' {
		return fail(i)
	}
	dst = append(dst, '{')
	first := len(dst)
	i = skipSpace(payload, i+1)
	more := true
	if i < len(payload) && payload[i] == '}' {
		i, more = i+1, false
	}
	for more {
		key := i
		keyEnd, err := skipString(payload, i)
		if err != nil {
			return fail(keyEnd)
		}
		value, err := skipKey(payload, i)
		if err != nil {
			return fail(value)
		}
		end, err := skipValue(payload, value, 1)
		if err != nil {
			return fail(end)
		}
		do := p.ruleFor(payload[key+1:keyEnd-1], payload[value], optional)
		if !do.drop {
			if len(dst) > first {
				dst = append(dst, ',')
			}
			dst = append(append(dst, payload[key:keyEnd]...), ':')
			dst = do.shorten(dst, payload[value:end])
		}
		if i, more, err = skipComma(payload, end, '}'); err != nil {
			return fail(i)
		}
	}
	if i = skipSpace(payload, i); i != len(payload) {
		return fail(i)
	}
	return append(dst, '}'), nil
}

// rule is what to do with one field.
type rule struct {
	drop bool
	// kind says how n shortens the value: '"' text to n runes, '[' list to n
	// items, '0' number to a multiple of n, 0 not at all.
	kind byte
	n    int64
}

// ruleFor finds the rule for a key as it stands between its quotes, given the
// first byte of its value.
func (p *Plan) ruleFor(key []byte, head byte, optional func(string) bool) rule {
	if optional == nil {
		return rule{}
	}
	if slices.Contains(key, '\\') { // spelt with escapes: rare, and must not slip through
		var plain string
		if json.Unmarshal(append(append([]byte{'"'}, key...), '"'), &plain) != nil {
			return rule{}
		}
		key = []byte(plain)
	}
	for _, name := range p.Drop {
		if name == string(key) && optional(name) {
			return rule{drop: true}
		}
	}
	switch {
	case head == '"':
		if name, n, ok := find(p.Text, key); ok && optional(name) {
			return rule{kind: '"', n: int64(n)}
		}
	case head == '[':
		if name, n, ok := find(p.List, key); ok && optional(name) {
			return rule{kind: '[', n: int64(n)}
		}
	case head == '-' || head >= '0' && head <= '9':
		if name, n, ok := find(p.Round, key); ok && optional(name) {
			return rule{kind: '0', n: n}
		}
	}
	return rule{}
}

// find is a map lookup that also answers the map's own string, so that asking
// optional about it allocates nothing.
func find[V any](m map[string]V, key []byte) (string, V, bool) {
	v, ok := m[string(key)]
	if ok {
		for name := range m {
			if name == string(key) {
				return name, v, true
			}
		}
	}
	return "", v, false
}

func (r rule) shorten(dst, value []byte) []byte {
	switch r.kind {
	case '"':
		return appendText(dst, value, r.n)
	case '[':
		return appendList(dst, value, r.n)
	case '0':
		return appendRounded(dst, value, r.n)
	}
	return append(dst, value...)
}

// appendText keeps at most n runes of a valid JSON string, the last of them an
// ellipsis if something was cut.
func appendText(dst, value []byte, n int64) []byte {
	body := value[1 : len(value)-1]
	if n <= 0 {
		return append(dst, '"', '"')
	}
	cut := 0 // where the n-1 runes that an ellipsis leaves room for end
	runes := int64(0)
	for i := 0; i < len(body); runes++ {
		if runes == n-1 {
			cut = i
		}
		if runes == n {
			return append(append(append(dst, '"'), body[:cut]...), `…"`...)
		}
		i += runeLen(body[i:])
	}
	return append(dst, value...)
}

// runeLen is how many bytes the first rune of a JSON string's inside takes; a
// surrogate pair of escapes is one rune.
func runeLen(b []byte) int {
	if b[0] != '\\' {
		_, n := utf8.DecodeRune(b)
		return n
	}
	n := escapeLen(b)
	if high, ok := hex4(b); ok {
		if low, ok := hex4(b[n:]); ok && utf16.DecodeRune(high, low) != utf8.RuneError {
			n += 6
		}
	}
	return n
}

// appendList keeps the first n items of a valid JSON array.
func appendList(dst, value []byte, n int64) []byte {
	i := skipSpace(value, 1)
	if n <= 0 || value[i] == ']' {
		return append(dst, '[', ']')
	}
	for {
		end, err := skipValue(value, i, 1)
		if err != nil {
			return append(dst, value...)
		}
		next, more, err := skipComma(value, end, ']')
		if err != nil || !more {
			return append(dst, value...)
		}
		if n--; n == 0 {
			return append(append(dst, value[:end]...), ']')
		}
		i = next
	}
}

// appendRounded rounds a whole number down to a multiple of step; fractions and
// numbers of more than 18 digits pass.
func appendRounded(dst, value []byte, step int64) []byte {
	v, ok := parseInt(value)
	if !ok || step < 1 {
		return append(dst, value...)
	}
	rest := v % step
	if rest < 0 {
		rest += step
	}
	if v-rest > v { // below the least int64
		return append(dst, value...)
	}
	return strconv.AppendInt(dst, v-rest, 10)
}

func parseInt(b []byte) (v int64, ok bool) {
	digits := b
	if digits[0] == '-' {
		digits = digits[1:]
	}
	if len(digits) > 18 { // 18 digits always fit an int64
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if b[0] == '-' {
		v = -v
	}
	return v, true
}
