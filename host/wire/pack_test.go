package wire

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/testdata/sdp"
)

const candidateText = `{"candidate":"candidate:2304378439 1 udp 2122260223 192.168.178.23 54321 typ host generation 0 ufrag k3Zq network-id 1 network-cost 10","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"k3Zq"}`

// TestPackedSizes holds the sizes that README promises for what is sent often.
func TestPackedSizes(t *testing.T) {
	for _, x := range []struct {
		name, text string
		most       int
	}{
		{"offer", sdp.Offer, 1000},
		{"answer", sdp.Answer, 1000},
		{"candidate", candidateText, 100},
	} {
		n := len(Pack(nil, x.text))
		t.Logf("%s: %d bytes of %d", x.name, n, len(x.text))
		if n > x.most {
			t.Errorf("%s takes %d bytes, want at most %d", x.name, n, x.most)
		}
	}
}

// TestPackSurvives: any inflate with the dictionary reads what Pack wrote.
func TestPackSurvives(t *testing.T) {
	words := []string{"a=rtcp-fb:102 nack pli\r\n", `","sdpMid":"0"`, "x", "\xff", "ää", strings.Repeat("q", 300), sdp.Offer, "0123456789abcdef"}
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(words), rapid.String()), 0, 12).Draw(t, "words"), ""))
		packed := Pack([]byte("before"), text)[len("before"):]
		theirs, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(packed), dictionaryBytes))
		if err != nil || !bytes.Equal(theirs, text) {
			t.Fatalf("a plain inflate reads %q (%v), want %q", theirs, err, text)
		}
		ours, err := Unpack(nil, packed, len(text))
		if err != nil || !bytes.Equal(ours, text) {
			t.Fatalf("Unpack reads %q (%v), want %q", ours, err, text)
		}
		if len(text) > 0 {
			if _, err := Unpack(nil, packed, len(text)-1); !errors.Is(err, errUnpacked) {
				t.Fatalf("a text over its limit gives %v", err)
			}
		}
		if len(packed) > len(text)*9/8+4 {
			t.Fatalf("%d bytes became %d", len(text), len(packed))
		}
	})
}

func TestUnpackRefusesBombs(t *testing.T) {
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, flate.BestCompression, dictionaryBytes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := Unpack(nil, b.Bytes(), 1000)
	if !errors.Is(err, errUnpacked) || len(out) != 0 || cap(out) > 4*b.Len() {
		t.Errorf("a bomb of %d bytes gives %d bytes (room for %d), %v", b.Len(), len(out), cap(out), err)
	}
	good := Pack(nil, sdp.Offer)
	for _, bad := range [][]byte{nil, {}, good[:len(good)-1], append(bytes.Clone(good), 0), {0xff, 0xff}} {
		if _, err := Unpack(nil, bad, 1<<16); !errors.Is(err, errPacked) {
			t.Errorf("%d damaged bytes give %v", len(bad), err)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	card := `{"id":"5316911983139663492","v":1,"name":"Robin","age":30,"gender":1,"tags":["chess","tea","hiking"],"langs":["en","de"],"bio":"I bake on Sundays and give most of it away. Looking for somebody who likes long walks and short films.","photo":"/v1/photos/0f3a9c27b1e84d55a6c2f7e0d9b81234.jpg"}`
	for name, text := range map[string]string{"offer": sdp.Offer, "candidate": candidateText, "card": card} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = Pack(buf[:0], text)
			}
			b.ReportMetric(float64(len(buf)), "B/packed")
		})
		packed := Pack(nil, text)
		b.Run("un"+name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf, _ = Unpack(buf[:0], packed, 1<<16)
			}
		})
	}
}
