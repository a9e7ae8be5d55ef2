package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const browsers = `{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host generation 0 ufrag abcd network-cost 10","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}`

func TestWhatBrowsersWriteIsPlain(t *testing.T) {
	for after, want := range map[string]bool{
		browsers: true,
		`{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host ufrag abcd","sdpMid":"0"}`: true,
		`{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host abcd ufrag","sdpMid":"0"}`: false,
		`{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host","sdpMid":"1"}`:            false,
		`{"candidate":"candidate:1 1 udp 2113937151 192.0.2.2 54321 typ host","sdpMid":"0"}`:            false,
		`{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host ","sdpMid":"0"}`:           false,
		`{"candidate":"candidate:1 1 udp 2113937151 192.0.2.1 54321 typ","sdpMid":"0"}`:                 false,
		`{"sdpMid":"0"}`: false,
	} {
		if got := plainlyShorter([]byte(browsers), []byte(after)); got != want {
			t.Errorf("%s: %v", after, got)
		}
	}
}

// TestPlainlyShorterIsShorter: the quick look never lets pass what the thorough
// one would not, whatever the pieces are patched together from.
func TestPlainlyShorterIsShorter(t *testing.T) {
	passed := 0
	rapid.Check(t, func(rt *rapid.T) {
		before, after := patched(rt, "before", browsers), ""
		if rapid.Bool().Draw(rt, "related") {
			after = patched(rt, "after", before)
		} else {
			after = patched(rt, "after", browsers)
		}
		if plainlyShorter([]byte(before), []byte(after)) {
			passed++
			if err := checkCandidate([]byte(before), []byte(after)); err != nil {
				rt.Fatalf("%s\nof %s\npassed, though %v", after, before, err)
			}
		}
	})
	if passed == 0 {
		t.Error("nothing ever passed")
	}
}

// patched leaves out, doubles or changes a few of a text's pieces.
func patched(rt *rapid.T, name, text string) string {
	pieces := strings.SplitAfter(strings.ReplaceAll(text, ",", ",\x00"), " ")
	var all []string
	for _, p := range pieces {
		all = append(all, strings.Split(p, "\x00")...)
	}
	for range rapid.IntRange(0, 3).Draw(rt, name) {
		i := rapid.IntRange(0, len(all)-1).Draw(rt, "at")
		switch rapid.IntRange(0, 3).Draw(rt, "what") {
		case 0:
			all[i] = ""
		case 1:
			all[i] += all[i]
		case 2:
			all[i] = strings.Replace(all[i], "0", rapid.SampledFrom([]string{" ", "00", `"`, `\\`, "é", "{", ""}).Draw(rt, "with"), 1)
		case 3:
			all[i], all[(i+1)%len(all)] = all[(i+1)%len(all)], all[i]
		}
	}
	return strings.Join(all, "")
}
