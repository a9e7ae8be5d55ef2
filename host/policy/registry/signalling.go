package registry

import (
	"bytes"
	"context"
	"fmt"
)

// Signal asks who serves the signalling hook what of a piece of signalling is to
// be passed on. With an error it is all of it. Errors as Decide's.
func (r *Registry) Signal(ctx context.Context, kind string, body []byte) ([]byte, error) {
	shorter, _, err := ask(ctx, r, r.slots[Signalling], func(v *serving) ([]byte, error) { return v.signals.Trim(ctx, kind, body) })
	return shorter, err
}

// checkSignalling asks about small pieces of every kind, and about nonsense.
func checkSignalling(ctx context.Context, p answerer) error {
	s, err := p.Signalling()
	if err != nil {
		return err
	}
	first := map[[2]string][]byte{}
	for range 2 {
		for _, piece := range goldenSignals {
			shorter, err := s.Trim(ctx, piece[0], []byte(piece[1]))
			if err != nil {
				return err
			}
			if before, asked := first[piece]; asked && !bytes.Equal(before, shorter) {
				return fmt.Errorf("it shortened the same %s in two ways", piece[0])
			}
			first[piece] = shorter
		}
	}
	return nil
}

const goldenSDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=msid-semantic: WMS x\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
	"a=fingerprint:sha-256 00:11\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n"

const goldenCandidate = `{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host generation 0 ufrag abcd network-cost 999","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}`

var goldenSignals = [][2]string{
	{"offer", goldenSDP}, {"answer", goldenSDP}, {"candidate", goldenCandidate},
	{"offer", goldenCandidate}, {"candidate", goldenSDP}, {"offer", "m=\n\nm=audio\ra=rtpmap:\r\n"}, {"candidate", `{"candidate":""}`},
}
