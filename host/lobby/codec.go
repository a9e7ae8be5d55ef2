package lobby

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrKind: the kind of an event, effect or notice is not one of ours.
var ErrKind = errors.New("unknown kind")

// Encode takes an event apart into the name of its kind, a JSON object of all
// that may be journalled, and what was said in it (nil for most). The body is
// the event's own, not a copy.
func Encode(ev Event) (kind string, data, body []byte, err error) {
	switch e := ev.(type) {
	case Connect:
		kind = "connect"
	case Disconnect:
		kind = "disconnect"
	case Gone:
		kind = "gone"
	case Changed:
		kind = "changed"
	case Enter:
		kind = "enter"
	case Leave:
		kind = "leave"
	case SetBusy:
		kind = "set_busy"
	case Invite:
		kind = "invite"
	case Accept:
		kind = "accept"
	case Decline:
		kind = "decline"
	case Rescind:
		kind = "rescind"
	case KeepWaiting:
		kind = "keep_waiting"
	case Signal:
		kind, body = "signal", e.Body
	case Chat:
		kind, body = "chat", e.Body
	case Share:
		kind, body = "share", e.Body
	case Take:
		kind = "take"
	case End:
		kind = "end"
	case Block:
		kind = "block"
	case Report:
		kind, body = "report", e.Body
	case Loaded:
		kind = "loaded"
	case LoadFailed:
		kind = "load_failed"
	case Stored:
		kind = "stored"
	case StoreFailed:
		kind = "store_failed"
	case Decided:
		kind = "decided"
	case Recovered:
		kind = "recovered"
	case Tick:
		kind = "tick"
	default:
		return "", nil, nil, fmt.Errorf("lobby: encode %T: %w", ev, ErrKind)
	}
	data, err = json.Marshal(ev)
	return kind, data, body, err
}

// Decode is Encode's inverse. The event keeps the body, not a copy. Errors:
// ErrKind; encoding/json's.
func Decode(kind string, data, body []byte) (Event, error) {
	switch kind {
	case "connect":
		return as[Event, Connect](data)
	case "disconnect":
		return as[Event, Disconnect](data)
	case "gone":
		return as[Event, Gone](data)
	case "changed":
		return as[Event, Changed](data)
	case "enter":
		return as[Event, Enter](data)
	case "leave":
		return as[Event, Leave](data)
	case "set_busy":
		return as[Event, SetBusy](data)
	case "invite":
		return as[Event, Invite](data)
	case "accept":
		return as[Event, Accept](data)
	case "decline":
		return as[Event, Decline](data)
	case "rescind":
		return as[Event, Rescind](data)
	case "keep_waiting":
		return as[Event, KeepWaiting](data)
	case "signal":
		return with(data, func(e *Signal) Event { e.Body = body; return *e })
	case "chat":
		return with(data, func(e *Chat) Event { e.Body = body; return *e })
	case "share":
		return with(data, func(e *Share) Event { e.Body = body; return *e })
	case "take":
		return as[Event, Take](data)
	case "end":
		return as[Event, End](data)
	case "block":
		return as[Event, Block](data)
	case "report":
		return with(data, func(e *Report) Event { e.Body = body; return *e })
	case "loaded":
		return as[Event, Loaded](data)
	case "load_failed":
		return as[Event, LoadFailed](data)
	case "stored":
		return as[Event, Stored](data)
	case "store_failed":
		return as[Event, StoreFailed](data)
	case "decided":
		return as[Event, Decided](data)
	case "recovered":
		return as[Event, Recovered](data)
	case "tick":
		return as[Event, Tick](data)
	}
	return nil, fmt.Errorf("lobby: decode event %.40q: %w", kind, ErrKind)
}

// as reads a T and hands it over as one of the closed set I.
func as[I, T any](data []byte) (I, error) {
	return with(data, func(v *T) I { return any(*v).(I) })
}

// with reads a T and hands over what wrap makes of it.
func with[I, T any](data []byte, wrap func(*T) I) (I, error) {
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		var none I
		return none, fmt.Errorf("lobby: decode %T: %w", v, err)
	}
	return wrap(&v), nil
}
