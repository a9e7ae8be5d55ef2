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
// path, names match exactly, and numbers are whole. Structs, slices,
// string-keyed maps, pointers, strings, bools and signed integers are known.
func decode(data []byte, v any) *fault {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) || !utf8.Valid(data) || !json.Valid(data) {
		return refuse("bad_json", "")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return decodeValue(d, reflect.ValueOf(v).Elem(), "")
}

func decodeValue(d *json.Decoder, v reflect.Value, path string) *fault {
	tok, err := d.Token()
	if err != nil {
		return refuse("bad_json", path)
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

func decodeStruct(d *json.Decoder, v reflect.Value, path string) *fault {
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

func decodeMap(d *json.Decoder, v reflect.Value, path string) *fault {
	v.Set(reflect.MakeMap(v.Type()))
	_, f := eachKey(d, path, func(key, path string) *fault {
		item := reflect.New(v.Type().Elem()).Elem()
		f := decodeValue(d, item, path)
		v.SetMapIndex(reflect.ValueOf(key), item)
		return f
	})
	return f
}

func decodeSlice(d *json.Decoder, v reflect.Value, path string) *fault {
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
func eachKey(d *json.Decoder, path string, visit func(key, path string) *fault) (map[string]bool, *fault) {
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		key, ok := tok.(string)
		if err != nil || !ok {
			return nil, refuse("bad_json", path)
		}
		at := join(path, key)
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
