package abi

import "unsafe"

// About introduces a plugin.
type About struct {
	Name    string // lower-case letters, digits and hyphens: match-mutual
	Version string // the author's own: 1.0.0
	// MemoryPages asks the host for so many pages of 64 KB; 0 leaves it to the host.
	MemoryPages uint32
}

// MatchRule, CooldownRule, TrimRule and SignallingRule are a plugin seen as bytes: what its
// wasm build exports and what its native build answers with are these very
// methods, over the same layouts, so that the two agree byte for byte.
//
// params is a block as the manifest lays it out, from Block; it is read in
// place at every call and must not change during one.
type (
	MatchRule interface {
		Manifest() Manifest
		// Table makes an empty table of people.
		Table(params []byte) MatchTable
	}
	CooldownRule interface {
		Manifest() Manifest
		// Decide reads a case, a block as the manifest lays it out, and answers seconds.
		Decide(params, kase []byte) int64
	}
	TrimRule interface {
		Manifest() Manifest
		// Plan answers JSON of at most MaxPlan bytes.
		Plan(params []byte, kind, audience string) []byte
	}
	SignallingRule interface {
		Manifest() Manifest
		// Trim answers body without what can be spared. The answer may be body, or
		// share its memory; body must not change.
		Trim(params []byte, kind string, body []byte) []byte
	}
)

// MatchTable is a plugin's table of people. Not safe for concurrent use. Row
// numbers beyond the capacity panic.
type MatchTable interface {
	// Rows makes the table so long and answers its memory, which the caller fills
	// afresh; an earlier answer is dead from then on.
	Rows(capacity int) []byte
	Score(nowMS int64, viewer, first int, out []int32)
	ScoreFor(nowMS int64, candidate, first int, out []int32)
}

// Block allocates size zero bytes aligned for every Type.
func Block(size uint32) []byte {
	if size == 0 {
		return nil
	}
	words := make([]uint64, (size+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:size:size]
}

// View looks at a block as the struct its layout was derived from. Without a
// block it answers a zero struct, which is for params that have no fields.
func View[T any](block []byte) *T {
	if len(block) == 0 {
		return new(T)
	}
	_ = block[unsafe.Sizeof(*new(T))-1]
	return (*T)(unsafe.Pointer(&block[0]))
}
