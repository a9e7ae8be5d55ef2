package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// dictionary is schemas/wire/v1/dictionary.json: what packed texts refer to.
type dictionary struct {
	Version int    `json:"version"`
	About   string `json:"about"`
	Parts   []struct {
		About string   `json:"about"`
		End   string   `json:"end"` // of each line
		Lines []string `json:"lines"`
	} `json:"parts"`
}

// dictionaryMost keeps every distance within deflate's window and within 16 bits.
const dictionaryMost = 16 << 10

// parseDictionary returns the dictionary's one text.
func parseDictionary(text []byte) (string, error) {
	var d dictionary
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return "", err
	}
	if d.Version != 1 {
		return "", fmt.Errorf("version %d: another dictionary needs a marker of its own", d.Version)
	}
	var b strings.Builder
	for _, part := range d.Parts {
		for _, line := range part.Lines {
			b.WriteString(line)
			b.WriteString(part.End)
		}
	}
	if b.Len() == 0 || b.Len() > dictionaryMost {
		return "", errors.New("empty, or over 16 KB")
	}
	return b.String(), nil
}
