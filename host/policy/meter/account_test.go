package meter_test

import (
	"strings"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// TestPlaces: a load pays for a journey to memory unless memory near there was
// just used on every way to it, whatever the loop or branch.
func TestPlaces(t *testing.T) {
	const far, fixed, near = 10_000, 100, 1
	o := meter.DefaultOptions()
	o.Weights = meter.Weights{Load: far, Fixed: fixed, Near: near, Bytes: 1}
	r := engine(t)
	at := func(offset int) string { return "\x28\x02" + u(offset) }
	for name, c := range map[string]struct {
		body string
		cost int64
	}{
		"one":                       {get(0) + at(0) + drop, far},
		"two of one row":            {get(0) + at(0) + drop + get(0) + at(8) + drop, far + near},
		"two pages of one base":     {get(0) + at(0) + drop + get(0) + at(300) + drop, 2 * far},
		"of two bases":              {get(0) + at(0) + drop + get(1) + at(0) + drop, 2 * far},
		"a chain":                   {get(0) + at(0) + at(0) + at(0) + drop, 3 * far},
		"a chain through a local":   {get(0) + at(0) + set(0) + get(0) + at(0) + drop, 2 * far},
		"a base that was set":       {get(0) + at(0) + drop + get(1) + set(0) + get(0) + at(0) + drop, 2 * far},
		"a value older than a set":  {get(0) + at(0) + drop + get(0) + get(1) + set(0) + at(0) + drop, far + near},
		"the same after an if":      {get(0) + at(0) + drop + get(1) + ifThen + nop + end + get(0) + at(0) + drop, far + near},
		"first in one half":         {get(1) + ifThen + get(0) + at(0) + drop + otherwise + end + get(0) + at(0) + drop, far},
		"in the other half":         {get(1) + ifThen + get(0) + at(0) + drop + otherwise + get(0) + at(0) + drop + end, far},
		"set in one half":           {get(0) + at(0) + drop + get(1) + ifThen + get(1) + set(0) + end + get(0) + at(0) + drop, 2 * far},
		"passed by":                 {block + get(1) + eqz + brIf(0) + get(0) + at(0) + drop + end + get(0) + at(0) + drop, far},
		"before a loop":             {get(0) + at(0) + drop + loop + get(0) + at(0) + drop + end, 2 * far},
		"a chase in a loop":         {i32c(3) + set(2) + get(0) + at(0) + set(0) + loop + get(0) + at(0) + set(0) + get(2) + i32c(1) + sub + tee(2) + brIf(0) + end, 4 * far},
		"two in a loop":             {loop + get(0) + at(0) + drop + get(0) + at(4) + drop + end, far + near},
		"after a loop":              {loop + get(0) + at(0) + drop + end + get(0) + at(0) + drop, 2 * far},
		"by way of i64":             {get(0) + "\xad" + "\xa7" + at(0) + drop + get(0) + at(0) + drop, 2 * far},
		"at a constant":             {i32c(64) + at(0) + drop + i32c(64) + at(4) + drop, fixed + near},
		"at constants":              {i32c(64) + at(0) + drop + i32c(4096) + at(0) + drop, 2 * fixed},
		"constants in two halves":   {get(1) + ifThen + i32c(64) + at(0) + drop + end + i32c(64) + at(0) + drop, fixed},
		"stores and loads together": {get(0) + i32c(0) + store32 + get(0) + at(0) + drop, near},
		"dead":                      {ret + get(0) + at(0) + drop, 0},
	} {
		in := start(t, r, metered(t, one("ii", "", "i", c.body).bytes(), o))
		_, cost, err := in.call(plenty, "f", 0, 0)
		if err != nil || cost != c.cost {
			t.Errorf("%s: %d units, not %d: %v", name, cost, c.cost, err)
		}
	}
}

// TestSlack: however a module spreads its work over branches and returns, it
// never spends more than the slack, and one segment, unseen.
func TestSlack(t *testing.T) {
	work := ""
	for range 300 {
		work += get(0) + i32c(3) + mul + set(1)
	}
	one := func(body string) mod { return one("i", "", "ii", body) }
	chain := mod{pages: 1} // each calls the next, and works when it is back
	for i := range 100 {
		chain.funcs = append(chain.funcs, fn{"", "i", "", "ii", get(0) + call(i+1) + get(0) + ifThen + work + end})
	}
	chain.funcs[0].export = "f"
	chain.funcs = append(chain.funcs, fn{"", "i", "", "i", get(0) + ifThen + work + end})
	circle := mod{pages: 1, funcs: []fn{
		{"f", "i", "", "i", get(0) + ifThen + get(0) + i32c(1) + sub + call(1) + get(0) + ifThen + work + end + end},
		{"", "i", "", "i", get(0) + call(0) + get(0) + ifThen + work + end},
	}}
	for name, m := range map[string]mod{
		"down a chain":          chain,
		"in a circle":           circle,
		"on the way back":       one(get(0) + ifThen + get(0) + i32c(1) + sub + call(0) + get(1) + ifThen + nop + end + work + end),
		"on the way back, bent": one(get(0) + ifThen + block + get(0) + i32c(1) + sub + call(0) + get(1) + brIf(0) + work + end + end),
		"after what returned":   one(get(0) + ifThen + get(0) + i32c(1) + sub + call(0) + get(0) + i32c(1) + and + ifThen + work + ret + end + work + end),
		"past every look":       one(block + strings.Repeat(block+work+get(0)+brIf(0)+loop+nop+end+get(2)+brIf(1)+end, 100) + end),
	} {
		o := meter.DefaultOptions()
		in := start(t, engine(t), metered(t, m.bytes(), o))
		_, all, err := in.call(plenty, "f", 500)
		if err != nil || all < 50_000 {
			t.Fatal(name, all, err)
		}
		for units := all / 50; units < all-o.Slack; units += all / 50 {
			_, cost, err := in.call(units, "f", 500)
			if err == nil || cost-units > o.Slack+1_500 {
				t.Errorf("%s: of %d units it used %d: %v", name, units, cost, err)
			}
		}
	}
}

// TestFrames: whatever makes a frame large is seen.
func TestFrames(t *testing.T) {
	for name, least := range map[string]int{
		"deep recursion": 2, "huge frame of locals": 1000, "huge frame of merged values": 6000,
		"huge frame of fresh values": 2000, "huge frame of nested merges": 6000, "huge frame of operands": 1000,
	} {
		m := hostiles()[name]
		_, report, err := meter.Meter(m.bytes(), meter.DefaultOptions())
		if err != nil || report.LargestFrame < least || report.LargestFrame > 3*least+20 {
			t.Errorf("%s: %d slots, about %d expected: %v", name, report.LargestFrame, least, err)
		}
	}
}
