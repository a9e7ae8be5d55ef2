package journal

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// mask puts tombstones in people's places. The lobby treats ids as mere names:
// it orders by them only where it writes a pair down and where it lists bars.
// With those two put in order again, the masked effects of a step are the
// effects of the masked step.
type mask map[lobby.PersonID]lobby.PersonID

var (
	personType  = reflect.TypeFor[lobby.PersonID]()
	pairType    = reflect.TypeFor[lobby.Pair]()
	enteredType = reflect.TypeFor[lobby.Entered]()
)

func (m mask) event(ev lobby.Event) lobby.Event {
	return m.copy(reflect.ValueOf(ev)).Interface().(lobby.Event)
}

func (m mask) effects(effects []lobby.Effect) []lobby.Effect {
	return m.copy(reflect.ValueOf(effects)).Interface().([]lobby.Effect)
}

// record masks what is not a step; nil means that it is to be left out: a
// masked person's numbers would still describe them.
func (m mask) record(r Record) Record {
	if row, ok := r.(Row); ok {
		if _, masked := m[row.Person]; masked {
			return nil
		}
		return row
	}
	return m.copy(reflect.ValueOf(r)).Interface().(Record)
}

// copy is a deep copy with every PersonID replaced. Bytes are shared.
func (m mask) copy(v reflect.Value) reflect.Value {
	switch {
	case v.Type() == personType:
		if to, ok := m[lobby.PersonID(v.Int())]; ok {
			return reflect.ValueOf(to)
		}
		return v
	case v.Kind() == reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			out.Field(i).Set(m.copy(v.Field(i)))
		}
		return reorder(out)
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil():
		to := m.copy(v.Elem())
		if v.Kind() == reflect.Interface {
			return to
		}
		out := reflect.New(to.Type())
		out.Elem().Set(to)
		return out
	case v.Kind() == reflect.Slice && !v.IsNil() && v.Type().Elem().Kind() != reflect.Uint8:
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(m.copy(v.Index(i)))
		}
		return out
	}
	return v
}

// reorder restores the orders that the lobby keeps by id.
func reorder(v reflect.Value) reflect.Value {
	switch v.Type() {
	case pairType:
		p := v.Interface().(lobby.Pair)
		return reflect.ValueOf(lobby.PairOf(p.A, p.B))
	case enteredType:
		bars := v.Interface().(lobby.Entered).Bars
		slices.SortFunc(bars, func(a, b lobby.Bar) int { return cmp.Compare(a.Other, b.Other) })
	}
	return v
}

// names tells whether anybody masked is mentioned in v.
func (m mask) names(v any) bool { return m.find(reflect.ValueOf(v)) }

func (m mask) find(v reflect.Value) bool {
	switch {
	case v.Type() == personType:
		_, ok := m[lobby.PersonID(v.Int())]
		return ok
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if m.find(v.Field(i)) {
				return true
			}
		}
	case (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil():
		return m.find(v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		for i := range v.Len() {
			if m.find(v.Index(i)) {
				return true
			}
		}
	}
	return false
}
