package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

type kind int

const (
	kindString kind = iota
	kindID
	kindInt
	kindBool
	kindArray
	kindObject
	kindRaw // an object passed on as bytes
)

// typ is a resolved type. object names it in Go and TypeScript (objects, raws).
type typ struct {
	kind     kind
	object   string
	enum     []string
	min, max int64 // integers
	minLen   int
	maxLen   int // runes; 0: no limit
	maxBytes int
	item     *typ
	maxItems int
}

type field struct {
	name     string
	doc      string
	required bool
	zeroSays bool // optional, but written when zero too
	typ      *typ
}

type object struct {
	name   string // as exported
	doc    string
	fields []field
}

type event struct {
	object
	t        string
	reliable bool
}

type schema struct {
	frameBytes     int
	objects        []object // in order of first need
	client, server []event
}

// rawDef is the definition that server events carry as encoded bytes: cards are
// encoded once, when a profile is published, and spliced into every frame.
const rawDef = "card"

// safe is JavaScript's largest exact integer, the bound of an integer without one.
const safe = 1<<53 - 1

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z]+)?$`)

// parseSchema reads the file, resolves references and refuses what the
// generators cannot express.
func parseSchema(text []byte) (*schema, error) {
	var doc document
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	r := &resolver{defs: doc.Defs, out: &schema{frameBytes: doc.Limits.FrameBytes}}
	if r.out.frameBytes <= 0 {
		return nil, errors.New("x-limits: frame_bytes is missing")
	}
	for _, m := range doc.Defs {
		if m.node.Type == "object" {
			if err := r.define(m.name); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if r.out.client, err = r.events("Client", doc.Client); err != nil {
		return nil, err
	}
	if r.out.server, err = r.events("Server", doc.Server); err != nil {
		return nil, err
	}
	return r.out, nil
}

type resolver struct {
	defs members
	out  *schema
}

func (r *resolver) events(side string, ms members) ([]event, error) {
	var evs []event
	for _, m := range ms {
		if (m.node.Reliable != nil) != (side == "Server") {
			return nil, fmt.Errorf("%s event %s: reliable belongs to server events, on all of them", side, m.name)
		}
		o, err := r.object(side+exported(m.name), m.name, m.node, side == "Client")
		if err != nil {
			return nil, fmt.Errorf("%s event %s: %w", side, m.name, err)
		}
		evs = append(evs, event{o, m.name, m.node.Reliable != nil && *m.node.Reliable})
	}
	return evs, nil
}

// define resolves the object $defs/name once.
func (r *resolver) define(name string) error {
	for _, o := range r.out.objects {
		if o.name == exported(name) {
			return nil
		}
	}
	n := r.def(name)
	if n.Additional == nil || *n.Additional {
		return fmt.Errorf("%s: additionalProperties must be false", name)
	}
	o, err := r.object(exported(name), name, n, false)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.out.objects = append(r.out.objects, o)
	return nil
}

func (r *resolver) def(name string) *node {
	for _, m := range r.defs {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

// object resolves n's fields. strict: a client sends it, so everything in it needs a limit.
func (r *resolver) object(goName, name string, n *node, strict bool) (object, error) {
	o := object{name: goName, doc: n.Description}
	if !nameRule.MatchString(name) {
		return o, fmt.Errorf("bad name %q", name)
	}
	if n.Properties == nil || n.Required == nil {
		return o, errors.New("properties and required must be given")
	}
	if len(*n.Properties) > 32 {
		return o, errors.New("more than 32 properties")
	}
	for _, m := range *n.Properties {
		t, err := r.typ(goName+exported(m.name), m.node, strict)
		if err != nil {
			return o, fmt.Errorf("%s: %w", m.name, err)
		}
		if !nameRule.MatchString(m.name) || strings.Contains(m.name, ".") {
			return o, fmt.Errorf("bad name %q", m.name)
		}
		o.fields = append(o.fields, field{m.name, m.node.Description, slices.Contains(n.Required, m.name), m.node.ZeroSays, t})
	}
	for _, name := range n.Required {
		if !slices.ContainsFunc(o.fields, func(f field) bool { return f.name == name }) {
			return o, fmt.Errorf("required %s is no property", name)
		}
	}
	return o, nil
}

func (r *resolver) typ(goName string, n *node, strict bool) (*typ, error) {
	if n.Ref != "" {
		name, ok := strings.CutPrefix(n.Ref, "#/$defs/")
		def := r.def(name)
		if !ok || def == nil {
			return nil, fmt.Errorf("no such $ref %q", n.Ref)
		}
		if def.Type != "object" {
			return r.typ(goName, def, strict)
		}
		if name == rawDef {
			return &typ{kind: kindRaw, object: exported(name)}, nil
		}
		return &typ{kind: kindObject, object: exported(name)}, r.define(name)
	}
	switch n.Type {
	case "string":
		if n.Format == "id" {
			return &typ{kind: kindID}, nil
		}
		if n.Format != "" || n.Pattern != "" {
			return nil, errors.New("format and pattern are for ids only")
		}
		if strict && n.Enum == nil && n.MaxLength == 0 {
			return nil, errors.New("a client's string needs maxLength or enum")
		}
		return &typ{kind: kindString, enum: n.Enum, minLen: n.MinLength, maxLen: n.MaxLength, maxBytes: n.MaxBytes}, nil
	case "integer":
		t := &typ{kind: kindInt, min: -safe, max: safe}
		if n.Minimum != nil {
			t.min = *n.Minimum
		}
		if n.Maximum != nil {
			t.max = *n.Maximum
		}
		return t, nil
	case "boolean":
		return &typ{kind: kindBool}, nil
	case "array":
		if n.Items == nil || strict {
			return nil, errors.New("an array needs items, and only the server sends arrays")
		}
		item, err := r.typ(goName, n.Items, strict)
		return &typ{kind: kindArray, item: item, maxItems: n.MaxItems}, err
	case "object":
		if strict {
			return nil, errors.New("a client's events are flat")
		}
		o, err := r.object(goName, "inline", n, strict)
		r.out.objects = append(r.out.objects, o)
		return &typ{kind: kindObject, object: goName}, err
	}
	return nil, fmt.Errorf("type %q", n.Type)
}

var initialisms = map[string]string{"id": "ID", "ms": "MS", "ice": "ICE", "urls": "URLs"}

// exported turns "call.started" or "retry_ms" into CallStarted, RetryMS.
func exported(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '_' }) {
		if up, ok := initialisms[word]; ok {
			b.WriteString(up)
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
