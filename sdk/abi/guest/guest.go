// Package guest is what every Go plugin has in common, whatever hooks it
// serves: one manifest, one block of params, and memory that stays alive while
// the host holds a pointer to it. Plugin authors never call it; the packages
// match, cooldown and trim do.
//
// A wasm module's exports have no receiver, so the one module there is lives in
// a package variable. Nothing here is for native builds, which only compile it.
package guest

import (
	"strconv"
	"unsafe"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

var module struct {
	manifest abi.Manifest
	params   [abi.MaxParams / 8]uint64 // fixed, so that a hook's part never moves
	kept     [][]byte                  // lives as long as the instance
	answer   []byte                    // lives until the next answer
}

// Join adds a hook to the module and answers the hook's part of the params.
// It panics where two hooks contradict each other: a plugin that cannot be
// built right must not start.
func Join(m abi.Manifest) (params []byte) {
	mine := &module.manifest
	if mine.Name == "" {
		mine.Name, mine.Version = m.Name, m.Version
	}
	if mine.Name != m.Name || mine.Version != m.Version {
		panic("sky: one module, two names: " + mine.Name + " " + mine.Version + " and " + m.Name + " " + m.Version)
	}
	for _, h := range m.Hooks {
		for _, have := range mine.Hooks {
			if h == have {
				panic("sky: the hook " + h + " is served twice")
			}
		}
	}
	mine.Hooks = append(mine.Hooks, m.Hooks...)
	mine.MemoryPages = max(mine.MemoryPages, m.MemoryPages)
	if m.Rows != nil {
		mine.Rows = m.Rows
	}
	if m.Case != nil {
		mine.Case = m.Case
	}
	if m.Params == nil {
		return nil
	}
	return joinParams(mine, m.Params)
}

func joinParams(mine *abi.Manifest, add *abi.ParamBlock) []byte {
	if mine.Params == nil {
		mine.Params = &abi.ParamBlock{}
	}
	all := mine.Params
	base := (all.Size + 7) &^ 7
	if base+add.Size > abi.MaxParams {
		panic("sky: the params are larger than " + strconv.Itoa(abi.MaxParams) + " bytes")
	}
	for _, p := range add.Fields {
		for _, have := range all.Fields {
			if have.Name == p.Name {
				panic("sky: two hooks have a param " + p.Name)
			}
		}
		p.Offset += base
		all.Fields = append(all.Fields, p)
	}
	all.Size = base + add.Size
	block := unsafe.Slice((*byte)(unsafe.Pointer(&module.params[0])), abi.MaxParams)
	return block[base:all.Size:all.Size]
}
