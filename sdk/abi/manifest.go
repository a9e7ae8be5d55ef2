package abi

import "strconv"

// Manifest is what sky_manifest answers, as JSON. A host ignores members it
// does not know, so that a later plugin still loads.
type Manifest struct {
	Name    string      `json:"name"`    // lower-case letters, digits and hyphens: match-mutual
	Version string      `json:"version"` // the author's, for people
	Hooks   []string    `json:"hooks"`
	Rows    *Layout     `json:"rows,omitempty"` // with the hook match
	Case    *Layout     `json:"case,omitempty"` // with the hook cooldown
	Params  *ParamBlock `json:"params,omitempty"`
	// MemoryPages is how many pages of 64 KB the plugin needs; 0 asks for nothing.
	MemoryPages uint32 `json:"memory_pages,omitempty"`
}

// Layout is a struct in the plugin's memory that the host fills.
type Layout struct {
	Size   uint32  `json:"size"` // bytes; the distance between two rows
	Fields []Field `json:"fields"`
}

// Field is one member of a Layout.
type Field struct {
	Name   string `json:"name"`
	Offset uint32 `json:"offset"` // bytes
	Type   Type   `json:"type"`
}

// ParamBlock is the struct of typed knobs the host writes where sky_params says.
type ParamBlock struct {
	Size   uint32  `json:"size"`
	Fields []Param `json:"fields"`
}

// Param is a knob an operator may turn while the plugin runs.
type Param struct {
	Name    string `json:"name"`
	Offset  uint32 `json:"offset"`
	Type    Type   `json:"type"`
	Default int64  `json:"default"`
	Min     int64  `json:"min"`
	Max     int64  `json:"max"`
	Unit    string `json:"unit,omitempty"`
	Help    string `json:"help,omitempty"`
}

// JSON writes the manifest without encoding/json, whose start-up every Go
// plugin would pay for in size and time.
func (m *Manifest) JSON() []byte {
	b := append([]byte(nil), `{"name":`...)
	b = AppendString(b, m.Name)
	b = append(b, `,"version":`...)
	b = AppendString(b, m.Version)
	b = append(b, `,"hooks":[`...)
	for i, h := range m.Hooks {
		b = comma(b, i)
		b = AppendString(b, h)
	}
	b = append(b, ']')
	b = appendLayout(b, "rows", m.Rows)
	b = appendLayout(b, "case", m.Case)
	if m.Params != nil {
		b = append(b, `,"params":{"size":`...)
		b = strconv.AppendUint(b, uint64(m.Params.Size), 10)
		b = append(b, `,"fields":[`...)
		for i, p := range m.Params.Fields {
			b = comma(b, i)
			b = appendField(b, p.Name, p.Offset, p.Type)
			b = strconv.AppendInt(append(b, `,"default":`...), p.Default, 10)
			b = strconv.AppendInt(append(b, `,"min":`...), p.Min, 10)
			b = strconv.AppendInt(append(b, `,"max":`...), p.Max, 10)
			b = AppendString(append(b, `,"unit":`...), p.Unit)
			b = AppendString(append(b, `,"help":`...), p.Help)
			b = append(b, '}')
		}
		b = append(b, `]}`...)
	}
	if m.MemoryPages != 0 {
		b = strconv.AppendUint(append(b, `,"memory_pages":`...), uint64(m.MemoryPages), 10)
	}
	return append(b, '}')
}

func appendLayout(b []byte, key string, l *Layout) []byte {
	if l == nil {
		return b
	}
	b = AppendString(append(b, ','), key)
	b = strconv.AppendUint(append(b, `:{"size":`...), uint64(l.Size), 10)
	b = append(b, `,"fields":[`...)
	for i, f := range l.Fields {
		b = comma(b, i)
		b = append(appendField(b, f.Name, f.Offset, f.Type), '}')
	}
	return append(b, `]}`...)
}

// appendField leaves the object open.
func appendField(b []byte, name string, offset uint32, t Type) []byte {
	b = AppendString(append(b, `{"name":`...), name)
	b = strconv.AppendUint(append(b, `,"offset":`...), uint64(offset), 10)
	return AppendString(append(b, `,"type":`...), string(t))
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return b
}

// AppendString appends s as a JSON string.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
