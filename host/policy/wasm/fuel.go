package wasm

import (
	"github.com/tetratelabs/wazero/api"

	"github.com/napalmsky/napalmsky/host/policy/meter"
)

// Fuel is what a plugin may use, in units of the meter. A million lasts 3 ms at
// worst (waiting for memory all the time), and 20 µs where memory is at hand.
// Whatever the limit, the rest of the process never waits for more than a
// slice of it. A call that goes beyond its limit has no answer; it is stopped at
// the limit or at 1,500,000, whichever is more, so that a panic can be told from
// too much computing, and has 4,000,000 more once it says that it panics. The
// zero value of each is its default.
type Fuel struct {
	// Init is for starting an instance: its language's runtime. 0 is 16,000,000;
	// standard Go takes 5,000,000 to 7,000,000, C next to nothing.
	Init int64
	// Setup is for each call that gets an instance ready: manifest, params,
	// buffers, rows. 0 is 16,000,000: standard Go takes 650,000 for its manifest,
	// and 10,000,000 more in the call that happens to collect garbage.
	Setup int64
	// Match and Row are for one run over at most 250 rows, and for each of its
	// rows besides. 0 is 250,000 and 5,000; of a row, match-mutual takes 700 built
	// with C and 3,000 built with standard Go.
	Match, Row int64
	// Cooldown and Trim are for one question. 0 is 1,500,000.
	Cooldown, Trim int64
	// Signalling is for one description or candidate. 0 is 16,000,000: built with
	// standard Go, trim-signalling takes a tenth of that for an offer, and the rest
	// in the call that happens to collect garbage.
	Signalling int64
}

// rowsAtOnce keeps one run of the plugin short: a thousand rows are asked for
// in four.
const rowsAtOnce = 250

func (f Fuel) withDefaults() Fuel {
	for of, usual := range map[*int64]int64{
		&f.Init: 16_000_000, &f.Setup: 16_000_000, &f.Match: 250_000, &f.Row: 5_000,
		&f.Cooldown: 1_500_000, &f.Trim: 1_500_000, &f.Signalling: 16_000_000,
	} {
		if *of <= 0 {
			*of = usual
		}
	}
	return f
}

// tank is an instance's fuel; nil where the module is not metered.
type tank struct {
	fuel, reserve api.MutableGlobal
	slice         int64
}

func tankOf(m api.Module) *tank {
	fuel, metered := m.ExportedGlobal(meter.FuelGlobal).(api.MutableGlobal)
	reserve, whole := m.ExportedGlobal(meter.ReserveGlobal).(api.MutableGlobal)
	if !metered || !whole {
		return nil
	}
	return &tank{fuel, reserve, meter.DefaultOptions().Slice}
}

// fill lets the first slice be used without asking for it.
func (t *tank) fill(units int64) {
	if t != nil {
		first := min(units, t.slice)
		t.fuel.Set(uint64(first))
		t.reserve.Set(uint64(units - first))
	}
}

// add puts so much more into the reserve and answers how much that was: nothing
// where no fuel is counted.
func (t *tank) add(units int64) int64 {
	if t == nil {
		return 0
	}
	t.reserve.Set(t.reserve.Get() + uint64(units))
	return units
}

// left is below zero once the tank ran dry.
func (t *tank) left() int64 { return int64(t.fuel.Get()) + int64(t.reserve.Get()) }

// What the host's own functions cost the plugin that calls them.
const (
	callCost   = 64 // on top of what the meter charges for leaving
	vectorCost = 16 // each buffer of a write
	byteCost   = 2
	lineCost   = 128
)

// spend takes from the tank, for work the host did for the plugin; it ends the
// plugin's call if the tank runs dry.
func (t *tank) spend(fuel int) {
	if t == nil {
		return
	}
	t.fuel.Set(t.fuel.Get() - uint64(fuel))
	if t.left() < 0 {
		panic(exit("it asked too much of the host"))
	}
}

// meterModule is what Options.Meter is by default.
func meterModule(pages uint32) func([]byte) ([]byte, error) {
	o := meter.DefaultOptions()
	o.MaxPages = pages
	return func(module []byte) ([]byte, error) {
		metered, _, err := meter.Meter(module, o)
		return metered, err
	}
}
