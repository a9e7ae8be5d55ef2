package policy

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Rows writes people into a plugin's rows. Immutable, safe for concurrent use.
type Rows struct {
	size   int
	fields []rowField
}

type rowField struct {
	abi.Field
	attr string // the attribute's name, if it is one
}

// NewRows prepares a layout that CheckManifest accepted.
func NewRows(l *abi.Layout) *Rows {
	r := &Rows{size: int(l.Size)}
	for _, f := range l.Fields {
		field := rowField{Field: f}
		if len(f.Name) > len(abi.AttrPrefix) && f.Name[:len(abi.AttrPrefix)] == abi.AttrPrefix {
			field.attr = f.Name[len(abi.AttrPrefix):]
		}
		r.fields = append(r.fields, field)
	}
	return r
}

// Size is how many bytes a row takes.
func (r *Rows) Size() int { return r.size }

// Put writes p into row, which has Size bytes.
func (r *Rows) Put(row []byte, p *Person) {
	for i := range r.fields {
		f := &r.fields[i]
		to := row[f.Offset:]
		if f.attr != "" {
			putInt(to, f.Type, p.Attrs[f.attr])
			continue
		}
		switch f.Name {
		case "gender":
			putInt(to, f.Type, int64(p.Gender))
		case "seeking":
			putInt(to, f.Type, int64(p.Seeking))
		case "age":
			putInt(to, f.Type, int64(p.Age))
		case "age_min":
			putInt(to, f.Type, int64(p.AgeMin))
		case "age_max":
			putInt(to, f.Type, int64(p.AgeMax))
		case "since_ms":
			putInt(to, f.Type, p.Since)
		case "tags":
			binary.LittleEndian.PutUint64(to, p.Tags)
		case "langs":
			binary.LittleEndian.PutUint64(to, p.Langs)
		}
	}
}

// PutCase writes c into to, which has the bytes of the layout.
func PutCase(to []byte, l *abi.Layout, c *lobby.Case) {
	for _, f := range l.Fields {
		var v int64
		switch f.Name {
		case "what":
			v = int64(slices.Index(whats(), c.What) + 1)
		case "how":
			v = int64(slices.Index(hows(), c.How) + 1)
		case "asked":
			v = c.Asked
		case "talked":
			v = c.Talked
		case "met":
			v = c.Met
		case "reported":
			if c.Reported {
				v = 1
			}
		case "ended_by":
			v = c.EndedBy
		}
		putInt(to[f.Offset:], f.Type, v)
	}
}

// The places in these lists are the numbers abi.CaseFields gives; what is in
// neither becomes 0.
func whats() []string { return []string{"call", "declined", "rescinded"} }
func hows() []string  { return []string{"hangup", "clock", "lost", "left", "blocked"} }

// EncodeParams lays out the params of a plugin: values by name, the default
// where one is missing. Errors wrap ErrRefused and name the culprit.
func EncodeParams(b *abi.ParamBlock, values map[string]int64) ([]byte, error) {
	if b == nil {
		b = &abi.ParamBlock{}
	}
	known := map[string]bool{}
	block := abi.Block(b.Size)
	for _, p := range b.Fields {
		known[p.Name] = true
		v, given := values[p.Name]
		if !given {
			v = p.Default
		}
		if v < p.Min || v > p.Max {
			return nil, refuse("param %q is %d; it must be from %d to %d %s", p.Name, v, p.Min, p.Max, p.Unit)
		}
		putInt(block[p.Offset:], p.Type, v)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !known[name] {
			return nil, refuse("it has no param %.60q", name)
		}
	}
	return block, nil
}

// putInt writes v as t, at t's least or greatest value where v is beyond it.
func putInt(to []byte, t abi.Type, v int64) {
	least, greatest := t.Range()
	v = min(max(v, least), greatest)
	switch t.Size() {
	case 1:
		to[0] = byte(v)
	case 2:
		binary.LittleEndian.PutUint16(to, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(to, uint32(v))
	case 8:
		binary.LittleEndian.PutUint64(to, uint64(v))
	}
}
