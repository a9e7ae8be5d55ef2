package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// readJSON reads a request's body into the struct v points to, strictly; see decode.
func readJSON(c echo.Context, v any) error {
	r := c.Request()
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return refuse("bad_content_type", "")
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuse("body_too_large", "")
	} else if err != nil {
		return refuse("body_unreadable", "")
	}
	if f := decode(data, v); f != nil {
		return f
	}
	return nil
}

// decode reads one JSON object into the struct v points to. encoding/json is
// too forgiving for input from strangers: here an unknown, repeated, null,
// wrong-typed or (tagged need:"yes") missing field is refused and named by its
// path, names match exactly, numbers are whole, and text is what was sent (an
// escape for half a character is not replaced by another). Structs, slices,
// string-keyed maps, pointers, strings, bools and signed integers are known.
func decode(data []byte, v any) *fault {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) || !utf8.Valid(data) || !json.Valid(data) {
		return refuse("bad_json", "")
	}
	d := &tokens{json.NewDecoder(bytes.NewReader(data)), data}
	d.UseNumber()
	return decodeValue(d, reflect.ValueOf(v).Elem(), "")
}

// tokens reads JSON that is known to be valid.
type tokens struct {
	*json.Decoder
	data []byte // what it reads
}

// next is Token, and whether it was written whole: text with the escape of a
// lone surrogate, which stands for no character, is not.
func (d *tokens) next() (tok json.Token, whole bool, err error) {
	from := d.InputOffset()
	tok, err = d.Token()
	_, text := tok.(string)
	return tok, !text || !loneSurrogate(d.data[from:d.InputOffset()]), err
}

func loneSurrogate(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return false
		}
		r, size := escaped(raw[i:])
		if raw = raw[i+size:]; !utf16.IsSurrogate(r) {
			continue
		}
		low, size := escaped(raw)
		if utf16.DecodeRune(r, low) == unicode.ReplacementChar {
			return true
		}
		raw = raw[size:]
	}
}

// escaped reads the escape that raw begins with; r is -1 unless it is of the
// form \u0000.
func escaped(raw []byte) (r rune, size int) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1, min(len(raw), 2)
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return -1, 2
	}
	return rune(n), 6
}

func decodeValue(d *tokens, v reflect.Value, path string) *fault {
	tok, whole, err := d.next()
	if err != nil {
		return refuse("bad_json", path)
	}
	if !whole {
		return halfCharacter(path)
	}
	for v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	wrong := func(want string) *fault {
		return &fault{Code: "wrong_type", Field: path, Detail: "The field must be " + want + "."}
	}
	switch v.Kind() {
	case reflect.Struct:
		if tok != json.Delim('{') {
			return wrong("an object")
		}
		return decodeStruct(d, v, path)
	case reflect.Map:
		if tok != json.Delim('{') {
			return wrong("an object")
		}
		return decodeMap(d, v, path)
	case reflect.Slice:
		if tok != json.Delim('[') {
			return wrong("a list")
		}
		return decodeSlice(d, v, path)
	case reflect.String:
		s, ok := tok.(string)
		if !ok {
			return wrong("text")
		}
		v.SetString(s)
	case reflect.Bool:
		b, ok := tok.(bool)
		if !ok {
			return wrong("true or false")
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		number, ok := tok.(json.Number)
		n, err := strconv.ParseInt(string(number), 10, v.Type().Bits())
		if !ok || err != nil {
			return wrong("a whole number")
		}
		v.SetInt(n)
	default:
		panic(fmt.Sprintf("api: no decoder for %v", v.Type()))
	}
	return nil
}

func decodeStruct(d *tokens, v reflect.Value, path string) *fault {
	fields := map[string]int{}
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("json")] = i
	}
	seen, f := eachKey(d, path, func(key, path string) *fault {
		i, ok := fields[key]
		if !ok {
			return refuse("unknown_field", path)
		}
		return decodeValue(d, v.Field(i), path)
	})
	if f != nil {
		return f
	}
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if tag.Get("need") == "yes" && !seen[tag.Get("json")] {
			return refuse("missing_field", join(path, tag.Get("json")))
		}
	}
	return nil
}

func decodeMap(d *tokens, v reflect.Value, path string) *fault {
	v.Set(reflect.MakeMap(v.Type()))
	_, f := eachKey(d, path, func(key, path string) *fault {
		item := reflect.New(v.Type().Elem()).Elem()
		f := decodeValue(d, item, path)
		v.SetMapIndex(reflect.ValueOf(key), item)
		return f
	})
	return f
}

func decodeSlice(d *tokens, v reflect.Value, path string) *fault {
	list := reflect.MakeSlice(v.Type(), 0, 4)
	for i := 0; d.More(); i++ {
		item := reflect.New(v.Type().Elem()).Elem()
		if f := decodeValue(d, item, path+"["+strconv.Itoa(i)+"]"); f != nil {
			return f
		}
		list = reflect.Append(list, item)
	}
	v.Set(list)
	_, _ = d.Token() // the closing bracket; the text is known to be valid
	return nil
}

// eachKey visits an object whose opening brace was read, and reads its closing one.
func eachKey(d *tokens, path string, visit func(key, path string) *fault) (map[string]bool, *fault) {
	seen := map[string]bool{}
	for d.More() {
		tok, whole, err := d.next()
		key, ok := tok.(string)
		if err != nil || !ok {
			return nil, refuse("bad_json", path)
		}
		at := join(path, key)
		if !whole {
			return nil, halfCharacter(at)
		}
		if seen[key] {
			return nil, refuse("duplicate_field", at)
		}
		seen[key] = true
		if f := visit(key, at); f != nil {
			return nil, f
		}
	}
	_, _ = d.Token()
	return seen, nil
}

func halfCharacter(path string) *fault {
	return badValue(path, "Half of a surrogate pair is no character.")
}

// join extends a path by a client's key, of which only so much is repeated.
func join(path, key string) string {
	const most = 64
	if len(key) > most {
		key = string([]rune(key)[:min(most, utf8.RuneCountInString(key))]) + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
