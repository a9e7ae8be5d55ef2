package media_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/color"
	"testing"

	"github.com/napalmsky/napalmsky/host/media"
)

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// withEXIF puts an EXIF block with an orientation, a maker's name and a place
// after the JPEG's first two bytes, where cameras write it.
func withEXIF(raw []byte, order byteOrder, orientation uint16) []byte {
	var tiff []byte
	if order.Uint16([]byte{1, 0}) == 1 {
		tiff = []byte("II*\x00")
	} else {
		tiff = []byte("MM\x00*")
	}
	entry := func(tag, kind uint16, count uint32, value ...byte) {
		tiff = order.AppendUint16(tiff, tag)
		tiff = order.AppendUint16(tiff, kind)
		tiff = order.AppendUint32(tiff, count)
		tiff = append(tiff, value...)
	}
	tiff = order.AppendUint32(tiff, 8)                         // the directory is at 8
	tiff = order.AppendUint16(tiff, 3)                         // and has three entries
	entry(0x010f, 2, 4, []byte("Cam\x00")...)                  // maker
	entry(0x0112, 3, 1, order.AppendUint32(nil, uint32(0))...) // orientation, filled in below
	order.PutUint16(tiff[len(tiff)-4:], orientation)           //
	entry(0x8825, 4, 1, order.AppendUint32(nil, 50)...)        // the GPS directory is at 50
	tiff = order.AppendUint32(tiff, 0)                         // no second directory
	tiff = order.AppendUint16(tiff, 1)                         // GPS: one entry
	entry(0x001d, 2, 11, order.AppendUint32(nil, 68)...)       // where it says its date
	tiff = append(order.AppendUint32(tiff, 0), "2031:05:17 GPS"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, raw[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), raw[2:]...)
}

func TestAPhotoIsUpright(t *testing.T) {
	s, _ := open(t)
	raw := jpegOf(t, corners(80, 40)) // red green / blue white
	for orientation, want := range map[uint16][4]color.RGBA{
		0: {red, green, blue, white},
		1: {red, green, blue, white},
		2: {green, red, white, blue},
		3: {white, blue, green, red},
		4: {blue, white, red, green},
		5: {red, blue, green, white},
		6: {blue, red, white, green},
		7: {white, green, blue, red},
		8: {green, white, red, blue},
		9: {red, green, blue, white},
	} {
		for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
			m := decode(t, read(t, s, put(t, s, withEXIF(raw, order, orientation))))
			w, h := 80, 40
			if orientation >= 5 && orientation <= 8 {
				w, h = h, w
			}
			if m.Bounds().Dx() != w || m.Bounds().Dy() != h {
				t.Fatalf("orientation %d: %v", orientation, m.Bounds())
			}
			for i, c := range want {
				if at := m.At(w/4+w/2*(i%2), h/4+h/2*(i/2)); !near(at, c) {
					t.Errorf("orientation %d (%v): quarter %d is %v, want %v", orientation, order, i, at, c)
				}
			}
		}
	}
}

func TestNothingButThePictureIsKept(t *testing.T) {
	s, _ := open(t)
	raw := withEXIF(jpegOf(t, corners(80, 40)), binary.BigEndian, 6)
	raw = append(raw, "<script>trailing</script>"...)
	if !bytes.Contains(raw, []byte("Exif")) || !bytes.Contains(raw, []byte("GPS")) {
		t.Fatal("the test's photo says nothing to be removed")
	}
	kept := read(t, s, put(t, s, raw))
	for _, word := range []string{"Exif", "GPS", "Cam", "2031", "script"} {
		if bytes.Contains(kept, []byte(word)) {
			t.Errorf("%q was kept", word)
		}
	}
	for at := 2; kept[at+1] != 0xda; at += 2 + int(binary.BigEndian.Uint16(kept[at+2:])) {
		if m := kept[at+1]; m >= 0xe1 && m <= 0xef || m == 0xfe {
			t.Errorf("segment %#x was kept", m)
		}
	}
	id := put(t, s, withEXIF(jpegOf(t, corners(80, 40)), binary.LittleEndian, 6))
	if !bytes.Equal(read(t, s, id), kept) {
		t.Error("one picture with different metadata became two")
	}
}

// declare overwrites what a PNG says of its size.
func declare(raw []byte, w, h uint32) []byte {
	raw = bytes.Clone(raw)
	binary.BigEndian.PutUint32(raw[16:], w)
	binary.BigEndian.PutUint32(raw[20:], h)
	binary.BigEndian.PutUint32(raw[29:], crc32.ChecksumIEEE(raw[12:29]))
	return raw
}

// jpegHeader is a JPEG that ends where its picture would begin.
func jpegHeader(sof byte, w, h uint16) []byte {
	raw := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff")
	raw = append(raw, sof, 0, 11, 8)
	raw = binary.BigEndian.AppendUint16(raw, h)
	raw = binary.BigEndian.AppendUint16(raw, w)
	return append(raw, 1, 1, 0x11, 0)
}

// webpRed is a whole lossless WebP of one colour: some twenty bytes, however large it is.
func webpRed(w, h int) []byte {
	var bits, n uint64
	stream := []byte{0x2f}
	put := func(v uint64, size uint64) {
		for bits, n = bits|v<<n, n+size; n >= 8; bits, n = bits>>8, n-8 {
			stream = append(stream, byte(bits))
		}
	}
	put(uint64(w-1), 14)
	put(uint64(h-1), 14)
	put(0, 1+3+1+1+1)                                 // no alpha, version 0, no transform, no colour cache, one set of codes
	for _, symbol := range []uint64{0, 255, 0, 255} { // green, red, blue, alpha: each a code of one symbol
		put(0b101|symbol<<3, 11)
	}
	put(0b0001, 4) // distance: one symbol, 0
	put(0, 7)
	stream = append(stream, make([]byte, 1-len(stream)%2+1)...)
	return riff("VP8L", stream)
}

// webpLie says 8 by 8 pixels outside and brings inside inside.
func webpLie(inside []byte) []byte {
	return riff("VP8X", append([]byte{0, 0, 0, 0, 7, 0, 0, 7, 0, 0}, inside[12:]...))
}

// riff makes a WebP file of one chunk, or of a VP8X chunk and what follows it.
func riff(kind string, body []byte) []byte {
	size := len(body)
	if kind == "VP8X" {
		size = 10
	}
	raw := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(12+len(body)))
	raw = append(append(raw, "WEBP"...), kind...)
	return append(binary.LittleEndian.AppendUint32(raw, uint32(size)), body...)
}

func FuzzPut(f *testing.F) {
	s, err := media.New(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	plain := jpegOf(f, corners(16, 12))
	for _, seed := range [][]byte{
		nil, plain, plain[:100], withEXIF(plain, binary.LittleEndian, 6), withEXIF(plain, binary.BigEndian, 8),
		pngOf(f, corners(16, 12)), jpegHeader(0xc2, 16, 12), passes(progressive, scan(progressive), scan(progressive)), webpRed(16, 12), webpLie(webpRed(16, 12)), []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		id, err := s.Put(t.Context(), bytes.NewReader(raw))
		if err != nil {
			return
		}
		if b := decode(t, read(t, s, id)).Bounds(); b.Dx() < 1 || b.Dy() < 1 || b.Dx() > 512 || b.Dy() > 512 {
			t.Fatalf("kept %v", b)
		}
	})
}
