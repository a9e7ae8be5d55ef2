//go:build !linux

package wasm

// onDisk runs load; machine code stays where it is.
func onDisk(_ string, load func() error) (kept, err error) { return nil, load() }
