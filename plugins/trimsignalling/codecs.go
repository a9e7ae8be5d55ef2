package trimsignalling

import "bytes"

// codecs are the payloads of one section that stay.
type codecs struct{ payloads [][]byte }

// choose keeps Opus, or VP8 and on demand H.264 in the profile every browser
// has; besides, always what the section names first, for that is what the other
// will send; and what such a payload is sent again as. It answers false where
// there is nothing to choose from.
func (s *section) choose(p *Params) bool {
	words := bytes.Split(text(s.lines[0]), []byte(" "))
	const fixed = 3 // media, port, protocol
	if len(words) <= fixed || len(words) > fixed+maxPayloads {
		return false
	}
	ordered, names, formats := words[fixed:], make([][]byte, len(words)), make([][]byte, len(words))
	for _, line := range s.lines {
		if at := index(ordered, payloadOf(line)); at < 0 {
			continue
		} else if has(line, "a=rtpmap:") {
			names[at], _, _ = bytes.Cut(after(line), []byte("/"))
		} else if has(line, "a=fmtp:") {
			formats[at] = after(line)
		}
	}
	h264 := p.H264 == 0 // none is wanted, or there is one
	for i, pt := range ordered {
		switch name := names[i]; {
		case i == 0, !s.video() && named(name, "opus"), s.video() && named(name, "VP8"):
		case s.video() && named(name, "H264") && !h264 && baseline(formats[i]):
		default:
			continue
		}
		h264 = h264 || named(names[i], "H264")
		s.payloads = append(s.payloads, pt)
	}
	if p.Resend == 1 {
		for i, again := range ordered {
			if of, is := bytes.CutPrefix(formats[i], []byte("apt=")); is && named(names[i], "rtx") && s.chosen(of) {
				s.payloads = append(s.payloads, again)
			}
		}
	}
	return true
}

// chosen: "*" stands for every payload.
func (s *section) chosen(pt []byte) bool { return index(s.payloads, pt) >= 0 || string(pt) == "*" }

func index(all [][]byte, one []byte) int {
	for i, k := range all {
		if bytes.Equal(k, one) {
			return i
		}
	}
	return -1
}

// appendMLine writes the m= line with the chosen payloads, in its own order.
func (s *section) appendMLine(out, line []byte) []byte {
	for i, word := range bytes.Split(text(line), []byte(" ")) {
		switch {
		case i == 0:
			out = append(out, word...)
		case i < 3 || s.chosen(word):
			out = append(append(out, ' '), word...)
		}
	}
	return append(out, line[len(text(line)):]...)
}

// baseline: constrained baseline profile, pictures in several packets.
func baseline(format []byte) bool {
	return bytes.Contains(format, []byte("packetization-mode=1")) && bytes.Contains(format, []byte("profile-level-id=42e0"))
}

// payloadOf is the number after the colon of an a=rtpmap, a=fmtp or a=rtcp-fb.
func payloadOf(line []byte) []byte {
	_, rest, _ := bytes.Cut(line, []byte(":"))
	pt, _, _ := bytes.Cut(text(rest), []byte(" "))
	return pt
}

func named(name []byte, want string) bool { return bytes.EqualFold(name, []byte(want)) }
