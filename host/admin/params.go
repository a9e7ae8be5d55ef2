package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	maxParams = 16 << 10 // bytes of JSON
	mostKnobs = 64
	longName  = 48 // as the ABI allows
)

// readParams reads {"knob": 8, …}: whole numbers of 64 bits, each knob once. It
// reads tokens because encoding/json takes a repeated key and rounds a large
// number without a word. Whether a knob exists is the registry's to say.
func readParams(body []byte) (map[string]int64, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	bad := func(format string, args ...any) error { return refuse("bad_param", fmt.Sprintf(format, args...)) }
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, bad("The body must be one JSON object of whole numbers.")
	}
	params := map[string]int64{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, bad("The body is not JSON.")
		}
		name, _ := key.(string) // a key that is none is no JSON, and no Token
		if name == "" || len(name) > longName {
			return nil, bad("A parameter's name has 1 to %d characters.", longName)
		}
		if _, twice := params[name]; twice {
			return nil, bad("%q is there twice.", name)
		}
		if len(params) == mostKnobs {
			return nil, bad("At most %d parameters at once.", mostKnobs)
		}
		value, err := dec.Token()
		if err != nil {
			return nil, bad("The body is not JSON.")
		}
		text, _ := value.(json.Number)
		if params[name], err = strconv.ParseInt(text.String(), 10, 64); err != nil {
			return nil, bad("%q must be a whole number.", name)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, bad("The body is not JSON.")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("The body must be one JSON object and nothing after it.")
	}
	if len(params) == 0 {
		return nil, bad("Name at least one parameter.")
	}
	return params, nil
}
