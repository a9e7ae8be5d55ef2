package meter

// class groups instructions that may cost alike.
type class uint8

const (
	free       class = iota // becomes no machine instruction of its own
	move                    // a register, or the engine's own memory
	simple                  // one cycle or so
	float                   // a few
	convert                 // a dozen machine instructions
	divide                  // division, square root
	vectorFast              // one to four machine instructions
	vectorSlow              // up to thirty
	load                    // of which each may wait for the one before and miss every cache
	store                   // which nobody waits for
	branch                  // may be mispredicted
	jump                    // through a table
	call                    // of a function by number
	indirect                // of a function in a table
	outside                 // leaves compiled code for the engine's
	classes
)

// Weights are the units charged for each kind of instruction. They are set by
// what it costs at worst: no mixture of instructions should make a unit last
// longer than 4 ns, on a machine where a load that misses every cache and the
// translation buffers takes 250 ns. Work whose memory is at hand runs through
// 40 to 60 units in one.
type Weights struct {
	Move, Simple, Float, Convert, Divide int64
	Vector, VectorSlow                   int64
	Load, Store                          int64
	Fixed, Near                          int64 // either, at a constant address; near where one just was
	Branch, Jump                         int64
	Call, Indirect                       int64 // besides what the callee charges for its entry
	Outside                              int64 // an import, or an instruction the engine answers in Go

	Slot  int64 // on entry to a function: each 8 bytes its frame may have
	Page  int64 // memory.grow: each page more, for its first touch; memory must not move as it grows
	Entry int64 // table.grow, fill, copy, init: each entry
	Bytes int64 // memory.fill, copy, init: so many bytes for one unit; a power of two
}

// DefaultWeights are the measured ones.
func DefaultWeights() Weights {
	return Weights{
		Move: 1, Simple: 1, Float: 2, Convert: 4, Divide: 8,
		Vector: 2, VectorSlow: 8,
		Load: 64, Store: 4, Fixed: 16, Near: 2,
		Branch: 2, Jump: 4,
		Call: 32, Indirect: 48,
		Outside: 128,
		Slot:    2, Page: 3000, Entry: 2, Bytes: 16,
	}
}

func (w Weights) of(c class) int64 {
	return [classes]int64{move: w.Move, simple: w.Simple, float: w.Float, convert: w.Convert, divide: w.Divide,
		vectorFast: w.Vector, vectorSlow: w.VectorSlow, load: w.Load, store: w.Store,
		branch: w.Branch, jump: w.Jump, call: w.Call, indirect: w.Indirect, outside: w.Outside}[c]
}
