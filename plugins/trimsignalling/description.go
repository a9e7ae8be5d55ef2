package trimsignalling

import "bytes"

// What a browser sends has a handful of sections and some thirty payloads in
// each. A description beyond these bounds stays as it is, so that nobody can
// make the rule compute for long.
const (
	maxSections = 32
	maxPayloads = 64
)

// description leaves out lines, and payloads of m= lines.
func description(p *Params, sdp []byte) []byte {
	sections := split(sdp)
	if len(sections) < 2 || len(sections) > maxSections {
		return sdp
	}
	bundled := bundle(sections[0])
	measured := false
	for _, s := range sections[1:] {
		measured = measured || bundled != nil && s.video() && s.sequence
	}
	out := make([]byte, 0, len(sdp))
	for _, line := range sections[0].lines {
		// Two hints that every browser does without.
		if !has(line, "a=extmap-allow-mixed") && !has(line, "a=msid-semantic:") {
			out = append(out, line...)
		}
	}
	for _, s := range sections[1:] {
		s.measured = measured && !s.video()
		if p.Transport == 1 {
			s.shared = bundled.transport(sections, s)
		}
		out = s.append(p, out)
	}
	return out
}

// split answers what stands before the first m= line, then each section.
func split(sdp []byte) []*section {
	all := []*section{{}}
	for len(sdp) > 0 && len(all) <= maxSections {
		end := bytes.IndexByte(sdp, '\n') + 1
		if end == 0 {
			end = len(sdp)
		}
		if has(sdp, "m=") {
			all = append(all, &section{})
		}
		all[len(all)-1].add(sdp[:end])
		sdp = sdp[end:]
	}
	return all
}

// mids are the sections of a bundle; the first one's transport is everyone's.
type mids [][]byte

func bundle(session *section) mids {
	const group = "a=group:BUNDLE "
	for _, line := range session.lines {
		if has(line, group) {
			return bytes.Fields(line[len(group):])
		}
	}
	return nil
}

// transport is what a section of the bundle need not say again: what the first
// one, which stands before it, says.
func (m mids) transport(sections []*section, of *section) [][]byte {
	if index(m, of.mid) < 1 {
		return nil
	}
	for _, s := range sections[1:] {
		if s == of {
			break
		}
		if bytes.Equal(s.mid, m[0]) {
			return s.transport
		}
	}
	return nil
}

func has(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix
}

// text is a line without its end.
func text(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }

// after is what follows the first blank.
func after(line []byte) []byte {
	_, rest, _ := bytes.Cut(text(line), []byte(" "))
	return rest
}
