// Package guests holds committed plugins that no Go toolchain makes.
package guests

import _ "embed"

//go:embed c/match-mutual.wasm
var c []byte

//go:embed assemblyscript/match-mutual.wasm
var assemblyScript []byte

//go:embed rust/match-mutual.wasm
var rust []byte

// Guest is a compiled plugin and the language it was written in.
type Guest struct {
	Language string
	Module   []byte // read only
}

// MatchMutual is the rule of plugins/matchmutual, written once more in other languages.
func MatchMutual() []Guest {
	return []Guest{{"C", c}, {"AssemblyScript", assemblyScript}, {"Rust", rust}}
}
