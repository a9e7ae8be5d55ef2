package lobby

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var names = []string{"ada", "bob", "cyd", "dan", "eve"}

// personOf reads "ada", or "a1", a connection of hers. Anyone else is nobody.
func personOf(word string) PersonID {
	for i, n := range names {
		if word == n || word != "" && word[:1] == n[:1] && connOf(word) != 0 {
			return PersonID(i + 1)
		}
	}
	return 0
}

// connOf reads "a1" as 11, "b2" as 22.
func connOf(word string) ConnID {
	if len(word) != 2 {
		return 0
	}
	n, _ := strconv.Atoi(word[1:])
	i := strings.IndexByte("abcde", word[0])
	if i < 0 || n == 0 {
		return 0
	}
	return ConnID((i+1)*10 + n)
}

func nameOf(p PersonID) string {
	if p >= 1 && int(p) <= len(names) {
		return names[p-1]
	}
	return fmt.Sprint(int64(p))
}

// clock writes a moment relative to a script's beginning.
func clock(ms int64) string {
	switch {
	case ms == 0:
		return "never"
	case ms == Forever:
		return "forever"
	default:
		return (time.Duration(ms-scriptStart) * time.Millisecond).String()
	}
}

// words splits a command; "quoted words" are one.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// show writes an effect as a line of a transcript.
func show(e Effect) string {
	switch e := e.(type) {
	case Tell:
		to := nameOf(e.To)
		if e.Conn != 0 {
			to = fmt.Sprintf("%c%d", nameOf(PersonID(e.Conn / 10))[0], e.Conn%10)
		}
		return "  tell " + to + ": " + fields(e.Notice)
	case Store:
		return fmt.Sprintf("  store %d: %s", e.Op, fields(e.Write))
	case Ask:
		return fmt.Sprintf("  ask %d: %s", e.Op, fields(e.Case))
	case Load:
		return fmt.Sprintf("  load %d: %s", e.Op, nameOf(e.Person))
	case Drop:
		return fmt.Sprintf("  drop %c%d: %s", nameOf(e.Person)[0], e.Conn%10, e.Reason)
	case Feed:
		return "  feed " + fields(e.News)
	}
	return fmt.Sprintf("  %#v", e)
}

// fields writes a struct as its type and its fields that are not zero.
func fields(v any) string {
	rv := reflect.ValueOf(v)
	return rv.Type().Name() + inner(rv)
}

func inner(rv reflect.Value) string {
	var b strings.Builder
	for i := range rv.NumField() {
		f, name := rv.Field(i), rv.Type().Field(i).Name
		if rv.Type().Field(i).Anonymous {
			b.WriteString(inner(f))
			continue
		}
		if f.IsZero() || name == "Ref" {
			continue
		}
		fmt.Fprintf(&b, " %s=%s", strings.ToLower(name), value(name, f))
	}
	return b.String()
}

func value(name string, f reflect.Value) string {
	switch x := f.Interface().(type) {
	case PersonID:
		return nameOf(x)
	case ConnID:
		return fmt.Sprintf("%c%d", nameOf(PersonID(x / 10))[0], x%10)
	case []byte:
		return strconv.Quote(string(x))
	case []Bar:
		var parts []string
		for _, bar := range x {
			parts = append(parts, strings.TrimSpace(inner(reflect.ValueOf(bar))))
		}
		return "[" + strings.Join(parts, "; ") + "]"
	case int64:
		switch name {
		case "At", "Until", "Since", "Deadline", "StartedAt", "EndedAt", "SetAt", "CooldownUntil":
			return clock(x)
		}
	}
	return fmt.Sprint(f.Interface())
}
