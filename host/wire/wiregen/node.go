package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// node is the subset of JSON Schema that wire v1 is written in. A keyword that
// is not here is an error, so that nothing in the schema is silently ignored.
type node struct {
	Ref         string   `json:"$ref"`
	Type        string   `json:"type"` // string, integer, boolean, array, object
	Description string   `json:"description"`
	Format      string   `json:"format"`  // "id": a decimal id, int64 in Go
	Pattern     string   `json:"pattern"` // for readers; only with format id
	Enum        []string `json:"enum"`
	MinLength   int      `json:"minLength"`
	MaxLength   int      `json:"maxLength"`   // in runes
	MaxBytes    int      `json:"x-max-bytes"` // ours: the same in bytes
	ZeroSays    bool     `json:"x-zero-says"` // ours: an optional field whose zero means something is written even then
	Minimum     *int64   `json:"minimum"`
	Maximum     *int64   `json:"maximum"`
	Items       *node    `json:"items"`
	MaxItems    int      `json:"maxItems"`
	Properties  *members `json:"properties"`
	Required    []string `json:"required"`
	Additional  *bool    `json:"additionalProperties"` // false, always
	Reliable    *bool    `json:"reliable"`             // ours, on server events
}

// document is the schema file. client and server list the events of each
// direction, which JSON Schema has no word for.
type document struct {
	Schema      string `json:"$schema"`
	ID          string `json:"$id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Limits      struct {
		FrameBytes int `json:"frame_bytes"`
	} `json:"x-limits"`
	Defs   members `json:"$defs"`
	Client members `json:"client"`
	Server members `json:"server"`
}

// members is a JSON object of nodes in the order they were written, because
// that is the order fields are sent in.
type members []member

type member struct {
	name string
	node *node
}

func (m *members) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("want an object, have %v", t)
	}
	*m = members{}
	names := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name := t.(string)
		if names[name] {
			return fmt.Errorf("%q twice", name)
		}
		names[name] = true
		n := new(node)
		if err := d.Decode(n); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		*m = append(*m, member{name, n})
	}
	return nil
}
