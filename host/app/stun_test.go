package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"net/netip"
)

// stun is a message (RFC 8489), read; the bytes are the reader's.
type stun struct {
	b      []byte
	attrs  map[uint16][]byte // the first of each type
	signed int               // where its signature begins
}

func parseSTUN(b []byte) (stun, bool) {
	m := stun{b: b, attrs: map[uint16][]byte{}}
	if len(b) < 20 || b[0]&0xC0 != 0 || binary.BigEndian.Uint32(b[4:]) != magic || int(binary.BigEndian.Uint16(b[2:]))+20 != len(b) {
		return m, false
	}
	for at := 20; at+4 <= len(b); {
		kind, size := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		if at+4+size > len(b) {
			return m, false
		}
		if _, twice := m.attrs[kind]; !twice {
			m.attrs[kind] = b[at+4 : at+4+size]
		}
		if kind == attrSign {
			m.signed = at
		}
		at += 4 + (size+3)&^3
	}
	return m, true
}

// method is what is asked for or indicated, without the class.
func (m stun) method() uint16 {
	t := binary.BigEndian.Uint16(m.b)
	return t&0x000F | t&0x00E0>>1 | t&0x3E00>>2
}

func (m stun) signedBy(key []byte) bool {
	return hmac.Equal(m.attrs[attrSign], signature(m.b[:m.signed], key))
}

// signature is of a message's part before it.
func signature(part, key []byte) []byte {
	head := append([]byte(nil), part[:20]...)
	binary.BigEndian.PutUint16(head[2:], uint16(len(part)-20+24))
	mac := hmac.New(sha1.New, key)
	mac.Write(head)
	mac.Write(part[20:])
	return mac.Sum(nil)
}

// address reads an IPv4 address that is masked by the magic number.
func (m stun) address(kind uint16) netip.AddrPort {
	v := m.attrs[kind]
	if len(v) != 8 || v[1] != 1 {
		return netip.AddrPort{}
	}
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], binary.BigEndian.Uint32(v[4:])^magic)
	return netip.AddrPortFrom(netip.AddrFrom4(ip), binary.BigEndian.Uint16(v[2:])^(magic>>16))
}

// reply begins an answer of this class.
func (m stun) reply(class uint16) *stunWriter {
	w := &stunWriter{b: append([]byte(nil), m.b[:20]...)}
	binary.BigEndian.PutUint16(w.b, binary.BigEndian.Uint16(m.b)|class)
	binary.BigEndian.PutUint16(w.b[2:], 0)
	return w
}

type stunWriter struct{ b []byte }

func (w *stunWriter) attr(kind uint16, v []byte) {
	w.b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(w.b, kind), uint16(len(v)))
	w.b = append(w.b, v...)
	w.b = append(w.b, make([]byte, -len(v)&3)...)
	binary.BigEndian.PutUint16(w.b[2:], uint16(len(w.b)-20))
}

func (w *stunWriter) number(kind uint16, n uint32) {
	w.attr(kind, binary.BigEndian.AppendUint32(nil, n))
}

func (w *stunWriter) address(kind uint16, a netip.AddrPort) {
	ip := a.Addr().Unmap().As4()
	v := binary.BigEndian.AppendUint16([]byte{0, 1}, a.Port()^(magic>>16))
	w.attr(kind, binary.BigEndian.AppendUint32(v, binary.BigEndian.Uint32(ip[:])^magic))
}

func (w *stunWriter) signed(key []byte) []byte {
	w.attr(attrSign, signature(w.b, key))
	return w.b
}
