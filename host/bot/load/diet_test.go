package load

import (
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/wire"
	"github.com/napalmsky/napalmsky/plugins/trimsignalling"
	"github.com/napalmsky/napalmsky/sdk/plugintest"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// diet is what the server that runs by default leaves of signalling.
func diet(kind, body string) string {
	knobs := plugintest.Defaults[trimsignalling.Params]()
	return string(trimsignalling.Trim(&knobs, kind, []byte(body)))
}

const spoken = `{"candidate":"candidate:77 1 udp 2122260223 203.0.113.9 40000 typ host generation 0 ufrag abcd network-id 1 network-cost 10","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}`

// another is the same from another browser.
func another(kind, body string) string {
	if kind == "candidate" {
		return strings.Replace(body, "203.0.113.9 40000", "203.0.113.9 40001", 1)
	}
	return strings.Replace(body, "o=- ", "o=- 1", 1)
}

// TestRefereeKnowsSignallingOnADiet: what the server may leave out is no
// foul, and hides none.
func TestRefereeKnowsSignallingOnADiet(t *testing.T) {
	for kind, said := range map[string]string{"offer": sdp.Offer, "answer": sdp.Answer, "candidate": spoken} {
		short := diet(kind, said)
		if len(short) >= len(said) || another(kind, said) == said {
			t.Fatalf("%s: %d bytes of %d; there is nothing to test", kind, len(short), len(said))
		}
		for name, c := range map[string]struct {
			heard []string
			want  string
		}{
			"shortened":      {[]string{short}, ""},
			"as it was":      {[]string{said}, ""},
			"twice":          {[]string{short, short}, "delivered_twice"},
			"twice, longer":  {[]string{short, said}, "delivered_twice"},
			"someone else's": {[]string{short, diet(kind, another(kind, said))}, "delivered_unsaid"},
			"lost":           {nil, "lost_" + kind},
			"mutilated":      {[]string{short[:len(short)-9]}, "delivered_unsaid"},
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				g := newGame()
				g.calls(1, 2, 10)
				g.says(1, wire.ClientCallSignal{Call: 10, Kind: kind, Data: said})
				for _, body := range c.heard {
					g.hears(2, wire.ServerCallSignal{Call: 10, Kind: kind, Data: body})
				}
				g.ends(1, 2, 10)
				found, errors := g.finish()
				if len(errors) > 0 || (c.want == "") != (len(found) == 0) || c.want != "" && found[c.want] == 0 {
					t.Errorf("found %v, errors %v; want %q", found, errors, c.want)
				}
				if c.want == "" && (g.signals != Signals{Pieces: 1, Said: int64(len(said)), Heard: int64(len(c.heard[0]))}) {
					t.Errorf("counted %+v", g.signals)
				}
			})
		}
	}
}
