package lobby

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func events() []Event {
	return []Event{
		Connect{}, Disconnect{}, Gone{}, Changed{}, Enter{}, Leave{}, SetBusy{}, Invite{}, Accept{}, Decline{}, Rescind{},
		KeepWaiting{}, Signal{}, Chat{}, Share{}, Take{}, End{}, Block{}, Report{}, Loaded{}, LoadFailed{}, Stored{},
		StoreFailed{}, Decided{}, Recovered{}, Tick{},
	}
}

func notices() []Notice {
	return []Notice{
		Done{}, Refused{}, Self{}, Ringing{}, Incoming{}, RingEnded{}, CallStarted{}, CallPeer{}, SignalFrom{}, ChatFrom{},
		SharedBy{}, CallEnded{}, Cooldown{},
	}
}

func writes() []Write {
	return []Write{CallStart{}, CallEnd{}, CooldownSet{}, BlockSet{}, ReportFiled{}}
}

func news() []News {
	return []News{Entered{}, Left{}, Free{}, Busy{}, Recast{}, Barred{}, Watch{}, Unwatch{}}
}

// filled draws a value of v's type with all its fields set at random.
func filled[T any](t *rapid.T, v T) T {
	rv := reflect.New(reflect.TypeOf(v)).Elem()
	fill(t, rv)
	return rv.Interface().(T)
}

func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "nil") {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "len")
		if n == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(t, v.Index(i))
		}
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.String:
		v.SetString(rapid.String().Draw(t, "string"))
	case reflect.Int, reflect.Int64, reflect.Int32:
		n := rapid.Int64().Draw(t, "int")
		if v.OverflowInt(n) {
			n = int64(int32(n))
		}
		v.SetInt(n)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		n := rapid.Uint64().Draw(t, "uint")
		if v.OverflowUint(n) {
			n = uint64(uint8(n))
		}
		v.SetUint(n)
	default:
		t.Fatalf("a %s in the vocabulary", v.Type())
	}
}

// What conn and engine exchange survives a pipe between two processes unchanged.
func TestCodecRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, ev := range events() {
			ev = filled(t, ev)
			kind, data, body, err := Encode(ev)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(kind, data, body)
			same(t, ev, got, err)
		}
		var effects []Effect
		for _, n := range notices() {
			n = filled(t, n)
			kind, data, body, err := EncodeNotice(n)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeNotice(kind, data, body)
			same(t, n, got, err)
			effects = append(effects, Tell{To: 1, Conn: 2, Notice: n})
		}
		for _, w := range writes() {
			effects = append(effects, Store{Op: 3, Write: filled(t, w)})
		}
		for _, n := range news() {
			effects = append(effects, Feed{Seq: 4, News: filled(t, n)})
		}
		effects = append(effects, filled(t, Ask{}), filled(t, Load{}), filled(t, Drop{}))
		for _, ef := range effects {
			kind, data, body, err := EncodeEffect(ef)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeEffect(kind, data, body)
			same(t, ef, got, err)
		}
	})
}

func same[T any](t *rapid.T, want, got T, err error) {
	if err != nil || !reflect.DeepEqual(want, got) {
		t.Fatalf("%#v came back as %#v (%v)", want, got, err)
	}
}

// What people said never stands in what is journalled.
func TestBodiesStayOutOfTheJournal(t *testing.T) {
	secret := []byte("between us")
	for _, ev := range []Event{Signal{Body: secret}, Chat{Body: secret}, Share{Body: secret}, Report{Body: secret}} {
		_, data, body, err := Encode(ev)
		if err != nil || !bytes.Equal(body, secret) || bytes.Contains(data, secret) || bytes.Contains(data, []byte("Body")) {
			t.Errorf("%T: data %s, body %s, %v", ev, data, body, err)
		}
	}
}

func TestCodecRefusesWhatItDoesNotKnow(t *testing.T) {
	if _, err := Decode("dance", []byte("{}"), nil); !errors.Is(err, ErrKind) {
		t.Errorf("an unknown event: %v", err)
	}
	for _, kind := range []string{"dance", "tell", "store", "feed"} {
		data := []byte(`{"kind":"dance","value":{}}`)
		if _, err := DecodeEffect(kind, data, nil); !errors.Is(err, ErrKind) {
			t.Errorf("an unknown %s: %v", kind, err)
		}
	}
	var syntax *json.SyntaxError
	if _, err := Decode("invite", []byte(`{"to":`), nil); !errors.As(err, &syntax) {
		t.Errorf("half an event: %v", err)
	}
	var wrong *json.UnmarshalTypeError
	if _, err := Decode("invite", []byte(`{"to":"bob"}`), nil); !errors.As(err, &wrong) {
		t.Errorf("a wrong type: %v", err)
	}
	if _, _, _, err := Encode(nil); !errors.Is(err, ErrKind) {
		t.Errorf("no event: %v", err)
	}
}
