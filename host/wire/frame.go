// Package wire is what crosses the socket: events both ways as Go structs,
// strict decoders for what clients send, encoders for what the server sends,
// the other halves for clients written in Go, and the table of error codes.
//
// There are two encodings. JSON needs nothing but the event. Binary writes events
// without names, packs texts against a fixed dictionary (Pack), and sends a card
// once per socket: a Hand writes what a Reader reads.
//
// The structs and their code are generated from schemas/wire/v1 (go run
// ./host/wire/wiregen); its README explains the protocol. Everything here but
// Hand and Reader is pure and safe for concurrent use.
package wire

import (
	"strconv"
	"unicode/utf8"
)

// Client is an event that a client sends: one of the Client… structs, by value.
type Client interface {
	// Name is the event's t.
	Name() string
	client()
	appendTo([]byte) []byte
}

// Server is an event that the server sends: one of the Server… structs, by value.
type Server interface {
	// Name is the event's t.
	Name() string
	// Reliable says whether the lobby numbers it and keeps it until it is acknowledged.
	Reliable() bool
	appendTo([]byte) []byte
	code() byte // its marker in binary frames
	compactTo([]byte) []byte
}

// Envelope is what a frame of the server carries beside its event. The zero
// value is right for what the socket itself says (bye, unreadable frames).
type Envelope struct {
	Lobby string
	Epoch string
	Seq   uint64 // 0: not numbered, left out
}

// RawCard is an encoded card: one JSON object, spliced into frames as it is.
type RawCard []byte

// FrameError says why a frame could not be read. Field is a path like
// "d.seconds", empty where the whole frame is meant. Ref is the frame's, if it
// could be read. Nothing but the name of an unknown field is taken from the
// frame, and that is cut to 40 bytes.
type FrameError struct {
	Code    Code
	Field   string
	Message string
	Ref     uint32
}

func (e *FrameError) Error() string {
	if e.Field == "" {
		return "wire: " + string(e.Code) + ": " + e.Message
	}
	return "wire: " + string(e.Code) + ": " + e.Field + " " + e.Message
}

// DecodeClient reads a client's frame {t, ref?, d}, strictly: what the schema
// does not allow is refused. ref is 0 where none was given. The error is always
// a *FrameError. The event holds no part of frame.
func DecodeClient(frame []byte) (ev Client, ref uint32, err error) {
	h, fault := scanHead(frame, MaxFrame, true)
	if fault == nil {
		s := scanner{buf: h.d}
		if ev = decodeClient(&s, h.t); ev == nil {
			s.failCode(CodeUnknownEvent, "t", "", "no such event")
		}
		fault = s.err
	}
	if fault != nil {
		fault.Ref = h.ref
		return nil, h.ref, fault
	}
	return ev, h.ref, nil
}

// DecodeServer reads a server's frame as a client does: fields it does not know
// are ignored, words of an enumeration are not checked, an unknown event is a
// *FrameError with CodeUnknownEvent and a valid envelope (so that its seq can be
// acknowledged). Raw cards are parts of frame.
func DecodeServer(frame []byte) (Envelope, Server, error) {
	h, fault := scanHead(frame, len(frame), false)
	env := Envelope{Lobby: h.lobby, Epoch: h.epoch, Seq: h.seq}
	if fault != nil {
		return env, nil, fault
	}
	s := scanner{buf: h.d}
	ev := decodeServer(&s, h.t)
	if ev == nil {
		s.failCode(CodeUnknownEvent, "t", "", "no such event")
	}
	if s.err != nil {
		return env, nil, s.err
	}
	return env, ev, nil
}

// ParseCard reads a card, ignoring fields it does not know.
func ParseCard(raw RawCard) (Card, error) {
	if !utf8.Valid(raw) {
		return Card{}, &FrameError{Code: CodeBadFrame, Field: "card", Message: "is not UTF-8"}
	}
	s := scanner{buf: raw}
	c := decodeCard(&s, "card")
	s.end()
	if s.err != nil {
		return Card{}, s.err
	}
	return c, nil
}

// AppendCard appends the card's encoding, a RawCard, to dst.
func AppendCard(dst []byte, c Card) []byte { return c.appendTo(dst) }

// AppendServer appends one frame to dst. Cards in ev must be encoded objects.
func AppendServer(dst []byte, env Envelope, ev Server) []byte {
	dst = append(dst, `{"t":"`...)
	dst = append(dst, ev.Name()...)
	dst = append(dst, `","lobby":`...)
	dst = putString(dst, env.Lobby)
	dst = append(dst, `,"epoch":`...)
	dst = putString(dst, env.Epoch)
	if env.Seq != 0 {
		dst = append(dst, `,"seq":`...)
		dst = strconv.AppendUint(dst, env.Seq, 10)
	}
	dst = append(dst, `,"d":`...)
	dst = ev.appendTo(dst)
	return append(dst, '}')
}

// AppendClient appends one frame to dst. ref 0 is left out: no reply is wanted.
// Limits are not checked; the server does that.
func AppendClient(dst []byte, ref uint32, ev Client) []byte {
	dst = append(dst, `{"t":"`...)
	dst = append(dst, ev.Name()...)
	dst = append(dst, '"')
	if ref != 0 {
		dst = append(dst, `,"ref":`...)
		dst = strconv.AppendUint(dst, uint64(ref), 10)
	}
	dst = append(dst, `,"d":`...)
	dst = ev.appendTo(dst)
	return append(dst, '}')
}
