package conn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// masked is a client's frame as it goes over the wire, masked with mask.
func masked(first byte, payload []byte, mask uint32) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := binary.BigEndian.AppendUint32(nil, mask)
	b = append(b, key...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// heard is what incoming makes of the stream, given in these chunks as a reader
// gives it: what was left, and what came behind it.
func heard(in *incoming, limit int64, chunks ...[]byte) (all []string, held int, err error) {
	var b []byte
	for _, chunk := range chunks {
		b = append(bytes.Clone(b), chunk...)
		for {
			m, rest, ok, err := in.next(b, limit)
			if err != nil {
				return all, len(rest), err
			}
			b = rest
			if !ok {
				break
			}
			all = append(all, fmt.Sprintf("%x %q %v", m.op, m.data, m.tooBig))
		}
		held = max(held, len(b))
	}
	return all, held, nil
}

func TestMessagesInPieces(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		in   [][]byte
		want []string
	}{
		"one":                   {[][]byte{masked(0x81, []byte("hi"), 7)}, []string{`1 "hi" false`}},
		"two in one read":       {[][]byte{append(masked(0x81, []byte("a"), 1), masked(0x82, []byte("b"), 2)...)}, []string{`1 "a" false`, `2 "b" false`}},
		"empty":                 {[][]byte{masked(0x81, nil, 9)}, []string{`1 "" false`}},
		"fragments":             {[][]byte{masked(0x01, []byte("a"), 1), masked(0x00, []byte("b"), 2), masked(0x80, []byte("c"), 3)}, []string{`1 "abc" false`}},
		"empty fragments":       {[][]byte{masked(0x01, nil, 1), masked(0x00, nil, 2), masked(0x80, []byte("c"), 3)}, []string{`1 "c" false`}},
		"a ping between":        {[][]byte{masked(0x01, []byte("a"), 1), masked(0x89, []byte("p"), 2), masked(0x80, []byte("c"), 3)}, []string{`9 "p" false`, `1 "ac" false`}},
		"too big":               {[][]byte{masked(0x81, []byte(long), 1), masked(0x81, []byte("next"), 2)}, []string{`1 "" true`, `1 "next" false`}},
		"too big in fragments":  {[][]byte{masked(0x01, []byte(long[:90]), 1), masked(0x00, []byte(long[:90]), 1), masked(0x80, nil, 1), masked(0x81, []byte("next"), 2)}, []string{`1 "" true`, `1 "next" false`}},
		"as big as may be":      {[][]byte{masked(0x82, []byte(long[:100]), 1)}, []string{fmt.Sprintf(`2 %q false`, long[:100])}},
		"a goodbye":             {[][]byte{masked(0x88, []byte{0x03, 0xe8}, 1)}, []string{`8 "\x03\xe8" false`}},
		"big, and a ping after": {[][]byte{masked(0x01, []byte(long), 1), masked(0x8a, nil, 2), masked(0x80, []byte(long), 3)}, []string{`a "" false`, `1 "" true`}},
	} {
		stream := bytes.Join(c.in, nil)
		for size := 1; size <= len(stream); size++ {
			got, held, err := heard(new(incoming), 100, slices.Collect(slices.Chunk(stream, size))...)
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("%s, in chunks of %d: %q, %v; want %q", name, size, got, err, c.want)
			}
			if held > maxControl+maxHeader {
				t.Fatalf("%s, in chunks of %d: %d bytes are held", name, size, held)
			}
		}
	}
}

func TestWhatBreaksTheProtocol(t *testing.T) {
	endless := masked(0x81, nil, 1)
	endless[1] = 0x80 | 127
	endless = slices.Insert(endless, 2, 0xff, 0, 0, 0, 0, 0, 0, 0)
	for why, c := range map[string]struct {
		bytes []byte
		code  CloseCode
	}{
		"a reserved bit is set":                        {masked(0xc1, nil, 1), 1002},
		"an unknown opcode":                            {masked(0x83, nil, 1), 1002},
		"a client's frame is not masked":               {[]byte{0x81, 0}, 1002},
		"a control frame that is long or in pieces":    {masked(0x89, make([]byte, 126), 1), 1002},
		"a continuation of nothing":                    {masked(0x80, nil, 1), 1002},
		"a message within a message":                   {append(masked(0x01, nil, 1), masked(0x81, nil, 1)...), 1002},
		"a negative length":                            {endless, 1002},
		"the message is far too big":                   {masked(0x81, make([]byte, maxDiscard+1), 1), 1009},
		"the message is far too big, in two fragments": {append(masked(0x01, make([]byte, maxDiscard-1), 1), masked(0x80, make([]byte, 2), 1)...), 1009},
	} {
		_, _, err := heard(new(incoming), 100, c.bytes)
		var broken *protocolError
		if !errors.As(err, &broken) || broken.code != c.code || !strings.HasPrefix(why, err.Error()) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, _, err := heard(new(incoming), 100, masked(0x09, nil, 1)); err == nil {
		t.Error("a ping in pieces is taken")
	}
}

// TestChunksDoNotMatter: however the network cuts what a client sends, the same is heard.
func TestChunksDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		for range rapid.IntRange(1, 8).Draw(t, "frames") {
			first := rapid.SampledFrom([]byte{0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x88, 0x83}).Draw(t, "first")
			payload := rapid.SliceOfN(rapid.Byte(), 0, 260).Draw(t, "payload")
			stream = append(stream, masked(first, payload, rapid.Uint32().Draw(t, "mask"))...)
		}
		limit := rapid.Int64Range(0, 300).Draw(t, "limit")
		whole, _, wantErr := heard(new(incoming), limit, bytes.Clone(stream))
		var chunks [][]byte
		for rest := stream; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		got, _, err := heard(new(incoming), limit, chunks...)
		if !slices.Equal(got, whole) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("whole: %q, %v\nin chunks: %q, %v", whole, wantErr, got, err)
		}
	})
}

// FuzzIncoming: no bytes make it panic, stand still, or hold more than it says.
func FuzzIncoming(f *testing.F) {
	f.Add(masked(0x81, []byte("hi"), 7), uint16(1))
	f.Add(append(masked(0x01, make([]byte, 200), 7), masked(0x80, make([]byte, 70_000), 9)...), uint16(1000))
	f.Add(masked(0x88, []byte{0x03, 0xe8, 'b', 'y', 'e'}, 7), uint16(3))
	f.Fuzz(func(t *testing.T, stream []byte, size uint16) {
		const limit = 200
		_, held, err := heard(new(incoming), limit, slices.Collect(slices.Chunk(stream, int(size)+1))...)
		if err == nil && held > limit+maxHeader {
			t.Errorf("%d bytes are held", held)
		}
	})
}

func TestCloseCodes(t *testing.T) {
	for payload, want := range map[string]CloseCode{
		"": 1005, "\x03\xe8": 1000, "\x03\xe9going": 1001, "\x0b\xb8": 3000, "\x13\x87": 4999,
		"\x03": 0, "\x03\xed": 0, "\x03\xee": 0, "\x03\xf7": 0, "\x00\x01": 0, "\x13\x88": 0,
	} {
		if got, err := closeCode([]byte(payload)); got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d, %v; want %d", payload, got, err, want)
		}
	}
	if got := closeFrame(4000, strings.Repeat("why", 100)); len(got) != 2+maxControl || got[1] != maxControl {
		t.Errorf("a long reason makes %d bytes, of which it says %d", len(got), got[1])
	}
}
