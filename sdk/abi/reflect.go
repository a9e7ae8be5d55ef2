package abi

import (
	"errors"
	"reflect"
	"strconv"
)

// LayoutOf derives a layout from a struct's own: every member needs a tag
// `sky:"<field>"` with a name from defs, and a fixed-width integer type that
// fits it. Members named _ are padding.
func LayoutOf(t reflect.Type, defs []FieldDef) (*Layout, error) {
	l := &Layout{}
	err := eachField(t, func(f reflect.StructField, name string, typ Type) error {
		for _, have := range l.Fields {
			if have.Name == name {
				return errors.New("field " + strconv.Quote(name) + " is declared twice")
			}
		}
		l.Fields = append(l.Fields, Field{name, uint32(f.Offset), typ})
		return CheckField(defs, name, typ)
	})
	if err != nil {
		return nil, err
	}
	if len(l.Fields) == 0 {
		return nil, errors.New(t.String() + " declares no field")
	}
	l.Size = uint32(t.Size())
	if l.Size > MaxRowSize {
		return nil, errors.New(t.String() + " is larger than " + strconv.Itoa(MaxRowSize) + " bytes")
	}
	return l, nil
}

// ParamsOf derives the params from a struct: each member a fixed-width integer
// with a tag `sky:"<name>"` and, as needed, default, min, max (which default to
// 0 and the type's range), unit and help. A struct without members answers nil.
func ParamsOf(t reflect.Type) (*ParamBlock, error) {
	b := &ParamBlock{}
	err := eachField(t, func(f reflect.StructField, name string, typ Type) error {
		if !ValidName(name) {
			return errors.New("param " + strconv.Quote(name) + " is no valid name")
		}
		for _, have := range b.Fields {
			if have.Name == name {
				return errors.New("param " + strconv.Quote(name) + " is declared twice")
			}
		}
		p := Param{Name: name, Offset: uint32(f.Offset), Type: typ, Unit: f.Tag.Get("unit"), Help: f.Tag.Get("help")}
		p.Min, p.Max = typ.Range()
		least, greatest := p.Min, p.Max
		for key, to := range map[string]*int64{"default": &p.Default, "min": &p.Min, "max": &p.Max} {
			if s, ok := f.Tag.Lookup(key); ok {
				v, err := strconv.ParseInt(s, 10, 64)
				if err != nil {
					return errors.New("param " + strconv.Quote(name) + ": " + key + " is no whole number")
				}
				*to = v
			}
		}
		if p.Min < least || p.Max > greatest || p.Default < p.Min || p.Default > p.Max {
			return errors.New("param " + strconv.Quote(name) + ": default, min and max do not fit each other or " + string(typ))
		}
		b.Fields = append(b.Fields, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(b.Fields) == 0 {
		return nil, nil
	}
	b.Size = uint32(t.Size())
	if b.Size > MaxParams {
		return nil, errors.New(t.String() + " is larger than " + strconv.Itoa(MaxParams) + " bytes")
	}
	return b, nil
}

func eachField(t reflect.Type, visit func(f reflect.StructField, name string, typ Type) error) error {
	if t.Kind() != reflect.Struct {
		return errors.New(t.String() + " is no struct")
	}
	if t.NumField() > MaxFields {
		return errors.New(t.String() + " has more than " + strconv.Itoa(MaxFields) + " members")
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		name := f.Tag.Get("sky")
		if name == "" {
			return errors.New(t.String() + "." + f.Name + ` has no tag sky:"name"`)
		}
		typ, ok := typeOf(f.Type.Kind())
		if !ok {
			return errors.New(t.String() + "." + f.Name + " is a " + f.Type.String() + "; use a fixed-width integer such as int32")
		}
		if err := visit(f, name, typ); err != nil {
			return errors.New(t.String() + "." + f.Name + ": " + err.Error())
		}
	}
	return nil
}

func typeOf(k reflect.Kind) (Type, bool) {
	switch k {
	case reflect.Uint8:
		return U8, true
	case reflect.Int8:
		return I8, true
	case reflect.Uint16:
		return U16, true
	case reflect.Int16:
		return I16, true
	case reflect.Uint32:
		return U32, true
	case reflect.Int32:
		return I32, true
	case reflect.Uint64:
		return U64, true
	case reflect.Int64:
		return I64, true
	}
	return "", false
}
