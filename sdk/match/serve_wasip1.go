package match

import (
	"unsafe"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/abi/guest"
)

// served is the module's one table: wasm exports have no receiver.
var served abi.MatchTable

// Serve offers the plugin to the host. Call it from an init function of the
// wasm build's main package; main itself never runs there. In a native build
// it does nothing.
func Serve(p *Plugin) { served = p.Table(guest.Join(p.manifest)) }

//go:wasmexport sky_rows
func skyRows(capacity uint32) uint32 {
	ptr := guest.Pointer(served.Rows(int(capacity)))
	guest.Done()
	return ptr
}

//go:wasmexport sky_score
func skyScore(nowMS int64, viewer, first, count uint32, out unsafe.Pointer) {
	served.Score(nowMS, int(viewer), int(first), unsafe.Slice((*int32)(out), count))
	guest.Done()
}

//go:wasmexport sky_score_for
func skyScoreFor(nowMS int64, candidate, first, count uint32, out unsafe.Pointer) {
	served.ScoreFor(nowMS, int(candidate), int(first), unsafe.Slice((*int32)(out), count))
	guest.Done()
}
