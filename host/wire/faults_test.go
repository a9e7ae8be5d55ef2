package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// refused decodes a client's frame that must be refused.
func refused(t *testing.T, what string, frame []byte, code Code, field string) *FrameError {
	t.Helper()
	ev, _, err := DecodeClient(frame)
	var fault *FrameError
	if ev != nil || !errors.As(err, &fault) {
		t.Errorf("%s: %.200s decodes to %v, %v", what, frame, ev, err)
		return nil
	}
	if fault.Code != code || fault.Field != field || fault.Message == "" {
		t.Errorf("%s: %.200s is refused with %s at %q (%s), want %s at %q", what, frame, fault.Code, fault.Field, fault.Message, code, field)
	}
	return fault
}

// TestEveryClientEventRefusesEveryFault derives faults from the schema: wrong
// types, null, missing, twice, unknown, out of range, too long, no such word.
func TestEveryClientEventRefusesEveryFault(t *testing.T) {
	s := readSpec(t)
	for name, n := range s.Client {
		t.Run(name, func(t *testing.T) {
			d := s.sample(n, true).(object)
			frame := func(d any) []byte { return encode(t, object{"t": name, "ref": 9, "d": d}) }
			for what, wrong := range map[string]any{"null": nil, "list": []any{}, "string": "{}", "number": 1, "boolean": true} {
				if f := refused(t, "payload "+what, frame(wrong), CodeBadFrame, "d"); f != nil && f.Ref != 9 {
					t.Errorf("payload %s: ref is lost", what)
				}
			}
			refused(t, "no payload", encode(t, object{"t": name}), CodeBadFrame, "d")
			refused(t, "unknown field", frame(with(d, "person_id", "1")), CodeBadFrame, "d.person_id")
			for key, p := range n.Properties {
				at := "d." + key
				for what, wrong := range s.wrongs(p) {
					if f := refused(t, key+" is "+what, frame(with(d, key, wrong)), CodeBadFrame, at); f != nil && f.Ref != 9 {
						t.Errorf("%s: ref is lost", key)
					}
				}
				if slices.Contains(n.Required, key) {
					refused(t, key+" is missing", frame(without(d, key)), CodeBadFrame, at)
				}
				twice := strings.Replace(string(frame(object{})), "{}", string(encode(t, d)), 1)
				value := string(encode(t, d[key]))
				twice = strings.Replace(twice, `"d":{`, fmt.Sprintf(`"d":{"\u%04x%s":%s,`, key[0], key[1:], value), 1)
				refused(t, key+" is given twice", []byte(twice), CodeBadFrame, at)
				for _, bad := range s.outOfBounds(p) {
					refused(t, fmt.Sprintf("%s is %.30v", key, bad.value), frame(with(d, key, bad.value)), bad.code, at)
				}
			}
		})
	}
}

type outlier struct {
	value any
	code  Code
}

func (s *spec) outOfBounds(n *shape) (bad []outlier) {
	n = s.resolve(n)
	switch {
	case n.Format == "id":
		for _, id := range []string{"", "0", "-1", "01", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "９", "9223372036854775808", "99999999999999999999", "one"} {
			bad = append(bad, outlier{id, CodeBadFrame})
		}
	case n.Enum != nil:
		bad = append(bad, outlier{"", CodeBadFrame}, outlier{n.Enum[0] + "x", CodeBadFrame}, outlier{strings.ToUpper(n.Enum[0]), CodeBadFrame})
	case n.Type == "string":
		bad = append(bad, outlier{strings.Repeat("x", n.MaxLength+1), CodeTooLong})
		if n.MaxBytes > 0 {
			bad = append(bad, outlier{strings.Repeat("é", n.MaxBytes/2+1), CodeTooLong})
		}
		if n.MinLength > 0 {
			bad = append(bad, outlier{"", CodeBadFrame})
		}
		bad = append(bad, outlier{"a\x00b", CodeBadFrame})
	case n.Type == "integer":
		low, high := int64(-maxSafe), int64(maxSafe)
		if n.Minimum != nil {
			low = *n.Minimum
		}
		if n.Maximum != nil {
			high = *n.Maximum
		}
		bad = append(bad, outlier{low - 1, CodeBadFrame}, outlier{high + 1, CodeBadFrame}, outlier{1e300, CodeBadFrame})
	}
	return bad
}

