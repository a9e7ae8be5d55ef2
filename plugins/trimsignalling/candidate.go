package trimsignalling

import "bytes"

// maxCandidate is more than any browser writes; what is longer stays.
const maxCandidate = 2 << 10

// candidate takes out of a candidate's JSON what stands in it twice, and of the
// candidate itself what only its own browser knew what to do with. JSON written
// in any but a browser's plain way stays as it is.
func candidate(text []byte) []byte {
	if len(text) < 2 || len(text) > maxCandidate || text[0] != '{' || text[len(text)-1] != '}' || bytes.IndexByte(text, '\\') >= 0 {
		return text
	}
	members := cutMembers(text[1 : len(text)-1])
	_, hasMid := find(members, `"sdpMid":"`)
	line, found := find(members, `"candidate":"`)
	if !found || len(line) < len(`"candidate":""`) {
		return text
	}
	words := bytes.Split(line[len(`"candidate":"`):len(line)-1], []byte(" "))
	const fixed = 8 // foundation, component, transport, priority, address, port, "typ", type
	if len(words) < fixed || len(words)%2 != 0 {
		return text
	}
	named := false
	for i := fixed; i < len(words); i += 2 {
		named = named || string(words[i]) == "ufrag"
	}
	out := append(make([]byte, 0, len(text)), '{')
	for _, m := range members {
		switch {
		case hasMid && has(m, `"sdpMLineIndex":`), named && has(m, `"usernameFragment":`):
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if !has(m, `"candidate":"`) {
			out = append(out, m...)
			continue
		}
		out = append(append(out, `"candidate":"`...), bytes.Join(words[:fixed], []byte(" "))...)
		for i := fixed; i < len(words); i += 2 {
			switch string(words[i]) {
			case "generation", "network-id", "network-cost":
			default:
				out = append(append(append(append(out, ' '), words[i]...), ' '), words[i+1]...)
			}
		}
		out = append(out, '"')
	}
	return append(out, '}')
}

// cutMembers cuts an object's inside at its commas; no string in it has an escape.
func cutMembers(inside []byte) (members [][]byte) {
	quoted, from := false, 0
	for i, c := range inside {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			members, from = append(members, inside[from:i]), i+1
		}
	}
	return append(members, inside[from:])
}

// find answers the one member that begins so; two of a name are none.
func find(members [][]byte, prefix string) (member []byte, found bool) {
	for _, m := range members {
		if has(m, prefix) {
			if found {
				return nil, false
			}
			member, found = m, m[len(m)-1] == '"'
		}
	}
	return member, found
}
