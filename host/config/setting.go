package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// setting is one leaf of Config: where it is, and what its tags say of it.
type setting struct {
	path  string // as in the file: lobby.ring
	field reflect.StructField
	value reflect.Value // addressable
}

func (s setting) env() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(s.path, ".", "_"))
}

func (s setting) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.path) }

func (s setting) tag(name string) string { return s.field.Tag.Get(name) }

// inText: it can be written in one line of text, so by environment and flags.
// Lists of records are the file's alone.
func (s setting) inText() bool {
	switch t := s.value.Type(); t.Kind() {
	case reflect.Map:
		return false
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Struct || isText(t.Elem())
	default:
		return true
	}
}

func (s setting) secret() bool { return s.value.Type() == reflect.TypeFor[Secret]() }

// settings lists the leaves of c in the order of the struct; setting their
// values changes c.
func settings(c *Config) []setting {
	var list []setting
	var walk func(v reflect.Value, prefix string)
	walk = func(v reflect.Value, prefix string) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			path := prefix + f.Tag.Get("yaml")
			if f.Tag.Get("help") == "" {
				walk(v.Field(i), path+".")
				continue
			}
			list = append(list, setting{path, f, v.Field(i)})
		}
	}
	walk(reflect.ValueOf(c).Elem(), "")
	return list
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// setText reads one value written as text into v: what the file, the
// environment and flags have in common. A list is separated by commas.
func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		if v.Type() == reflect.TypeFor[time.Duration]() {
			d, err := parseDuration(text)
			v.SetInt(int64(d))
			return err
		}
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		v.SetInt(n)
	case reflect.Slice:
		return setList(v, text)
	default:
		return errors.New("can only be set in the file")
	}
	return nil
}

func setList(v reflect.Value, text string) error {
	list := reflect.MakeSlice(v.Type(), 0, 4)
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := setText(item, part); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	v.Set(list)
	return nil
}

// parseDuration reads what time.ParseDuration does, and whole days ("7d").
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseInt(days, 10, 32); err == nil && n >= -36_500 && n <= 36_500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 20s, 5m, 24h or 7d", text)
	}
	return d, nil
}

// formatDuration writes the shortest text that parseDuration reads as d.
func formatDuration(d time.Duration) string {
	if d != 0 && d%(24*time.Hour) == 0 {
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