func TestTextsAreMeasuredInRunesAndBytes(t *testing.T) {
	chat := func(text string) []byte {
		return encode(t, object{"t": "call.chat", "d": object{"call": "1", "text": text}})
	}
	for _, rune := range []string{"x", "é", "🙂", "\n"} {
		if _, _, err := DecodeClient(chat(strings.Repeat(rune, 500))); err != nil {
			t.Errorf("500 of %q: %v", rune, err)
		}
		refused(t, "501 runes", chat(strings.Repeat(rune, 501)), CodeTooLong, "d.text")
	}
	escaped := []byte(`{"t":"call.chat","d":{"call":"1","text":"` + strings.Repeat(`\ud83d\ude42`, 500) + `"}}`)
	ev, _, err := DecodeClient(escaped)
	if err != nil {
		t.Fatal(err)
	}
	if text := ev.(ClientCallChat).Text; text != strings.Repeat("🙂", 500) {
		t.Errorf("surrogate pairs are read as %.20q", text)
	}
}

func TestMalformedFrames(t *testing.T) {
	const end = `{"t":"call.end","d":{"call":"1"}}`
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, c := range []struct {
		frame string
		code  Code
		field string
	}{
		{``, CodeBadFrame, ""},
		{` `, CodeBadFrame, ""},
		{`null`, CodeBadFrame, ""},
		{`[]`, CodeBadFrame, ""},
		{`"x"`, CodeBadFrame, ""},
		{`{`, CodeBadFrame, ""},
		{`{}`, CodeBadFrame, "t"},
		{`{"t"}`, CodeBadFrame, ""},
		{`{t:"call.end"}`, CodeBadFrame, ""},
		{`{'t':'call.end'}`, CodeBadFrame, ""},
		{end + end, CodeBadFrame, ""},
		{end + "\x00", CodeBadFrame, ""},
		{end + "]", CodeBadFrame, ""},
		{"\xef\xbb\xbf" + end, CodeBadFrame, ""},
		{strings.Replace(end, "}}", ",}}", 1), CodeBadFrame, ""},
		{strings.Replace(end, "}}", "},}", 1), CodeBadFrame, ""},
		{strings.Replace(end, `"1"`, "\"1\xff\"", 1), CodeBadFrame, ""},
		{strings.Replace(end, `"1"`, `"\x"`, 1), CodeBadFrame, ""},
		{strings.Replace(end, `"1"`, "\"1\n\"", 1), CodeBadFrame, ""},
		{strings.Replace(end, `"1"`, `"1`, 1), CodeBadFrame, ""},
		{strings.Replace(end, `"1"`, `tru`, 1), CodeBadFrame, ""},
		{strings.Replace(end, `"1"`, `01`, 1), CodeBadFrame, ""},
		{`{"t":"call.end","d":{"call":"1"},"d":{"call":"1"}}`, CodeBadFrame, "d"},
		{`{"t":"call.end","t":"call.end","d":{"call":"1"}}`, CodeBadFrame, "t"},
		{`{"t":"call.end","d":{"call":"1"},"from":"2"}`, CodeBadFrame, "from"},
		{`{"t":"call.end","d":{"call":"1"},"seq":2}`, CodeBadFrame, "seq"},
		{`{"t":null,"d":{}}`, CodeBadFrame, "t"},
		{`{"t":["call.end"],"d":{}}`, CodeBadFrame, "t"},
		{`{"t":"call.end","ref":-1,"d":{}}`, CodeBadFrame, "ref"},
		{`{"t":"call.end","ref":4294967296,"d":{}}`, CodeBadFrame, "ref"},
		{`{"t":"call.end","ref":"1","d":{}}`, CodeBadFrame, "ref"},
		{`{"t":"call.end","ref":null,"d":{}}`, CodeBadFrame, "ref"},
		{`{"t":"call.end","ref":1.0,"d":{}}`, CodeBadFrame, "ref"},
		{`{"t":"call.ends","d":{}}`, CodeUnknownEvent, "t"},
		{`{"t":"","d":{}}`, CodeUnknownEvent, "t"},
		{`{"t":"constructor","d":{}}`, CodeUnknownEvent, "t"},
		{`{"t":"welcome","d":{"you":"1"}}`, CodeUnknownEvent, "t"},
		{`{"t":"call.chat","d":{"call":"1","text":"\ud800"}}`, CodeBadFrame, "d.text"},
		{`{"t":"call.chat","d":{"call":"1","text":"\udc00\ud800"}}`, CodeBadFrame, "d.text"},
		{`{"t":"call.chat","d":{"call":"1","text":"\u0000"}}`, CodeBadFrame, "d.text"},
		{`{"t":"call.end","d":{"call":` + deep + `}}`, CodeBadFrame, ""},
		{`{"t":"call.end","d":{"call":"` + strings.Repeat("1", MaxFrame) + `"}}`, CodeTooBig, ""},
	} {
		_, _, err := DecodeClient([]byte(c.frame))
		var fault *FrameError
		if !errors.As(err, &fault) {
			t.Errorf("%.80q is accepted", c.frame)
			continue
		}
		// Where in a broken text the fault is noticed is no promise; where a
		// whole one names a field, it is.
		if fault.Code != c.code || c.field != "" && fault.Field != c.field {
			t.Errorf("%.80q: %s at %q, want %s at %q", c.frame, fault.Code, fault.Field, c.code, c.field)
		}
	}
}

