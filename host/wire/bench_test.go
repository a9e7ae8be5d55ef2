package wire

import (
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/testdata/sdp"
)

func BenchmarkDecodeClient(b *testing.B) {
	for name, ev := range map[string]Client{
		"ack":    ClientAck{Seq: 123456},
		"invite": ClientInviteSend{To: 7000000000000000001, Seconds: 300},
		"chat":   ClientCallChat{Call: 7000000000000000001, Text: strings.Repeat("hello ", 8)},
		"offer":  ClientCallSignal{Call: 7000000000000000001, Kind: "offer", Data: strings.Repeat("a=rtpmap:111 opus/48000/2\r\n", 200)},
	} {
		frame := AppendClient(nil, 5, ev)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, _, err := DecodeClient(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkServer(b *testing.B) {
	card := AppendCard(nil, Card{ID: 7000000000000000001, V: 3, Name: "Robin", Age: 30, Tags: []string{"chess", "tea"}, Bio: strings.Repeat("x", 80)})
	full := ServerReelFull{At: 99, Gen: "sha256:0123456789abcdef/3"}
	for i := range 20 {
		full.Entries = append(full.Entries, Entry{Card: card, Score: int64(i)})
	}
	env := Envelope{"main", "e1", 0}
	for name, ev := range map[string]Server{
		"reel":    full,
		"ringing": ServerInviteRinging{Call: 1 << 60, Other: card, Seconds: 300, Until: 1 << 40, Waits: 3},
		"chat":    ServerCallChat{Call: 1 << 60, Text: strings.Repeat("hello ", 8), At: 1 << 40},
	} {
		b.Run("encode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = AppendServer(buf[:0], env, ev)
			}
			b.SetBytes(int64(len(buf)))
		})
		frame := AppendServer(nil, env, ev)
		b.Run("decode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, _, err := DecodeServer(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncodings writes what is sent most in both encodings; the bytes of a
// frame are reported beside the time.
func BenchmarkEncodings(b *testing.B) {
	env := Envelope{"main", "k3v9x2", 1234}
	card := testCard(7, 4)
	events := map[string]Server{
		"offer":     ServerCallSignal{Call: 1 << 60, Kind: "offer", Data: sdp.Offer},
		"candidate": ServerCallSignal{Call: 1 << 60, Kind: "candidate", Data: candidateText},
		"chat":      ServerCallChat{Call: 1 << 60, Text: "So, where were you last summer, and with whom?", At: 1 << 40},
		"ringing":   ServerInviteRinging{Call: 1 << 60, Other: card, Seconds: 300, Until: 1 << 40, Waits: 3},
		"presence":  ServerReelDelta{At: 123_456, Busy: []int64{1 << 60}},
	}
	for name, ev := range events {
		for _, e := range []Encoding{JSON, Binary} {
			h := &Hand{}
			h.Append(nil, Reel{At: 1, Full: true, Put: []Place{{Person: 1 << 60, Number: 1, Card: PutCard(card)}}})
			delta, isDelta := ev.(ServerReelDelta)
			b.Run(name+"/"+e.String(), func(b *testing.B) {
				b.ReportAllocs()
				var buf []byte
				for b.Loop() {
					if isDelta && e == Binary {
						buf, _ = h.Append(buf[:0], Reel{At: delta.At, Busy: delta.Busy})
					} else {
						buf = e.Append(buf[:0], env, ev)
					}
				}
				b.ReportMetric(float64(len(buf)), "B/frame")
			})
		}
	}
}
