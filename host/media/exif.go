package media

import (
	"bytes"
	"encoding/binary"
)

// jpegFacts is what the segments of a JPEG say before its picture begins.
type jpegFacts struct {
	orientation int  // EXIF: 1 upright, 2–8 mirrored or turned; 0 not said
	progressive bool // true also where it cannot be told
}

// scanJPEG never fails: what it cannot read it does not know.
func scanJPEG(raw []byte) jpegFacts {
	facts := jpegFacts{progressive: true}
	for at := 2; ; {
		// As the decoder does, skip what is between segments, and padding.
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
		switch {
		case marker == 0xda || marker == 0xd9: // the picture, or its end
			return facts
		case marker == 0xc0 || marker == 0xc1:
			facts.progressive = false
		case marker == 0xc2:
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

// orientation looks up tag 0x0112 in the first directory of a TIFF block; 0 if
// it is not there or makes no sense.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for n := order.Uint16(tiff[at:]); n > 0 && len(entries) >= 12; n-- {
		// tag, type 3 (short), count 1, then the value in the first two of four bytes
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 && order.Uint32(entries[4:]) == 1 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
