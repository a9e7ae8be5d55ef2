package plugintest

import (
	"math"
	"math/rand/v2"
	"reflect"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// rounds is how many questions a Check asks.
const rounds = 5000

// draw makes up people: always the same ones, so that a failure comes back.
type draw struct{ *rand.Rand }

func newDraw() draw { return draw{rand.New(rand.NewPCG(1, 2))} }

const evening = 1_790_000_000_000

func (d draw) time() int64 {
	if d.IntN(8) == 0 {
		return []int64{0, -1, math.MinInt64, math.MaxInt64}[d.IntN(4)]
	}
	return evening + d.Int64N(3_600_000)
}

// between favours the ends, where rules break.
func (d draw) between(least, greatest int64) int64 {
	switch d.IntN(5) {
	case 0:
		return least
	case 1:
		return greatest
	}
	if span := uint64(greatest) - uint64(least); span != math.MaxUint64 {
		return least + int64(d.Uint64N(span+1))
	}
	return int64(d.Uint64())
}

// fields fills a struct of a person or a case.
func fields[T any](d draw, to *T) {
	v := reflect.ValueOf(to).Elem()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Tag.Get("sky")
		switch {
		case !f.CanSet(): // padding
		case name == "since_ms":
			setInt(f, d.time())
		case name == "age" || name == "age_min" || name == "age_max":
			setInt(f, d.between(18, 60))
		case name == "seeking" || name == "gender" || name == "what" || name == "how" || name == "ended_by":
			setInt(f, d.between(0, 7))
		case name == "reported":
			setInt(f, d.between(0, 1))
		case f.CanUint():
			f.SetUint(d.Uint64() & d.Uint64() >> d.IntN(64))
		case f.CanInt():
			bits := f.Type().Bits()
			f.SetInt(d.between(-1<<(bits-1), 1<<(bits-1)-1))
		}
	}
}

func setInt(f reflect.Value, n int64) {
	if f.CanUint() {
		f.SetUint(uint64(n))
		return
	}
	f.SetInt(n)
}

// params fills a struct of params within its bounds; one time in four it keeps the defaults.
func params[P any](d draw, to *P) {
	*to = Defaults[P]()
	if d.IntN(4) == 0 {
		return
	}
	v := reflect.ValueOf(to).Elem()
	for _, p := range known[P]() {
		setInt(fieldOf(v, p.Name), d.between(p.Min, p.Max))
	}
}

// Defaults is a struct of params as a plugin has it when nobody set anything.
// It panics where the struct's tags are wrong, as Define does.
func Defaults[P any]() P {
	var to P
	v := reflect.ValueOf(&to).Elem()
	for _, p := range known[P]() {
		setInt(fieldOf(v, p.Name), p.Default)
	}
	return to
}

func known[P any]() []abi.Param {
	block, err := abi.ParamsOf(reflect.TypeFor[P]())
	if err != nil {
		panic("plugintest: " + err.Error())
	}
	if block == nil {
		return nil
	}
	return block.Fields
}

func fieldOf(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("sky") == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}
