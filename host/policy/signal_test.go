package policy

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const description = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic: WMS\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r\na=ice-ufrag:aaaa\r\na=ice-pwd:bbbb\r\na=fingerprint:sha-256 11\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:0 PCMU/8000\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=ice-ufrag:aaaa\r\na=ice-pwd:bbbb\r\na=fingerprint:sha-256 11\r\na=setup:actpass\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n"

const iceCandidate = `{"candidate":"candidate:1 1 udp 99 192.0.2.7 5000 typ host generation 0 ufrag aaaa network-cost 9","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"aaaa"}`

// lastOf replaces the last occurrence.
func lastOf(s, old, new string) string {
	i := strings.LastIndex(s, old)
	return s[:i] + new + s[i+len(old):]
}

func TestWhatASignallingPluginMayDo(t *testing.T) {
	cut := func(s string, parts ...string) string {
		for _, p := range parts {
			s = strings.Replace(s, p, "", 1)
		}
		return s
	}
	const transport = "a=ice-ufrag:aaaa\r\na=ice-pwd:bbbb\r\na=fingerprint:sha-256 11\r\na=setup:actpass\r\n"
	for name, c := range map[string]struct {
		kind, before, after string
		ok                  bool
	}{
		"nothing":                     {"offer", description, description, true},
		"a hint":                      {"offer", description, cut(description, "a=msid-semantic: WMS\r\n"), true},
		"a codec":                     {"answer", description, cut(description, " 0\r\nm=", "a=rtpmap:0 PCMU/8000\r\n"), true},
		"a payload":                   {"offer", description, strings.Replace(description, "111 63 0", "111 0", 1), true},
		"the shared transport":        {"offer", description, lastOf(description, transport, ""), true},
		"all of it":                   {"offer", description, "", false},
		"everything but a line":       {"offer", description, "v=0\r\n", false},
		"a transport altogether":      {"offer", description, strings.ReplaceAll(description, "a=fingerprint:sha-256 11\r\n", ""), false},
		"another fingerprint":         {"offer", description, strings.Replace(description, "sha-256 11", "sha-256 12", 1), false},
		"the second's own transport":  {"offer", lastOf(description, "ufrag:aaaa", "ufrag:zzzz"), lastOf(description, "a=ice-ufrag:aaaa\r\n", ""), false},
		"a section":                   {"offer", description, description[:strings.Index(description, "m=video")], false},
		"the first section":           {"offer", description, description[:strings.Index(description, "m=audio")] + description[strings.Index(description, "m=video"):], false},
		"a direction":                 {"offer", description, cut(description, "a=recvonly\r\n"), false},
		"a mid":                       {"offer", description, cut(description, "a=mid:0\r\n"), false},
		"the group":                   {"offer", description, cut(description, "a=group:BUNDLE 0 1\r\n"), false},
		"all payloads":                {"offer", description, strings.Replace(description, " 111 63 0\r", "\r", 1), false},
		"payloads reordered":          {"offer", description, strings.Replace(description, "111 63 0", "0 111", 1), false},
		"a payload twice":             {"offer", description, strings.Replace(description, "111 63 0", "111 111", 1), false},
		"a payload of its own":        {"offer", description, strings.Replace(description, "111 63 0", "111 99", 1), false},
		"another port":                {"offer", description, strings.Replace(description, "m=audio 9", "m=audio 0", 1), false},
		"a line of its own":           {"offer", description, strings.Replace(description, "a=msid-semantic: WMS", "a=candidate:1 evil", 1), false},
		"a line in another section":   {"offer", description, lastOf(cut(description, "a=rtpmap:0 PCMU/8000\r\n"), "a=rtcp-mux\r\n", "a=rtpmap:0 PCMU/8000\r\n"), false},
		"lines reordered":             {"offer", description, strings.Replace(description, "s=-\r\nt=0 0\r\n", "t=0 0\r\ns=-\r\n", 1), false},
		"ends of lines":               {"offer", description, strings.ReplaceAll(description, "\r\n", "\n"), false},
		"half a rune":                 {"offer", description + "a=x:é\r\n", description + "a=x:\xc3\r\n", false},
		"longer":                      {"offer", description, description + "a=x\r\n", false},
		"of an unknown kind":          {"renegotiate", "ab", "a", false},
		"nothing of an unknown kind":  {"renegotiate", "ab", "ab", true},
		"candidate: its extensions":   {"candidate", iceCandidate, cut(iceCandidate, " generation 0", " network-cost 9"), true},
		"candidate: members":          {"candidate", iceCandidate, cut(iceCandidate, `,"sdpMLineIndex":0,"usernameFragment":"aaaa"`), true},
		"candidate: an address":       {"candidate", iceCandidate, strings.Replace(iceCandidate, "192.0.2.7", "192.0.2.8", 1), false},
		"candidate: half a pair":      {"candidate", iceCandidate, cut(iceCandidate, " network-cost"), false},
		"candidate: pairs mixed":      {"candidate", iceCandidate, strings.Replace(iceCandidate, "generation 0 ufrag aaaa", "generation aaaa", 1), false},
		"candidate: another member":   {"candidate", iceCandidate, strings.Replace(iceCandidate, `"sdpMid":"0"`, `"sdpMid":"1"`, 1), false},
		"candidate: its own member":   {"candidate", iceCandidate, strings.Replace(iceCandidate, `"sdpMid"`, `"sdpMad"`, 1), false},
		"candidate: the candidate":    {"candidate", iceCandidate, `{"sdpMid":"0"}`, false},
		"candidate: null":             {"candidate", iceCandidate, `null`, false},
		"candidate: something else":   {"candidate", iceCandidate, `[]`, false},
		"candidate: of what is none":  {"candidate", "[1, 2]", "[1]", false},
		"candidate: twice, one false": {"candidate", iceCandidate, `{"candidate":"x","sdpMid":"1","sdpMid":"0"}`, false},
	} {
		err := CheckSignal(c.kind, []byte(c.before), []byte(c.after))
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "192.0.2") || strings.Contains(err.Error(), "evil")) {
			t.Errorf("%s: the error tells what stood there: %v", name, err)
		}
	}
}

