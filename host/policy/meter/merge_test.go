package meter_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/policy/meter"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
)

// TestManySegments: however segments lie, over each other and out of order,
// memory starts as they say, and a module whose segments do not fit still fails.
func TestManySegments(t *testing.T) {
	r := engine(t)
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		fits := rapid.Bool().Draw(rt, "fits")
		body, want := []byte{}, make([]byte, 1<<16)
		n := rapid.IntRange(1, 200).Draw(rt, "segments")
		for range n {
			data := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 1, 255}), 0, 200).Draw(rt, "bytes")
			at := rapid.IntRange(0, 4096).Draw(rt, "at")
			if !fits {
				at = rapid.IntRange(1<<16-100, 1<<16).Draw(rt, "late")
			}
			if at+len(data) <= len(want) {
				copy(want[at:], data)
			}
			body = append(body, 0, 0x41)
			body = appendLEB(body, at)
			body = append(body, 0x0b)
			body = binary.AppendUvarint(body, uint64(len(data)))
			body = append(body, data...)
		}
		section := append(binary.AppendUvarint(nil, uint64(n)), body...)
		module := []byte("\x00asm\x01\x00\x00\x00" + "\x05\x03\x01\x00\x01" + "\x07\x0a\x01\x06memory\x02\x00")
		module = append(binary.AppendUvarint(append(module, 11), uint64(len(section))), section...)

		plain, errPlain := r.Instantiate(ctx, module)
		out, _, err := meter.Meter(module, meter.DefaultOptions())
		if err != nil {
			rt.Fatal(err)
		}
		in, err := r.Instantiate(ctx, out)
		if (err == nil) != (errPlain == nil) {
			rt.Fatalf("metered %v, as it was %v", err, errPlain)
		}
		if err != nil {
			return
		}
		defer plain.Close(ctx)
		defer in.Close(ctx)
		if got, _ := in.Memory().Read(0, 1<<16); !bytes.Equal(got, want) {
			rt.Fatal("memory starts otherwise")
		}
	})
}

// appendLEB is for numbers that are not negative.
func appendLEB(b []byte, n int) []byte {
	for n >= 0x40 {
		b, n = append(b, byte(n&0x7f|0x80)), n>>7
	}
	return append(b, byte(n))
}

// TestGoSegments: standard Go's guests come with thousands, and start with the
// same memory without.
func TestGoSegments(t *testing.T) {
	module := policytest.Build(t, "./plugins/matchmutual/wasm")
	out := metered(t, module, meter.DefaultOptions())
	r := engine(t, policytest.CacheDir(t))
	before, after := start(t, r, module).m.Memory(), start(t, r, out).m.Memory()
	a, _ := before.Read(0, before.Size())
	b, _ := after.Read(0, after.Size())
	if !bytes.Equal(a, b) {
		t.Error("memory starts otherwise")
	}
}
