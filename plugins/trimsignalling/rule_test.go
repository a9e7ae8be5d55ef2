package trimsignalling

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/sdk/plugintest"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

func TestIsPure(t *testing.T) { plugintest.Pure(t, ".") }

var defaults = plugintest.Defaults[Params]()

// TestSizes: the diet is worth something, and prints what.
func TestSizes(t *testing.T) {
	richer := defaults
	richer.H264, richer.Rotate, richer.Streams, richer.Transport = 1, 1, 1, 0
	for _, c := range []struct {
		name, kind, body string
		p                Params
		most             int
	}{
		{"offer", "offer", sdp.Offer, defaults, 1024},
		{"answer", "answer", sdp.Answer, defaults, 1024},
		{"offer, everything on", "offer", sdp.Offer, richer, 1800},
		{"candidate", "candidate", chrome, defaults, 110},
	} {
		got := Trim(&c.p, c.kind, []byte(c.body))
		t.Logf("%-22s %5d bytes, of %d", c.name, len(got), len(c.body))
		if len(got) > c.most {
			t.Errorf("%s: %d bytes, %d are allowed:\n%s", c.name, len(got), c.most, got)
		}
	}
}

// TestWhatIsLeft is the whole answer, so that a change is seen.
func TestWhatIsLeft(t *testing.T) {
	got := string(Trim(&defaults, "offer", []byte(sdp.Offer)))
	want := strings.ReplaceAll(`v=0
o=- 4844088155597199286 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:c0v6
a=ice-pwd:OE8owo6crXbvbMyQwaH2Y8tr
a=fingerprint:sha-256 10:2C:EC:BB:E6:FF:D0:F9:0B:FD:9D:B4:E1:9F:89:82:E5:A9:BA:FA:46:B4:F8:44:7F:E2:12:8D:5D:C8:75:65
a=setup:actpass
a=mid:0
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendrecv
a=msid:525763e6-dc40-45e8-b21b-a1f0339a5c43 cf9f88b2-7cf3-4c0e-937d-e86d00cbdcbe
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:1
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=sendrecv
a=msid:525763e6-dc40-45e8-b21b-a1f0339a5c43 0851b69b-2feb-47a1-bdbf-d0c01b7f5d6d
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
`, "\n", "\r\n")
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

// TestAnswersFitOffers: every codec and extension of a trimmed answer stands in
// the trimmed offer, whatever the knobs.
func TestAnswersFitOffers(t *testing.T) {
	for knobs := range 32 {
		bit := func(n int) uint8 { return uint8(knobs >> n & 1) }
		p := Params{bit(0), bit(1), bit(2), bit(3), bit(4)}
		offer, answer := string(Trim(&p, "offer", []byte(sdp.Offer))), string(Trim(&p, "answer", []byte(sdp.Answer)))
		for line := range strings.Lines(answer) {
			if (has([]byte(line), "a=rtpmap:") || has([]byte(line), "a=extmap:") || has([]byte(line), "a=rtcp-fb:") || has([]byte(line), "m=")) && !strings.Contains(offer, line) {
				t.Errorf("%+v: only the answer has %s", p, line)
			}
		}
		if again := string(Trim(&p, "offer", []byte(offer))); again != offer {
			t.Errorf("%+v: trimmed again, it is another:\n%s", p, again)
		}
	}
}

func TestWhatItDoesNotKnowStays(t *testing.T) {
	const session = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	for name, body := range map[string]string{
		"a data channel":   session + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n",
		"simulcast":        session + "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rid:h send\r\na=simulcast:send h\r\n",
		"no codec of ours": session + "m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
		"streams by number, where no extension tells them apart": session + "m=audio 9 RTP/AVP 0\r\na=ssrc:1 cname:x\r\n",
		"no sections":       session,
		"no ends":           "m=",
		"nothing":           "",
		"not SDP":           chrome,
		"a bare m line":     session + "m=audio\r\na=rtpmap:\r\n",
		"too many sections": session + strings.Repeat("m=audio 9 RTP/AVP 111\r\na=rtcp:9\r\n", maxSections),
		"too many payloads": session + "m=audio 9 RTP/AVP" + strings.Repeat(" 111", maxPayloads+1) + "\r\na=rtcp:9\r\n",
	} {
		if got := Trim(&defaults, "offer", []byte(body)); string(got) != body {
			t.Errorf("%s became %q", name, got)
		}
	}
	if got := Trim(&defaults, "renegotiate", []byte(sdp.Offer)); string(got) != sdp.Offer {
		t.Error("another kind was changed")
	}
}

// The codec a browser prefers is the one it will send; it stays beside ours.
func TestTheFirstCodecStays(t *testing.T) {
	const body = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 45 46 96 98\r\na=rtpmap:45 AV1/90000\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\na=rtpmap:96 vp8/90000\r\na=rtpmap:98 VP9/90000\r\n"
	const want = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 45 46 96\r\na=rtpmap:45 AV1/90000\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\na=rtpmap:96 vp8/90000\r\n"
	if got := string(Trim(&defaults, "offer", []byte(body))); got != want {
		t.Errorf("got\n%s", got)
	}
}

const chrome = `{"candidate":"candidate:2893471 1 udp 2113937151 192.168.100.2 54321 typ host generation 0 ufrag c0v6 network-id 1 network-cost 999","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"c0v6"}`

func TestCandidates(t *testing.T) {
	for body, want := range map[string]string{
		chrome: `{"candidate":"candidate:2893471 1 udp 2113937151 192.168.100.2 54321 typ host ufrag c0v6","sdpMid":"0"}`,
		`{"candidate":"candidate:1 1 tcp 9 a.local 9 typ srflx raddr 0.0.0.0 rport 0 tcptype active","sdpMid":null,"sdpMLineIndex":0,"usernameFragment":"x"}`: `{"candidate":"candidate:1 1 tcp 9 a.local 9 typ srflx raddr 0.0.0.0 rport 0 tcptype active","sdpMid":null,"sdpMLineIndex":0,"usernameFragment":"x"}`,
		`{"candidate":"","sdpMid":"0","sdpMLineIndex":0}`: `{"candidate":"","sdpMid":"0","sdpMLineIndex":0}`,
		`{"candidate":"a\"b"}`:                            `{"candidate":"a\"b"}`,
		`{"candidate":"`:                                  `{"candidate":"`,
		`{"candidate":"}`:                                 `{"candidate":"}`,
		`{}`:                                              `{}`,
		`[]`:                                              `[]`,
		`{"candidate":"a,b c d"}`:                         `{"candidate":"a,b c d"}`,
		`{ "candidate" : "spaced"}`:                       `{ "candidate" : "spaced"}`,
	} {
		if got := string(Trim(&defaults, "candidate", []byte(body))); got != want {
			t.Errorf("%s became %s", body, got)
		}
	}
}

// FuzzTrim: any text at all comes back no longer, unchanged where it lies, and
// trimmed again it is the same; JSON stays JSON.
func FuzzTrim(f *testing.F) {
	f.Add("offer", sdp.Offer, byte(0))
	f.Add("answer", sdp.Answer, byte(31))
	f.Add("candidate", chrome, byte(9))
	f.Add("offer", "m=video 9 x 1\nm=audio \r\n\r\na=rtpmap:1 \na=mid:\na=group:BUNDLE  x", byte(8))
	f.Add("candidate", `{,"candidate":"1 2 3 4 5 6 7 8",,"sdpMid":"`, byte(0))
	f.Fuzz(func(t *testing.T, kind, body string, knobs byte) {
		bit := func(n int) uint8 { return knobs >> n & 1 }
		p := Params{bit(0), bit(1), bit(2), bit(3), bit(4)}
		in := []byte(body)
		got := Trim(&p, kind, in)
		if string(in) != body {
			t.Fatal("it wrote into what it was given")
		}
		if len(got) > len(body) {
			t.Fatalf("%q became %q", body, got)
		}
		if kind == "candidate" && json.Valid(in) && !json.Valid(got) {
			t.Fatalf("%s became %s", body, got)
		}
		if again := Trim(&p, kind, bytes.Clone(got)); len(again) > len(got) {
			t.Fatal("it grew")
		}
	})
}

// BenchmarkTrim has the worst that a client may send, too: the native rule runs
// without fuel.
func BenchmarkTrim(b *testing.B) {
	const most = 16 << 10
	payloads := "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF" + strings.Repeat(" 9", maxPayloads) + "\r\n"
	for name, c := range map[string][2]string{
		"offer": {"offer", sdp.Offer}, "candidate": {"candidate", chrome},
		"lines":    {"offer", (payloads + strings.Repeat("a=fmtp:8 apt=7\r\n", most/16))[:most]},
		"sections": {"offer", ("a=group:BUNDLE" + strings.Repeat(" 1", most/4) + "\r\n" + strings.Repeat("m=x\r\na=mid:2\r\n", maxSections-2) + strings.Repeat("\n", most))[:most]},
		"blanks":   {"candidate", (`{"candidate":"` + strings.Repeat(" ", most))[:maxCandidate-2] + `"}`},
		"commas":   {"candidate", ("{" + strings.Repeat(",", most))[:maxCandidate-1] + "}"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Trim(&defaults, c[0], []byte(c[1]))
			}
		})
	}
}