// FuzzCheckSignal: whatever passes is shorter text in which every line, or every
// word of a candidate, is the sender's.
func FuzzCheckSignal(f *testing.F) {
	f.Add(true, description, strings.Replace(description, "111 63 0", "111 0", 1))
	f.Add(true, description, strings.Replace(description, "a=rtcp-mux\r\n", "", 1))
	f.Add(false, iceCandidate, strings.Replace(iceCandidate, " generation 0", "", 1))
	f.Fuzz(func(t *testing.T, sdp bool, before, after string) {
		kind := "candidate"
		if sdp {
			kind = "offer"
		}
		if CheckSignal(kind, []byte(before), []byte(after)) != nil || before == after {
			return
		}
		if len(after) > len(before) || len(after) == 0 || !utf8.ValidString(after) {
			t.Fatalf("%q became %q", before, after)
		}
		if !sdp {
			return
		}
		lines := slices.Collect(strings.Lines(before))
		for line := range strings.Lines(after) {
			if !slices.Contains(lines, line) && !strings.HasPrefix(line, "m=") {
				t.Fatalf("%q was added", line)
			}
		}
		if strings.Count("\n"+after, "\nm=") != strings.Count("\n"+before, "\nm=") {
			t.Fatalf("%q became %q", before, after)
		}
	})
}

func TestSignalQuestions(t *testing.T) {
	q, err := AppendSignal(nil, "offer", []byte("v=0"))
	if err != nil || !bytes.Equal(q, []byte("offer\x00v=0")) {
		t.Fatal(string(q), err)
	}
	for _, kind := range []string{"a\x00b", strings.Repeat("k", signalHead)} {
		if _, err := AppendSignal(nil, kind, nil); err == nil {
			t.Errorf("%q was spelt", kind)
		}
	}
	if _, err := AppendSignal(nil, "offer", make([]byte, 16<<10+1)); err == nil {
		t.Error("17 KB were spelt")
	}
}
