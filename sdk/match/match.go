// Package match is how a plugin decides who ranks where. The author writes a
// struct with the fields of a person the rule needs, a struct of params, and
// one pure function; layout, memory and wasm are this package's business.
//
//	type Profile struct {
//		Age  uint8  `sky:"age"`
//		Tags uint64 `sky:"tags"`
//	}
//	type Params struct {
//		TagWeight int32 `sky:"tag_weight" default:"10" min:"0" max:"100" unit:"points"`
//	}
//	func Score(c match.Context, p *Params, viewer, other *Profile) (int32, bool) {
//		return int32(bits.OnesCount64(viewer.Tags&other.Tags)) * p.TagWeight, other.Age >= 18
//	}
//	var Plugin = match.Define(abi.About{Name: "match-tags", Version: "1.0.0"}, Score)
package match

import (
	"reflect"
	"unsafe"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Context is what a rule may know besides the two people.
type Context struct {
	NowMS int64 // Unix milliseconds; the only clock a rule has
}

// Plugin is a matching rule, ready to be served as wasm or used natively. It
// implements abi.MatchRule.
type Plugin struct {
	manifest abi.Manifest
	table    func(params []byte) abi.MatchTable
}

// Define makes a plugin of a rule. score says how much viewer wishes to see
// other (higher is better) and whether the two may meet at all. It must be
// pure: no clock, randomness, files or state, and it must not write through its
// pointers. P and T are structs as abi.ParamsOf and abi.LayoutOf describe them;
// Define panics if they are not, so that a test of the package notices.
func Define[P, T any](about abi.About, score func(c Context, p *P, viewer, other *T) (points int32, ok bool)) *Plugin {
	rows, err := abi.LayoutOf(reflect.TypeFor[T](), abi.RowFields())
	if err != nil {
		panic("match: " + err.Error())
	}
	params, err := abi.ParamsOf(reflect.TypeFor[P]())
	if err != nil {
		panic("match: " + err.Error())
	}
	return &Plugin{
		manifest: abi.Manifest{Name: about.Name, Version: about.Version, Hooks: []string{abi.HookMatch},
			Rows: rows, Params: params, MemoryPages: about.MemoryPages},
		table: func(block []byte) abi.MatchTable {
			return &table[P, T]{score: score, params: abi.View[P](block)}
		},
	}
}

// Manifest describes the plugin. Read only.
func (p *Plugin) Manifest() abi.Manifest { return p.manifest }

// Table makes an empty table of people.
func (p *Plugin) Table(params []byte) abi.MatchTable { return p.table(params) }

type table[P, T any] struct {
	score  func(Context, *P, *T, *T) (int32, bool)
	params *P
	rows   []T
}

func (t *table[P, T]) Rows(capacity int) []byte {
	t.rows = make([]T, capacity)
	if capacity == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&t.rows[0])), uintptr(capacity)*unsafe.Sizeof(t.rows[0]))
}

func (t *table[P, T]) Score(nowMS int64, viewer, first int, out []int32) {
	c, one, many := Context{nowMS}, &t.rows[viewer], t.rows[first:first+len(out)]
	for i := range out {
		out[i] = answer(t.score(c, t.params, one, &many[i]))
	}
}

func (t *table[P, T]) ScoreFor(nowMS int64, candidate, first int, out []int32) {
	c, one, many := Context{nowMS}, &t.rows[candidate], t.rows[first:first+len(out)]
	for i := range out {
		out[i] = answer(t.score(c, t.params, &many[i], one))
	}
}

// answer keeps the one number that means "never" for those who may never meet.
func answer(points int32, ok bool) int32 {
	if !ok {
		return abi.Ineligible
	}
	return max(points, abi.Ineligible+1)
}
