package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// ParseManifest reads and checks what a plugin says of itself. Members it does
// not know are ignored. Errors wrap ErrRefused.
func ParseManifest(text []byte) (abi.Manifest, error) {
	var m abi.Manifest
	if len(text) > abi.MaxManifest {
		return m, refuse("its manifest has %d bytes, more than %d", len(text), abi.MaxManifest)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, refuse("its manifest is not readable: %v", err)
	}
	return m, CheckManifest(m)
}

// CheckManifest says whether the host can serve such a plugin. Errors wrap ErrRefused.
func CheckManifest(m abi.Manifest) error {
	if !validTitle(m.Name, 48, "abcdefghijklmnopqrstuvwxyz0123456789-") {
		return refuse("its name %.60q is not made of lower-case letters, digits and hyphens, at most 48", m.Name)
	}
	if !validTitle(m.Version, 32, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+._") {
		return refuse("its version %.60q is not made of letters, digits and -+._, at most 32", m.Version)
	}
	if len(m.Hooks) == 0 {
		return refuse("it serves no hook")
	}
	for i, h := range m.Hooks {
		if h != abi.HookMatch && h != abi.HookCooldown && h != abi.HookTrim && h != abi.HookSignalling {
			return refuse("it serves the hook %.60q, which this host does not know", h)
		}
		if slices.Contains(m.Hooks[:i], h) {
			return refuse("it names the hook %s twice", h)
		}
	}
	if slices.Contains(m.Hooks, abi.HookMatch) {
		if err := checkLayout("row", m.Rows, abi.RowFields()); err != nil {
			return err
		}
	}
	if slices.Contains(m.Hooks, abi.HookCooldown) {
		if err := checkLayout("case", m.Case, abi.CaseFields()); err != nil {
			return err
		}
	}
	return checkParams(m.Params)
}

func checkLayout(what string, l *abi.Layout, defs []abi.FieldDef) error {
	if l == nil || len(l.Fields) == 0 {
		return refuse("its manifest has no %s fields", what)
	}
	if l.Size == 0 || l.Size > abi.MaxRowSize {
		return refuse("its %s has %d bytes; 1 to %d are allowed", what, l.Size, abi.MaxRowSize)
	}
	if len(l.Fields) > abi.MaxFields {
		return refuse("its %s has more than %d fields", what, abi.MaxFields)
	}
	places := make([]place, len(l.Fields))
	for i, f := range l.Fields {
		if err := abi.CheckField(defs, f.Name, f.Type); err != nil {
			return refuse("in its %s, %v", what, err)
		}
		places[i] = place{f.Name, f.Offset, f.Type}
	}
	return checkPlaces(what, l.Size, places)
}

func checkParams(b *abi.ParamBlock) error {
	if b == nil {
		return nil
	}
	if b.Size > abi.MaxParams || len(b.Fields) > abi.MaxFields {
		return refuse("its params are more than %d bytes or %d fields", abi.MaxParams, abi.MaxFields)
	}
	places := make([]place, len(b.Fields))
	for i, p := range b.Fields {
		if !abi.ValidName(p.Name) {
			return refuse("its param %.60q has no valid name", p.Name)
		}
		least, greatest := p.Type.Range()
		if p.Min < least || p.Max > greatest || p.Default < p.Min || p.Default > p.Max {
			return refuse("of its param %q default, min and max do not fit each other or the type %q", p.Name, p.Type)
		}
		places[i] = place{p.Name, p.Offset, p.Type}
	}
	return checkPlaces("params", b.Size, places)
}

type place struct {
	name   string
	offset uint32
	typ    abi.Type
}

// checkPlaces: every field lies inside, on its own alignment, over no other.
func checkPlaces(what string, size uint32, places []place) error {
	slices.SortFunc(places, func(a, b place) int { return int(int64(a.offset) - int64(b.offset)) })
	seen := map[string]bool{}
	end := uint32(0)
	for _, p := range places {
		width := p.typ.Size()
		switch {
		case width == 0:
			return refuse("in its %s, field %q has the unknown type %.20q", what, p.name, string(p.typ))
		case seen[p.name]:
			return refuse("in its %s, field %q stands twice", what, p.name)
		case p.offset%width != 0:
			return refuse("in its %s, field %q is not aligned", what, p.name)
		case p.offset < end || p.offset > size || width > size-p.offset:
			return refuse("in its %s, field %q lies outside or over another", what, p.name)
		}
		seen[p.name], end = true, p.offset+width
	}
	return nil
}

func validTitle(s string, most int, of string) bool {
	return s != "" && len(s) <= most && strings.Trim(s, of) == ""
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}
