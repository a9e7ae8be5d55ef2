package meter

import (
	"encoding/binary"
	"strings"
)

// Instruction is one of the tables' for a test to try.
type Instruction struct{ Name, Pops, Pushes, Bytes string }

// Instructions lists those whose types do not depend on the module, each with
// immediates that are valid in a module with a memory and a data and an element
// segment.
func Instructions() (all []Instruction) {
	try := func(code string, o op) {
		if o.name == "" || o.imm == special {
			return
		}
		pushes := o.pushes
		if o.imm == int32s {
			pushes = "i"
		}
		all = append(all, Instruction{o.name, o.pops, pushes, code + o.imm.example()})
	}
	for code, o := range plain {
		try(string([]byte{byte(code)}), o)
	}
	for code, o := range misc {
		try("\xfc"+string(binary.AppendUvarint(nil, uint64(code))), o)
	}
	for code, o := range vector {
		try("\xfd"+string(binary.AppendUvarint(nil, uint64(code))), o)
	}
	return all
}

func (i immediate) example() string {
	s := map[immediate]string{memory: "\x00", grow: "\x00", memories: "\x00\x00", memoryLen: "\x00", dataMemory: "\x00\x00",
		data: "\x00", elem: "\x00", int32s: "\x7f", int64s: "\x7f",
		bytes4: "1234", bytes8: "12345678", bytes16: "1234567890123456", shuffle: strings.Repeat("\x1f", 16)}[i]
	if high := i.maxAlign(); high >= 0 {
		s += string([]byte{byte(high), 8})
	}
	if lanes := i.lanes(); lanes > 0 {
		s += string([]byte{byte(lanes - 1)})
	}
	return s
}
