package trimsignalling

import "bytes"

// section is an m= line with what belongs to it. What decides about other lines
// is noted as lines are added, so that a section is read twice and no more.
type section struct {
	lines     [][]byte // each with its end
	mid       []byte
	midded    bool // packets say which section they belong to
	sequence  bool // packets are numbered for measuring bandwidth
	congested bool // that is fed back
	pli       bool // a whole picture can be asked for
	simulcast bool // the same video in several sizes
	codecs

	transport [][]byte // the lines that say so, a few at most

	measured bool     // the bandwidth is, by video in the same bundle
	shared   [][]byte // the transport of the bundle's first section
}

const (
	midExtension       = "urn:ietf:params:rtp-hdrext:sdes:mid"
	sequenceExtension  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	sendTimeExtension  = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	orientationOfVideo = "urn:3gpp:video-orientation"
)

// maxTransport is a user, a password, a role and some fingerprints.
const maxTransport = 8

func (s *section) add(line []byte) {
	s.lines = append(s.lines, line)
	switch {
	case has(line, "a=mid:"):
		s.mid = text(line)[len("a=mid:"):]
	case has(line, "a=extmap:"):
		s.midded = s.midded || string(after(line)) == midExtension
		s.sequence = s.sequence || string(after(line)) == sequenceExtension
	case has(line, "a=rtcp-fb:"):
		s.congested = s.congested || string(after(line)) == "transport-cc"
		s.pli = s.pli || string(after(line)) == "nack pli"
	case has(line, "a=simulcast:"), has(line, "a=rid:"):
		s.simulcast = true
	case isTransport(line) && len(s.transport) < maxTransport:
		s.transport = append(s.transport, line)
	}
}

func (s *section) video() bool { return len(s.lines) > 0 && has(s.lines[0], "m=video ") }

// append writes the section. One of another kind than audio and video, one of
// several sizes, and one of codecs that cannot be told stays as it is, but for
// a transport that it shares.
func (s *section) append(p *Params, out []byte) []byte {
	known := (has(s.lines[0], "m=audio ") || s.video()) && !s.simulcast && s.choose(p)
	for i, line := range s.lines {
		switch {
		case isTransport(line) && index(s.shared, line) >= 0:
		case !known:
			out = append(out, line...)
		case i == 0:
			out = s.appendMLine(out, line)
		case s.keeps(p, line):
			out = append(out, line...)
		}
	}
	return out
}

func isTransport(line []byte) bool {
	return has(line, "a=ice-ufrag:") || has(line, "a=ice-pwd:") || has(line, "a=fingerprint:") || has(line, "a=setup:")
}

// keeps decides about one line. What it has never heard of stays.
func (s *section) keeps(p *Params, line []byte) bool {
	switch {
	case has(line, "a=rtpmap:"), has(line, "a=fmtp:"):
		return s.chosen(payloadOf(line))
	case has(line, "a=rtcp-fb:"):
		return s.chosen(payloadOf(line)) && s.feedback(after(line))
	case has(line, "a=extmap:"):
		return s.extension(p, after(line))
	case has(line, "a=ssrc:"):
		// a=msid says to which stream the section belongs.
		return !s.midded || p.Streams == 1 && bytes.Contains(line, []byte(" cname:"))
	case has(line, "a=ssrc-group:"):
		return !s.midded || p.Streams == 1
	case has(line, "a=ice-options:"):
		return string(text(line)) != "a=ice-options:trickle" // as all do
	case has(line, "a=rtcp:"), has(line, "a=rtcp-xr:"):
		return false // with a=rtcp-mux it says nothing; reports of that kind are for statistics
	}
	return true
}

// feedback keeps what loss and congestion are handled with.
func (s *section) feedback(what []byte) bool {
	switch string(what) {
	case "transport-cc":
		return !s.measured
	case "goog-remb":
		return !s.congested // the older way
	case "ccm fir":
		return !s.pli // which asks for the same picture
	}
	return true
}

// extension keeps which section a packet belongs to, and what bandwidth is
// measured by.
func (s *section) extension(p *Params, uri []byte) bool {
	switch string(uri) {
	case midExtension:
		return true
	case sequenceExtension:
		return !s.measured
	case sendTimeExtension:
		return !s.sequence
	case orientationOfVideo:
		return p.Rotate == 1
	}
	return false
}
