//go:build !wasip1

package signalling

// Serve offers the plugin to the host. Call it from an init function of the
// wasm build's main package; main itself never runs there. In a native build
// it does nothing.
func Serve(*Plugin) {}
