package conn

import "encoding/binary"

// incoming cuts what a client sends into messages and control frames (RFC 6455,
// 5), as far as its bytes have come. Between two calls it keeps only what a
// message that comes in pieces has so far. It belongs to whoever reads.
type incoming struct {
	kind     opcode // of the message that has begun; 0 if none has
	size     int64  // its bytes so far, those thrown away included
	pieces   []byte // its earlier frames
	over     bool   // it is too big, and thrown away
	skipping bool   // the rest of a frame is thrown away:
	skip     int64  // so many bytes of it are still to come,
	last     bool   // and it ends its message
}

// message is a whole message or a control frame.
type message struct {
	op     opcode // opText, opBinary, opPing, opPong or opClose
	data   []byte // unmasked; good until the next read, as it lies where it was read
	tooBig bool   // data is not there: it was more than the limit
}

// protocolError is what ends a socket whose peer breaks the protocol.
type protocolError struct {
	code CloseCode
	why  string
}

func (e *protocolError) Error() string { return e.why }

func broken(why string) error { return &protocolError{closeProtocol, why} }

// The close codes of RFC 6455, 7.4.1 that are not of our own making.
const (
	closeProtocol CloseCode = 1002
	closeNoStatus CloseCode = 1005
	closeAbnormal CloseCode = 1006
	closeTooBig   CloseCode = 1009
)

const (
	opContinue opcode = 0x0
	opClose    opcode = 0x8
	opPong     opcode = 0xa

	maxControl = 125 // bytes of a control frame
	maxHeader  = 14  // bytes
)

// next takes the next message or control frame off the front of b, and unmasks
// it where it is. Where ok is false there is none: rest is to be given again,
// with what comes behind it. A message of more than limit bytes comes as tooBig;
// one of more than maxDiscard, and whatever breaks the protocol, is a *protocolError.
// rest is never longer than limit (or maxControl) and maxHeader.
func (in *incoming) next(b []byte, limit int64) (m message, rest []byte, ok bool, err error) {
	for {
		if in.skipping {
			n := min(in.skip, int64(len(b)))
			b, in.skip = b[n:], in.skip-n
			if in.skip > 0 {
				return message{}, b, false, nil
			}
			if in.skipping = false; in.last {
				m = message{op: in.kind, tooBig: true}
				*in = incoming{}
				return m, b, true, nil
			}
		}
		h, err := parseHead(b)
		if err != nil || h.size == 0 {
			return message{}, b, false, err
		}
		whole := int64(len(b)-h.size) >= h.length
		if h.op >= opClose {
			if !whole {
				return message{}, b, false, nil
			}
			return message{op: h.op, data: h.payload(b)}, b[h.size+int(h.length):], true, nil
		}
		switch {
		case h.op == opContinue && in.kind == 0:
			return message{}, b, false, broken("a continuation of nothing")
		case h.op != opContinue && in.kind != 0:
			return message{}, b, false, broken("a message within a message")
		case h.length > maxDiscard-in.size:
			return message{}, b, false, &protocolError{closeTooBig, "the message is far too big"}
		}
		kind := in.kind
		if kind == 0 {
			kind = h.op
		}
		if in.over || in.size+h.length > limit {
			*in = incoming{kind: kind, size: in.size + h.length, over: true, skipping: true, skip: h.length, last: h.fin}
			b = b[h.size:]
			continue
		}
		if !whole {
			return message{}, b, false, nil
		}
		data := h.payload(b)
		b = b[h.size+len(data):]
		if h.fin {
			if in.pieces != nil {
				data = append(in.pieces, data...)
			}
			*in = incoming{}
			return message{op: kind, data: data}, b, true, nil
		}
		in.kind, in.size = kind, in.size+h.length
		in.pieces = append(in.pieces, data...)
	}
}

// frameHead is a frame's header (RFC 6455, 5.2).
type frameHead struct {
	op     opcode
	fin    bool
	length int64 // of the payload
	size   int   // of the header itself; 0: it has not come whole
	mask   [4]byte
}

func parseHead(b []byte) (h frameHead, err error) {
	if len(b) < 2 {
		return frameHead{}, nil
	}
	h.op, h.fin = opcode(b[0]&0xf), b[0]&lastFrame != 0
	length := int64(b[1] & 0x7f)
	switch {
	case b[0]&0x70 != 0:
		return h, broken("a reserved bit is set")
	case h.op > opBinary && h.op < opClose || h.op > opPong:
		return h, broken("an unknown opcode")
	case b[1]&0x80 == 0:
		return h, broken("a client's frame is not masked")
	case h.op >= opClose && (length > maxControl || !h.fin):
		return h, broken("a control frame that is long or in pieces")
	}
	at := 2
	switch {
	case length == 126 && len(b) >= 4:
		length, at = int64(binary.BigEndian.Uint16(b[2:])), 4
	case length == 127 && len(b) >= 10:
		length, at = int64(binary.BigEndian.Uint64(b[2:])), 10
		if length < 0 {
			return h, broken("a negative length")
		}
	case length >= 126:
		return frameHead{}, nil
	}
	if len(b) < at+4 {
		return frameHead{}, nil
	}
	h.length, h.size, h.mask = length, at+4, [4]byte(b[at:])
	return h, nil
}

// payload unmasks the frame's payload in b and returns it.
func (h frameHead) payload(b []byte) []byte {
	p := b[h.size : h.size+int(h.length)]
	word := uint64(binary.LittleEndian.Uint32(h.mask[:]))
	word |= word << 32
	i := 0
	for ; i+8 <= len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], binary.LittleEndian.Uint64(p[i:])^word)
	}
	for ; i < len(p); i++ {
		p[i] ^= h.mask[i&3]
	}
	return p
}

// closeFrame is a close frame that says code and why; with no status it says nothing.
func closeFrame(code CloseCode, why string) []byte {
	if code == closeNoStatus {
		return []byte{lastFrame | byte(opClose), 0}
	}
	why = why[:min(len(why), maxControl-2)]
	frame := append(make([]byte, 0, 4+len(why)), lastFrame|byte(opClose), byte(2+len(why)))
	return append(binary.BigEndian.AppendUint16(frame, uint16(code)), why...)
}

// closeCode is what a peer's close frame says.
func closeCode(payload []byte) (CloseCode, error) {
	if len(payload) == 0 {
		return closeNoStatus, nil
	}
	if len(payload) == 1 {
		return 0, broken("half a close code")
	}
	code := CloseCode(binary.BigEndian.Uint16(payload))
	switch {
	case code >= 3000 && code < 5000, code >= 1000 && code < 1015 && code != 1004 && code != closeNoStatus && code != closeAbnormal:
		return code, nil
	}
	return 0, broken("a close code that nobody may send")
}
