package policytest

import (
	"bytes"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// SignallingManifest is what an echo says of itself.
const SignallingManifest = `{"name":"echo","version":"1.0.0","hooks":["signalling"]}`

// Echo is a signalling guest that passes everything on as it is.
func Echo() *Module {
	m := Introduced(SignallingManifest)
	m.Funcs = append(m.Funcs, &Func{Export: abi.SkyTrim, Params: "ii", Results: "I", Body: answered(0)})
	return m
}

// answered packs what stands behind the kind, without its last bytes or (less than none) with some more.
func answered(without int32) []byte {
	return Ops(
		Loop, Get(0), Load8, IfThen, // not yet the zero behind the kind
		Get(0), Const(1), Add, Set(0), Get(1), Const(1), Sub, Set(1), Again, End, End,
		Get(0), Const(1), Add, toLong, Const64(32), shiftLeft,
		Get(1), Const(1+without), Sub, toLong, or64)
}

var (
	toLong    = []byte{0xad} // i64.extend_i32_u
	shiftLeft = []byte{0x86}
	or64      = []byte{0x84}
)

// HostileSignalling are guests that load and then misbehave when asked about an
// offer of 64 bytes or more.
func HostileSignalling() []Hostile {
	hooks := []string{abi.HookSignalling}
	does := func(ops ...[]byte) []byte { return Echo().Body(abi.SkyTrim, ops...).Bytes() }
	spin := Ops(Loop, []byte{0x0c, 0}, End)
	forged := bytes.Repeat([]byte("a=candidate:evil\r\n"), 2)
	inject := Echo().Body(abi.SkyTrim, Const64(abi.Pack(heapAt-256, uint32(len(forged)))))
	inject.Data = append(inject.Data, Data{heapAt - 256, forged})
	broken := Echo().Body(abi.SkyTrim, Const64(abi.Pack(heapAt-256, 4)))
	broken.Data = append(broken.Data, Data{heapAt - 256, []byte{'v', '=', 0xff, 0xfe}})
	return []Hostile{
		{"traps", does(Unreachable), true, 0, hooks},
		{"traps on the third call", does(nth(3, Unreachable), answered(0)), true, 3, hooks},
		{"spins", does(spin, Const64(0)), true, 0, hooks},
		{"answers nothing", does(Const64(0)), false, 0, hooks},
		{"answers an empty piece", does(Const64(abi.Pack(16, 0))), false, 0, hooks},
		{"answers outside", does(Const64(abi.Pack(0x7fff_ffff, 10))), false, 0, hooks},
		{"answers over the edge", does(Const64(abi.Pack(4*65536-4, 5))), false, 0, hooks},
		{"answers too much", does(Const64(abi.Pack(16, abi.MaxSignal+1))), false, 0, hooks},
		{"answers more than was asked", does(answered(-8)), false, 0, hooks},
		{"cuts the end off", does(answered(20)), false, 0, hooks},
		{"writes lines of its own", inject.Bytes(), false, 0, hooks},
		{"writes no text", broken.Bytes(), false, 0, hooks},
	}
}

// Sleeper passes a self-check, whose pieces are small, and traps on one of 4 KB
// and more.
func Sleeper() []byte {
	const large = 4 << 10
	return Echo().Body(abi.SkyTrim, Ops(Const(large), Get(1), Less, IfThen, Unreachable, End), answered(0)).Bytes()
}
