package media

import (
	"bytes"
	"encoding/binary"
)

// jpegFacts is what a JPEG's markers say, without any of it being decoded.
type jpegFacts struct {
	orientation int  // EXIF: 1 upright, 2–8 mirrored or turned; 0 not said
	progressive bool // true also where it cannot be told
	scans       int
}

// mostScans: each costs a walk over every block, whose bytes need be but a few
// dozen. A sequential file has one a component, encoders of progressive ones
// make 10 to 20.
func (f jpegFacts) mostScans() int {
	if f.progressive {
		return 64
	}
	return 4
}

// scanJPEG walks all markers up to the image's end, as the decoder will. It
// never fails: what it cannot read it does not know, and the decoder stumbles
// over the same.
func scanJPEG(raw []byte) jpegFacts {
	facts := jpegFacts{progressive: true}
	for at := 2; ; {
		// Skip padding, what is between segments, and a scan's own data: there
		// 0xff is followed by a zero or is a restart marker.
		i := bytes.IndexByte(raw[min(at, len(raw)):], 0xff)
		if i < 0 {
			return facts
		}
		for at += i; at < len(raw) && raw[at] == 0xff; at++ {
		}
		if at >= len(raw) {
			return facts
		}
		marker := raw[at]
		at++
		switch marker {
		case 0xd9: // the image's end: a decoder reads no further
			return facts
		case 0xda:
			facts.scans++
		case 0xc0, 0xc1:
			facts.progressive = false
		case 0xc2:
			facts.progressive = true
		}
		if marker <= 0x01 || marker >= 0xd0 && marker <= 0xd7 { // these have no length
			continue
		}
		if at+2 > len(raw) {
			return facts
		}
		size := int(binary.BigEndian.Uint16(raw[at:]))
		if size < 2 || at+size > len(raw) {
			return facts
		}
		if body, ok := bytes.CutPrefix(raw[at+2:at+size], []byte("Exif\x00\x00")); ok && marker == 0xe1 && facts.orientation == 0 {
			facts.orientation = orientation(body)
		}
		at += size
	}
}
