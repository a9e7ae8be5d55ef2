package wire

import "unicode/utf8"

// head is a frame taken apart; d is its payload, still to be decoded.
type head struct {
	t            string
	ref          uint32
	lobby, epoch string
	seq          uint64
	d            []byte
}

const (
	headT = iota
	headD
	headRef
	headLobby
	headEpoch
	headSeq
)

// scanHead reads everything of a frame but its payload, which it only checks for
// syntax: t may come after d, and a fault in d should be answered with the ref.
// A strict head is a client's.
func scanHead(frame []byte, max int, strict bool) (h head, fault *FrameError) {
	if len(frame) > max {
		return h, &FrameError{Code: CodeTooBig, Message: "the frame is too big"}
	}
	if !utf8.Valid(frame) {
		return h, &FrameError{Code: CodeBadFrame, Message: "the frame is not UTF-8"}
	}
	s := scanner{buf: frame}
	var seen uint32
	for key, ok := s.firstKey(""); ok; key, ok = s.nextKey("") {
		switch name := string(key); {
		case name == "t":
			if s.once(&seen, headT, "", "t") {
				h.t = s.text("", "t", limits{maxRunes: 64, maxBytes: 64})
			}
		case name == "d":
			if s.once(&seen, headD, "", "d") {
				s.peek()
				start := s.pos
				s.skip("d")
				h.d = s.buf[start:s.pos]
			}
		case name == "ref" && strict:
			if s.once(&seen, headRef, "", "ref") {
				h.ref = uint32(s.integer("", "ref", 0, 1<<32-1))
			}
		case name == "lobby" && !strict:
			if s.once(&seen, headLobby, "", "lobby") {
				h.lobby = s.text("", "lobby", unlimited)
			}
		case name == "epoch" && !strict:
			if s.once(&seen, headEpoch, "", "epoch") {
				h.epoch = s.text("", "epoch", unlimited)
			}
		case name == "seq" && !strict:
			if s.once(&seen, headSeq, "", "seq") {
				h.seq = uint64(s.integer("", "seq", 0, maxSafe))
			}
		case strict:
			s.unknown("", key)
		default:
			s.skip("")
		}
	}
	s.require(seen, 1<<headT|1<<headD, "", "t", "d")
	if s.err == nil {
		s.end()
	}
	if s.err == nil && h.d[0] != '{' {
		s = scanner{buf: h.d}
		s.wrong("", "d", "an object")
	}
	return h, s.err
}
