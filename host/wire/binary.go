package wire

import (
	"encoding/binary"
	"errors"
)

// The markers a binary frame begins with. Those from firstCode on are events in
// their compact form; what lies between is for encodings and dictionaries to come.
const (
	markJSON   = 0x00 // a JSON frame follows
	markPacked = 0x01 // the same, packed against version 1 of the dictionary
	firstCode  = 0x10
	ownFrame   = 0x80 // added to an event's marker: the socket's own, without lobby and number
)

// ErrMarker: a binary frame's marker is none that this version knows. The peer
// speaks something else, and asking it to go on is useless.
var ErrMarker = errors.New("wire: unknown marker")

// AppendBinary appends one binary frame to dst: the event's compact form, except
// for a reel, which only a Hand can write so and which is packed JSON here.
func AppendBinary(dst []byte, env Envelope, ev Server) []byte {
	switch v := ev.(type) {
	case ServerReelFull, ServerReelDelta:
		return Pack(append(dst, markPacked), AppendServer(nil, env, ev))
	case ServerWelcome:
		dst = appendHead(dst, env, v.code())
		dst = putText(putText(dst, env.Lobby), env.Epoch)
		return v.compactTo(dst)
	}
	return ev.compactTo(appendHead(dst, env, ev.code()))
}

func appendHead(dst []byte, env Envelope, code byte) []byte {
	if env.Lobby == "" && env.Epoch == "" {
		code |= ownFrame
	}
	return binary.AppendUvarint(append(dst, code), env.Seq)
}

// compactTo and the codes of reels are for Hand.

func (v ServerReelFull) compactTo(b []byte) []byte { return b }

func (v ServerReelDelta) compactTo(b []byte) []byte { return b }

// DecodeBinaryClient reads a client's binary frame as DecodeClient reads a text:
// JSON behind its marker, plain or packed. most bounds what it unpacks to, in
// bytes. The error is a *FrameError or ErrMarker.
func DecodeBinaryClient(frame []byte, most int) (ev Client, ref uint32, err error) {
	if len(frame) == 0 {
		return nil, 0, &FrameError{Code: CodeBadFrame, Message: "the frame is empty"}
	}
	switch frame[0] {
	case markJSON:
		return DecodeClient(frame[1:])
	case markPacked:
		text, err := Unpack(nil, frame[1:], min(most, MaxFrame))
		if errors.Is(err, errUnpacked) {
			return nil, 0, &FrameError{Code: CodeTooBig, Message: "the frame unpacks to too much"}
		} else if err != nil {
			return nil, 0, &FrameError{Code: CodeBadFrame, Message: "the frame is not packed as it says"}
		}
		return DecodeClient(text)
	}
	return nil, 0, ErrMarker
}

// Recode turns a frame of this lobby's that was written in one encoding into the
// other, for a stream that comes back on another kind of socket. The frame must
// be ours and reliable: it depends on nothing sent before it.
func Recode(frame []byte, lobby, epoch string, from, to Encoding) ([]byte, error) {
	if from == to {
		return frame, nil
	}
	var env Envelope
	var ev Server
	var err error
	if from == Binary {
		r := Reader{lobby: lobby, epoch: epoch}
		env, ev, err = r.Read(frame)
	} else {
		env, ev, err = DecodeServer(frame)
	}
	if err != nil {
		return nil, err
	}
	return to.Append(nil, env, ev), nil
}
