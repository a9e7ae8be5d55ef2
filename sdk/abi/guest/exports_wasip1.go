package guest

import (
	"runtime"
	"unsafe"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Pointer is an address in the module's memory, as the host sees it.
func Pointer(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	return uint32(uintptr(unsafe.Pointer(&b[0])))
}

// Answer keeps b alive until the next answer and packs where it lies.
func Answer(b []byte) int64 {
	module.answer = b
	return abi.Pack(Pointer(b), uint32(len(b)))
}

// Done ends an export. It gives the scheduler its turn: the collector's workers
// have no other, and left unfinished they were seen to let a module grow until
// it died.
func Done() { runtime.Gosched() }

// Garbage is collected here, between questions, before the runtime would on its
// own: collecting takes ten times what a question may, and a question during
// which it happened to be due would fail for no fault of its rule.
//
//go:wasmexport sky_rest
func skyRest() { // asked often: only counting is cheap
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.TotalAlloc-collected > muchGarbage {
		runtime.GC()
		collected = m.TotalAlloc
	}
	Done()
}

var collected uint64 // so much had been allocated when garbage was last collected

const muchGarbage = 1 << 20 // a third of what the runtime waits for

//go:wasmexport sky_abi
func skyABI() uint32 { return abi.Version }

//go:wasmexport sky_manifest
func skyManifest() int64 {
	packed := Answer(module.manifest.JSON())
	Done()
	return packed
}

//go:wasmexport sky_alloc
func skyAlloc(n uint32) uint32 {
	block := abi.Block(n)
	module.kept = append(module.kept, block)
	Done()
	return Pointer(block)
}

//go:wasmexport sky_params
func skyParams() uint32 {
	return uint32(uintptr(unsafe.Pointer(&module.params[0])))
}
