package signalling

import (
	"bytes"
	"unsafe"

	"github.com/napalmsky/napalmsky/sdk/abi/guest"
)

// served is the module's one rule: wasm exports have no receiver.
var served struct {
	*Plugin
	params []byte
}

// Serve offers the plugin to the host. Call it from an init function of the
// wasm build's main package; main itself never runs there. In a native build
// it does nothing.
func Serve(p *Plugin) { served.Plugin, served.params = p, guest.Join(p.manifest) }

//go:wasmexport sky_trim
func skyTrim(piece unsafe.Pointer, length uint32) int64 {
	kind, body, _ := bytes.Cut(unsafe.Slice((*byte)(piece), length), []byte{0})
	packed := guest.Answer(served.Plugin.Trim(served.params, string(kind), body))
	guest.Done()
	return packed
}
