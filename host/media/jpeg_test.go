package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"slices"
	"testing"

	"github.com/napalmsky/napalmsky/host/media"
)

const progressive, sequential = 0xc2, 0xc0

// scan is one pass over a gray JPEG of 8 by 8 pixels that says "nothing new".
func scan(sof byte) []byte {
	if sof == progressive {
		return []byte("\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\x7f")
	}
	return []byte("\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f")
}

// passes is such a JPEG, of so many segments or scans after its header.
func passes(sof byte, rest ...[]byte) []byte {
	raw := []byte("\xff\xd8\xff\xdb\x00\x43\x00")
	raw = append(raw, bytes.Repeat([]byte{1}, 64)...)
	raw = append(raw, 0xff, sof, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0)
	for _, table := range []byte{0x00, 0x10} { // one code, 0: no difference, or the end of the block
		raw = append(raw, 0xff, 0xc4, 0, 20, table, 1)
		raw = append(raw, make([]byte, 16)...)
	}
	return append(append(raw, slices.Concat(rest...)...), 0xff, 0xd9)
}

func segment(marker byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

// A scan costs a walk over the whole picture and may be a few bytes short: only
// so many are decoded, wherever the others hide.
func TestAJPEGOfManyScansIsRefused(t *testing.T) {
	s, _ := open(t)
	many := func(sof byte, n int) []byte { return bytes.Repeat(scan(sof), n) }
	thumbnail := segment(0xe1, many(progressive, 500))
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"as encoders do":                {passes(progressive, many(progressive, 20)), nil},
		"the most":                      {passes(progressive, many(progressive, 64)), nil},
		"one more":                      {passes(progressive, many(progressive, 65)), media.ErrTooBig},
		"a bomb":                        {passes(progressive, many(progressive, 150_000)), media.ErrTooBig},
		"one a component":               {passes(sequential, many(sequential, 4)), nil},
		"one component twice":           {passes(sequential, many(sequential, 5)), media.ErrTooBig},
		"a thumbnail of many":           {passes(progressive, thumbnail, many(progressive, 3)), nil},
		"after the picture":             {append(passes(progressive, many(progressive, 3)), many(progressive, 500)...), nil},
		"behind stuffing":               {passes(progressive, many(progressive, 40), []byte("\xff\x00\xff\x00"), many(progressive, 40)), media.ErrTooBig},
		"behind restarts":               {passes(progressive, many(progressive, 40), []byte("\xff\xd0\xff\xd7"), many(progressive, 40)), media.ErrTooBig},
		"behind padding":                {passes(progressive, many(progressive, 40), []byte("\xff\xff\xff"), many(progressive, 40)), media.ErrTooBig},
		"behind litter":                 {passes(progressive, many(progressive, 40), []byte("litter"), many(progressive, 40)), media.ErrTooBig},
		"behind a comment":              {passes(progressive, many(progressive, 40), segment(0xfe, []byte("\xff\xd9")), many(progressive, 40)), media.ErrTooBig},
		"behind tables between":         {passes(progressive, many(progressive, 40), segment(0xc4, append([]byte{0x10, 1}, make([]byte, 16)...)), many(progressive, 40)), media.ErrTooBig},
		"behind a restart interval":     {passes(progressive, segment(0xdd, []byte{0, 1}), many(progressive, 65)), media.ErrTooBig},
		"the end hidden in an APP1":     {passes(progressive, segment(0xe1, []byte("\xff\xd9")), many(progressive, 65)), media.ErrTooBig},
		"no frame header, many scans":   {append([]byte("\xff\xd8"), many(progressive, 65)...), media.ErrNotImage},
		"scans, and then it breaks off": {passes(progressive, many(progressive, 3), []byte("\xff\xe1\xff\xff")), media.ErrNotImage},
	} {
		if _, err := s.Put(t.Context(), bytes.NewReader(c.raw)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// Scaling takes memory for each row, so a thread of a million of them is no photo.
func TestAThreadIsRefused(t *testing.T) {
	s, _ := open(t)
	for _, r := range []image.Rectangle{image.Rect(0, 0, 1, 65_536), image.Rect(0, 0, 65_536, 1)} {
		if _, err := s.Put(t.Context(), bytes.NewReader(pngOf(t, image.NewGray(r)))); !errors.Is(err, media.ErrTooBig) {
			t.Errorf("%v: %v", r, err)
		}
	}
	put(t, s, pngOf(t, image.NewGray(image.Rect(0, 0, 65_535, 1))))
}
