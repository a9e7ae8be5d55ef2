// Package meter makes a WebAssembly module pay for what it runs: bytes in,
// bytes out. It knows no engine.
//
// The metered module counts down an exported global, FuelGlobal, and traps
// (unreachable) when there is nothing left. Every straight run of instructions
// is charged as it is entered, by Weights; operations over a length by that
// length before they begin; a function's entry by the frame it may need, which
// bounds recursion. The charge depends on nothing but the module and its input,
// so it is the same on every machine.
//
// Anything not fully understood is refused by name, and every index and every
// type is checked against the original module before a byte is rewritten: no
// module can reach what is added to it.
package meter

import "errors"

// FuelGlobal is the exported mutable i64 the host sets before each call and
// reads after. It starts at zero, so that a host which forgets to fill the tank
// runs nothing. What is left is the sum of it and ReserveGlobal: below zero, the
// tank ran dry, be it that the module trapped or that it returned just before
// (by at most twice Options.Slack) it would have.
const FuelGlobal = "sky:fuel"

// ReserveGlobal is another one. When the tank falls below zero, up to
// Options.Slice units flow over from the reserve, and the module leaves compiled
// code for a moment, so that whatever the engine runs in (a garbage collector
// that must stop everything) need not wait until a call is over.
const ReserveGlobal = "sky:reserve"

// StartFunction is exported instead of the module's start section, which would
// run before the host could fill the tank: call it first if it is there.
const StartFunction = "sky:start"

// reserved begins the names that only the meter may export.
const reserved = "sky:"

// ErrRefused: the module must not run; the wrapping error says why in one
// sentence, naming the instruction and the function.
var ErrRefused = errors.New("refused by the meter")

// Options say what a module may have and how it is charged. DefaultOptions has
// sound values; a limit of zero allows nothing.
type Options struct {
	Weights Weights
	// Slack is how many units may be spent before somebody looks at the tank.
	// More makes a module faster and its end later.
	Slack int64
	// Slice is how many units run between two moments at which the engine has control.
	Slice int64

	MaxModule       int    // bytes
	MaxTypes        int    //
	MaxParams       int    // of a type or a block, and as many results
	MaxImports      int    //
	MaxFunctions    int    // imports included
	MaxGlobals      int    //
	MaxExports      int    //
	MaxTables       int    //
	MaxTableEntries uint32 // of each table, at the start and after table.grow
	MaxPages        uint32 // of memory at the start; memory.grow beyond is free, as it must fail
	MaxBulk         int32  // bytes of one memory.fill, copy or init, which nothing interrupts; more traps
	MaxSegments     int    // of data, and as many of elements
	MaxDataBytes    int    // in all data segments together
	MaxElements     int    // in all element segments together
	MaxBody         int    // bytes of one function
	MaxLocals       int    // of one function, parameters included
	MaxHeight       int    // operands of one function
	MaxNesting      int    // blocks within each other
	MaxBrTable      int    // targets of one br_table
}

// DefaultOptions allow what compilers make of a program that is no attack.
func DefaultOptions() Options {
	return Options{
		Weights:         DefaultWeights(),
		Slack:           2000,
		Slice:           1_000_000,
		MaxModule:       16 << 20,
		MaxTypes:        4096,
		MaxParams:       128,
		MaxImports:      256,
		MaxFunctions:    50_000,
		MaxGlobals:      256,
		MaxExports:      256,
		MaxTables:       8,
		MaxTableEntries: 16_384,
		MaxPages:        512,
		MaxBulk:         8 << 20,
		MaxSegments:     65_536,
		MaxDataBytes:    8 << 20,
		MaxElements:     32_768,
		MaxBody:         1 << 20,
		MaxLocals:       1024,
		MaxHeight:       1024,
		MaxNesting:      8192,
		MaxBrTable:      8192,
	}
}

// Report tells what was made of a module.
type Report struct {
	Before, After int // bytes
	Functions     int // with a body
	Segments      int // straight runs that are charged
	Checks        int // of those that also look at the tank
	LargestFrame  int // slots a single function's entry is charged for
	Start         bool
}

// Meter rewrites a module. The same bytes and Options always give the same
// module. The error wraps ErrRefused. The module is only read.
func Meter(module []byte, o Options) ([]byte, Report, error) {
	m, err := parse(module, &o)
	if err != nil {
		return nil, Report{}, err
	}
	r := Report{Before: len(module), Functions: len(m.bodies), Start: m.start >= 0}
	code, err := m.rewriteCode(&r)
	if err != nil {
		return nil, Report{}, err
	}
	metered := m.assemble(code)
	r.After = len(metered)
	return metered, r, nil
}