func TestRefOfFaultyFrameIsKeptWhereverItStands(t *testing.T) {
	for _, frame := range []string{
		`{"t":"call.end","ref":5,"d":{"call":7}}`,
		`{"d":{"call":7},"t":"call.end","ref":5}`,
		`{"ref":5,"t":"no.such","d":{}}`,
	} {
		_, _, err := DecodeClient([]byte(frame))
		var fault *FrameError
		if !errors.As(err, &fault) || fault.Ref != 5 || fault.Refusal().Ref != 5 {
			t.Errorf("%s: %+v", frame, err)
		}
	}
}

func TestLongUnknownNamesAreCut(t *testing.T) {
	frame := `{"t":"call.end","d":{"` + strings.Repeat("é", 1000) + `":1}}`
	_, _, err := DecodeClient([]byte(frame))
	var fault *FrameError
	if !errors.As(err, &fault) || len(fault.Field) > 42 {
		t.Errorf("%v", err)
	}
}

// TestEveryServerEventChecksTypesAndIgnoresMore: what a client must, and must not, mind.
func TestEveryServerEventChecksTypesAndIgnoresMore(t *testing.T) {
	s := readSpec(t)
	for name, n := range s.Server {
		t.Run(name, func(t *testing.T) {
			d := s.sample(n, true).(object)
			frame := func(d any) []byte {
				return encode(t, object{"t": name, "lobby": "main", "epoch": "e", "seq": 3, "later": []any{1}, "d": d})
			}
			later := with(d, "later", object{"deep": []any{nil, 1.5, "x", true}})
			if _, _, err := DecodeServer(frame(later)); err != nil {
				t.Errorf("an unknown field is minded: %v", err)
			}
			bad := func(what string, d any, at string) {
				env, ev, err := DecodeServer(frame(d))
				var fault *FrameError
				if ev != nil || !errors.As(err, &fault) || !strings.HasPrefix(fault.Field, at) {
					t.Errorf("%s gives %v, %v; want a fault at %s", what, ev, err, at)
				}
				if at != "d" && env.Seq != 3 {
					t.Errorf("%s: the envelope is lost", what)
				}
			}
			bad("null", nil, "d")
			bad("list", []any{}, "d")
			for key, p := range n.Properties {
				for what, wrong := range s.wrongs(p) {
					word := s.resolve(p)
					if what == "a string" && word.Enum != nil {
						continue // the server may learn new words
					}
					if word.Type == "object" && what == "an object" {
						continue // a raw card is parsed apart
					}
					bad(key+" is "+what, with(d, key, wrong), "d."+key)
				}
				if slices.Contains(n.Required, key) {
					bad(key+" is missing", without(d, key), "d."+key)
				}
			}
		})
	}
}

func TestUnknownServerEventKeepsItsSeq(t *testing.T) {
	env, ev, err := DecodeServer([]byte(`{"t":"from.the.future","lobby":"main","epoch":"e","seq":8,"d":{}}`))
	var fault *FrameError
	if ev != nil || !errors.As(err, &fault) || fault.Code != CodeUnknownEvent || env != (Envelope{"main", "e", 8}) {
		t.Errorf("%v %v %v", env, ev, err)
	}
}
