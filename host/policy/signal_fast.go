package policy

import "bytes"

// plainlyShorter says that a candidate is another one with whole members, and
// pairs of its candidate's extensions, left out. It looks at the bytes, and knows
// only what every browser writes: an object of strings and numbers without
// escapes, no name twice. Whatever else there is says false, and nothing.
func plainlyShorter(before, after []byte) bool {
	had, ok := plainMembers(before)
	if !ok {
		return false
	}
	has, ok := plainMembers(after)
	if !ok {
		return false
	}
	found := false
	for _, m := range has {
		at := 0
		for at < len(had) && !bytes.Equal(had[at].name, m.name) {
			at++
		}
		if at == len(had) {
			return false
		}
		if string(m.name) == `"candidate"` {
			found = fewerExtensions(had[at].value, m.value)
		} else if !bytes.Equal(had[at].value, m.value) {
			return false
		}
	}
	return found
}

// plainMember is `"name":value`, as it is spelt.
type plainMember struct{ name, value []byte }

const mostMembers = 8

func plainMembers(text []byte) (all []plainMember, ok bool) {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return nil, false
	}
	for rest := text[1 : len(text)-1]; ; {
		var m plainMember
		if m.name, rest = plainString(rest); m.name == nil || len(rest) < 2 || rest[0] != ':' {
			return nil, false
		}
		rest = rest[1:]
		if rest[0] == '"' {
			m.value, rest = plainString(rest)
		} else {
			n := 0
			for n < len(rest) && n < 6 && rest[n] >= '0' && rest[n] <= '9' {
				n++
			}
			m.value, rest = rest[:n], rest[n:]
		}
		if len(m.value) == 0 || m.value[0] == '0' && len(m.value) > 1 || len(all) == mostMembers {
			return nil, false
		}
		for _, other := range all {
			if bytes.EqualFold(other.name, m.name) {
				return nil, false
			}
		}
		if all = append(all, m); len(rest) == 0 {
			return all, true
		}
		if rest[0] != ',' {
			return nil, false
		}
		rest = rest[1:]
	}
}

// plainString is a leading string of printable ASCII without an escape, quotes
// and all; nil if there is none.
func plainString(text []byte) (s, rest []byte) {
	if len(text) < 2 || text[0] != '"' {
		return nil, nil
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return text[:i+1], text[i+1:]
		case c < ' ' || c > '~' || c == '\\':
			return nil, nil
		}
	}
	return nil, nil
}

// fewerExtensions compares two candidates in their quotes.
func fewerExtensions(was, is []byte) bool {
	if bytes.Equal(was, is) {
		return true
	}
	if was[0] != '"' || is[0] != '"' {
		return false
	}
	old, now := blanks{was[1 : len(was)-1], true}, blanks{is[1 : len(is)-1], true}
	for range 8 { // foundation, component, transport, priority, address, port, "typ", type
		if !old.more || !now.more || !bytes.Equal(old.word(), now.word()) {
			return false
		}
	}
	for now.more {
		name, value := now.word(), now.word()
		for same := false; !same; {
			if !old.more {
				return false
			}
			n, v := old.word(), old.word()
			same = bytes.Equal(n, name) && bytes.Equal(v, value)
		}
	}
	return true
}

// blanks cuts text at each single blank.
type blanks struct {
	rest []byte
	more bool
}

// word is the next one, or an empty one where there is none.
func (b *blanks) word() (w []byte) {
	w, b.rest, b.more = bytes.Cut(b.rest, []byte(" "))
	return w
}
