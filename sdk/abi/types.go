package abi

import (
	"errors"
	"math"
	"strconv"
)

// Type is the type of a field in memory: little-endian integers, nothing else,
// because floats drift between native code and wasm.
type Type string

// The types of version 1.
const (
	U8  Type = "u8"
	I8  Type = "i8"
	U16 Type = "u16"
	I16 Type = "i16"
	U32 Type = "u32"
	I32 Type = "i32"
	U64 Type = "u64"
	I64 Type = "i64"
)

// Size is how many bytes the type takes, and its alignment; 0 if there is no such type.
func (t Type) Size() uint32 {
	switch t {
	case U8, I8:
		return 1
	case U16, I16:
		return 2
	case U32, I32:
		return 4
	case U64, I64:
		return 8
	}
	return 0
}

// Range is the least and the greatest value of the type that fits an int64: a
// u64 goes further, which only bit sets use.
func (t Type) Range() (least, greatest int64) {
	if t.Size() == 0 {
		return 0, 0
	}
	bits := t.Size() * 8
	switch {
	case t == U64:
		return 0, math.MaxInt64
	case t[0] == 'u':
		return 0, 1<<bits - 1
	}
	return -1 << (bits - 1), 1<<(bits-1) - 1
}

// Holds reports whether every value of narrow fits t.
func (t Type) Holds(narrow Type) bool {
	if t == narrow || narrow == U64 || t.Size() == 0 {
		return t == narrow && t.Size() != 0
	}
	least, greatest := t.Range()
	nl, ng := narrow.Range()
	return least <= nl && ng <= greatest
}

// FieldDef is a field the host can fill.
type FieldDef struct {
	Name string
	// Type is the host's own. A plugin may declare the field with it or with a
	// type that holds it.
	Type Type
	// Saturates: the plugin may declare any type; a value beyond it becomes the
	// type's least or greatest.
	Saturates bool
	Meaning   string
}

// AttrPrefix begins the names of a product's own fields: attr.height_cm.
const AttrPrefix = "attr."

// RowFields are the fields of a person that a match plugin may ask for.
func RowFields() []FieldDef {
	return []FieldDef{
		{"gender", U8, false, "index into the product's genders, from 0"},
		{"seeking", U8, false, "bit set over the genders: whom they wish to meet"},
		{"age", U8, false, "years"},
		{"age_min", U8, false, "the youngest they wish to meet, inclusive"},
		{"age_max", U8, false, "the oldest they wish to meet, inclusive"},
		{"tags", U64, false, "bit set over the product's tags"},
		{"langs", U64, false, "bit set over the product's languages"},
		{"since_ms", I64, false, "when they began to wait, Unix milliseconds"},
		{AttrPrefix + "<name>", I64, true, "an attribute of the product's own; 0 where a person has none"},
	}
}

// CaseFields are the fields of a meeting's end that a cooldown plugin may ask for.
func CaseFields() []FieldDef {
	return []FieldDef{
		{"what", U8, false, "1 a call, 2 an invite declined, 3 an invite rescinded"},
		{"how", U8, false, "how a call ended: 1 hangup, 2 clock, 3 lost, 4 left, 5 blocked; 0 otherwise"},
		{"asked", I64, true, "seconds the call was agreed or asked for"},
		{"talked", I64, true, "seconds it lasted"},
		{"met", I64, true, "how often the two have met in a call, this one included"},
		{"reported", U8, false, "1 if one reported the other in it"},
		{"ended_by", U8, false, "0 nobody, 1 the caller, 2 the callee"},
	}
}

// What happened, and how a call ended: the values of the fields what and how.
const (
	WhatCall      = 1
	WhatDeclined  = 2
	WhatRescinded = 3

	HowHangup  = 1
	HowClock   = 2
	HowLost    = 3
	HowLeft    = 4
	HowBlocked = 5
)

// CheckField says whether a plugin may declare a field so, given RowFields or CaseFields.
func CheckField(defs []FieldDef, name string, t Type) error {
	if t.Size() == 0 {
		return errors.New("field " + strconv.Quote(name) + " has the unknown type " + strconv.Quote(string(t)))
	}
	for _, d := range defs {
		own := len(name) > len(AttrPrefix) && name[:len(AttrPrefix)] == AttrPrefix && ValidName(name[len(AttrPrefix):])
		if d.Name != name && !(own && d.Name == AttrPrefix+"<name>") {
			continue
		}
		if !d.Saturates && !t.Holds(d.Type) {
			return errors.New("field " + strconv.Quote(name) + " is declared " + string(t) + ", which does not hold a " + string(d.Type))
		}
		return nil
	}
	return errors.New("field " + strconv.Quote(name) + " is not one the host knows")
}

// ValidName reports whether s can name a param or an attribute: a lower-case
// letter, then letters, digits and underscores, at most 48.
func ValidName(s string) bool {
	if s == "" || len(s) > 48 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
