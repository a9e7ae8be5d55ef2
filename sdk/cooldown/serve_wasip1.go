package cooldown

import (
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

//go:wasmexport sky_cooldown
func skyCooldown(kase unsafe.Pointer) int64 {
	seconds := served.Decide(served.params, unsafe.Slice((*byte)(kase), served.manifest.Case.Size))
	guest.Done()
	return seconds
}
