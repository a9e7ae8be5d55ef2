package store

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Lists are a profile's lists as the JSON text columns every backend keeps.
// Equal lists have equal text; an empty list and none are the same.
type Lists struct {
	Tags    string // ["climbing","jazz"]
	Langs   string // ["de","en"]
	Socials string // [{"kind":"instagram","handle":"@ada"}]
	Attrs   string // {"height_cm":171}
}

// EncodeLists writes the lists of p.
func EncodeLists(p Profile) (Lists, error) {
	var l Lists
	for _, c := range []struct {
		to   *string
		from any
		zero bool
		none string
	}{
		{&l.Tags, p.Tags, len(p.Tags) == 0, "[]"},
		{&l.Langs, p.Langs, len(p.Langs) == 0, "[]"},
		{&l.Socials, p.Socials, len(p.Socials) == 0, "[]"},
		{&l.Attrs, p.Attrs, len(p.Attrs) == 0, "{}"},
	} {
		if c.zero {
			*c.to = c.none
			continue
		}
		b, err := json.Marshal(c.from)
		if err != nil {
			return Lists{}, fmt.Errorf("store: encode lists: %w", err)
		}
		*c.to = string(b)
	}
	return l, nil
}

// Decode reads the lists into p; empty ones become nil.
func (l Lists) Decode(p *Profile) error {
	p.Tags, p.Langs, p.Socials, p.Attrs = nil, nil, nil, nil
	for _, c := range []struct {
		from, none string
		to         any
	}{
		{l.Tags, "[]", &p.Tags},
		{l.Langs, "[]", &p.Langs},
		{l.Socials, "[]", &p.Socials},
		{l.Attrs, "{}", &p.Attrs},
	} {
		if c.from == c.none {
			continue
		}
		if err := json.Unmarshal([]byte(c.from), c.to); err != nil {
			return fmt.Errorf("store: decode lists: %w", err)
		}
	}
	return nil
}

// Note turns what somebody wrote into text that every database takes: valid
// UTF-8 without NUL.
func Note(body []byte) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(body), "\uFFFD"), "\x00", "")
}
