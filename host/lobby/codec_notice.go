package lobby

import (
	"encoding/json"
	"fmt"
)

// EncodeNotice takes a notice apart as Encode does an event.
func EncodeNotice(n Notice) (kind string, data, body []byte, err error) {
	switch v := n.(type) {
	case Done:
		kind = "done"
	case Refused:
		kind = "refused"
	case Self:
		kind = "self"
	case Ringing:
		kind = "ringing"
	case Incoming:
		kind = "incoming"
	case RingEnded:
		kind = "ring_ended"
	case CallStarted:
		kind = "call_started"
	case CallPeer:
		kind = "call_peer"
	case SignalFrom:
		kind, body = "signal_from", v.Body
	case ChatFrom:
		kind, body = "chat_from", v.Body
	case SharedBy:
		kind, body = "shared_by", v.Body
	case CallEnded:
		kind = "call_ended"
	case Cooldown:
		kind = "cooldown"
	default:
		return "", nil, nil, fmt.Errorf("lobby: encode %T: %w", n, ErrKind)
	}
	data, err = json.Marshal(n)
	return kind, data, body, err
}

// DecodeNotice is EncodeNotice's inverse. The notice keeps the body.
func DecodeNotice(kind string, data, body []byte) (Notice, error) {
	switch kind {
	case "done":
		return as[Notice, Done](data)
	case "refused":
		return as[Notice, Refused](data)
	case "self":
		return as[Notice, Self](data)
	case "ringing":
		return as[Notice, Ringing](data)
	case "incoming":
		return as[Notice, Incoming](data)
	case "ring_ended":
		return as[Notice, RingEnded](data)
	case "call_started":
		return as[Notice, CallStarted](data)
	case "call_peer":
		return as[Notice, CallPeer](data)
	case "signal_from":
		return with(data, func(n *SignalFrom) Notice { n.Body = body; return *n })
	case "chat_from":
		return with(data, func(n *ChatFrom) Notice { n.Body = body; return *n })
	case "shared_by":
		return with(data, func(n *SharedBy) Notice { n.Body = body; return *n })
	case "call_ended":
		return as[Notice, CallEnded](data)
	case "cooldown":
		return as[Notice, Cooldown](data)
	}
	return nil, fmt.Errorf("lobby: decode notice %.40q: %w", kind, ErrKind)
}

// EncodeWrite takes a write apart as Encode does an event.
func EncodeWrite(w Write) (kind string, data, body []byte, err error) {
	switch v := w.(type) {
	case CallStart:
		kind = "call_start"
	case CallEnd:
		kind = "call_end"
	case CooldownSet:
		kind = "cooldown_set"
	case BlockSet:
		kind = "block_set"
	case ReportFiled:
		kind, body = "report_filed", v.Body
	default:
		return "", nil, nil, fmt.Errorf("lobby: encode %T: %w", w, ErrKind)
	}
	data, err = json.Marshal(w)
	return kind, data, body, err
}

// DecodeWrite is EncodeWrite's inverse. The write keeps the body.
func DecodeWrite(kind string, data, body []byte) (Write, error) {
	switch kind {
	case "call_start":
		return as[Write, CallStart](data)
	case "call_end":
		return as[Write, CallEnd](data)
	case "cooldown_set":
		return as[Write, CooldownSet](data)
	case "block_set":
		return as[Write, BlockSet](data)
	case "report_filed":
		return with(data, func(w *ReportFiled) Write { w.Body = body; return *w })
	}
	return nil, fmt.Errorf("lobby: decode write %.40q: %w", kind, ErrKind)
}
