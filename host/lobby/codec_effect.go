package lobby

import (
	"encoding/json"
	"fmt"
)

// nested is how an effect carries a notice, a write or a piece of news.
type nested struct {
	To    PersonID        `json:"to,omitempty"`
	Conn  ConnID          `json:"conn,omitempty"`
	Op    OpID            `json:"op,omitempty"`
	Seq   uint64          `json:"seq,omitempty"`
	Kind  string          `json:"kind"`
	Value json.RawMessage `json:"value"`
}

// EncodeEffect takes an effect apart as Encode does an event.
func EncodeEffect(ef Effect) (kind string, data, body []byte, err error) {
	var v any = ef
	switch e := ef.(type) {
	case Tell:
		n := nested{To: e.To, Conn: e.Conn}
		n.Kind, n.Value, body, err = EncodeNotice(e.Notice)
		kind, v = "tell", n
	case Store:
		n := nested{Op: e.Op}
		n.Kind, n.Value, body, err = EncodeWrite(e.Write)
		kind, v = "store", n
	case Feed:
		n := nested{Seq: e.Seq}
		n.Kind, n.Value, err = EncodeNews(e.News)
		kind, v = "feed", n
	case Ask:
		kind = "ask"
	case Load:
		kind = "load"
	case Drop:
		kind = "drop"
	default:
		err = fmt.Errorf("lobby: encode %T: %w", ef, ErrKind)
	}
	if err != nil {
		return "", nil, nil, err
	}
	data, err = json.Marshal(v)
	return kind, data, body, err
}

// DecodeEffect is EncodeEffect's inverse. What is in it keeps the body.
func DecodeEffect(kind string, data, body []byte) (Effect, error) {
	switch kind {
	case "ask":
		return as[Effect, Ask](data)
	case "load":
		return as[Effect, Load](data)
	case "drop":
		return as[Effect, Drop](data)
	case "tell", "store", "feed":
		n, err := as[nested, nested](data)
		if err != nil {
			return nil, err
		}
		return n.effect(kind, body)
	}
	return nil, fmt.Errorf("lobby: decode effect %.40q: %w", kind, ErrKind)
}

func (n nested) effect(kind string, body []byte) (Effect, error) {
	switch kind {
	case "tell":
		v, err := DecodeNotice(n.Kind, n.Value, body)
		if err != nil {
			return nil, err
		}
		return Tell{To: n.To, Conn: n.Conn, Notice: v}, nil
	case "store":
		v, err := DecodeWrite(n.Kind, n.Value, body)
		if err != nil {
			return nil, err
		}
		return Store{Op: n.Op, Write: v}, nil
	default:
		v, err := DecodeNews(n.Kind, n.Value)
		if err != nil {
			return nil, err
		}
		return Feed{Seq: n.Seq, News: v}, nil
	}
}

// EncodeNews names a piece of news and makes it a JSON object.
func EncodeNews(n News) (kind string, data []byte, err error) {
	switch n.(type) {
	case Entered:
		kind = "entered"
	case Left:
		kind = "left"
	case Free:
		kind = "free"
	case Busy:
		kind = "busy"
	case Recast:
		kind = "recast"
	case Barred:
		kind = "barred"
	case Watch:
		kind = "watch"
	case Unwatch:
		kind = "unwatch"
	default:
		return "", nil, fmt.Errorf("lobby: encode %T: %w", n, ErrKind)
	}
	data, err = json.Marshal(n)
	return kind, data, err
}

// DecodeNews is EncodeNews's inverse.
func DecodeNews(kind string, data []byte) (News, error) {
	switch kind {
	case "entered":
		return as[News, Entered](data)
	case "left":
		return as[News, Left](data)
	case "free":
		return as[News, Free](data)
	case "busy":
		return as[News, Busy](data)
	case "recast":
		return as[News, Recast](data)
	case "barred":
		return as[News, Barred](data)
	case "watch":
		return as[News, Watch](data)
	case "unwatch":
		return as[News, Unwatch](data)
	}
	return nil, fmt.Errorf("lobby: decode news %.40q: %w", kind, ErrKind)
}
