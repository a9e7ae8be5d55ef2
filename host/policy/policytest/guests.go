package policytest

import (
	"bytes"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Where things stand in the memory of a plain guest.
const (
	manifestAt = 16
	planAt     = 2048
	heapAt     = 4096
)

// PlainManifest is what a plain guest says of itself.
const PlainManifest = `{"name":"plain","version":"1.0.0","hooks":["match","cooldown","trim"],` +
	`"rows":{"size":8,"fields":[{"name":"age","offset":0,"type":"u8"}]},` +
	`"case":{"size":8,"fields":[{"name":"talked","offset":0,"type":"u32"}]},"someday":"unknown members pass"}`

// PlainPlan is its plan, for any question.
const PlainPlan = `{"text":{"bio":140}}`

// Plain is a guest that serves all three hooks and behaves: everyone's score
// is their age (seen the other way round, the candidate's), every cooldown an
// hour, every plan PlainPlan.
func Plain() *Module { return Introduced(PlainManifest) }

// Introduced is a plain guest with another manifest.
func Introduced(manifest string) *Module {
	m := &Module{Pages: 4, Globals: []int32{heapAt, 0, 0}} // heap, table, calls
	m.Data = []Data{{manifestAt, []byte(manifest)}, {planAt, []byte(PlainPlan)}}
	m.Funcs = []*Func{
		{abi.SkyABI, "", "i", Const(abi.Version)},
		{abi.SkyManifest, "", "I", Const64(abi.Pack(manifestAt, uint32(len(manifest))))},
		{abi.SkyAlloc, "i", "i", Ops( // heap before; heap += (n + 7) &^ 7
			GetGlobal(0), GetGlobal(0), Get(0), Const(7), Add, Const(-8), And, Add, SetGlobal(0))},
		{abi.SkyRows, "i", "i", Ops( // the table lies in pages of its own
			Get(0), Const(8), Mul, Const(65535), Add, Const(16), []byte{0x76}, Grow, Const(65536), Mul, SetGlobal(1), GetGlobal(1))},
		{abi.SkyScore, "Iiiii", "", each(2)},
		{abi.SkyScoreFor, "Iiiii", "", each(1)},
		{abi.SkyCooldown, "i", "I", Const64(3600)},
		{abi.SkyTrimPlan, "ii", "I", Const64(abi.Pack(planAt, uint32(len(PlainPlan))))},
	}
	return m
}

// each writes, count times, the first byte of the row whose number is in a
// parameter: 2 moves on from row to row, 1 stays with one person.
func each(row int) []byte {
	step := Ops(Get(2), Const(1), Add, Set(2))
	return Ops(Loop, Get(3), IfThen,
		Get(4), GetGlobal(1), Get(row), Const(8), Mul, Add, Load8, Store32,
		step, Get(4), Const(4), Add, Set(4), Get(3), Const(1), Sub, Set(3),
		Again, End, End)
}

// nth counts calls and does something on the nth of an instance.
func nth(n int32, something []byte) []byte {
	return Ops(GetGlobal(2), Const(1), Add, SetGlobal(2), GetGlobal(2), Const(n), Equal, IfThen, something, End)
}

// Refused is a guest that must not be loaded.
type Refused struct {
	Name   string
	Module []byte
	Why    string // what the refusal must name
}

// RefusedGuests lists them. The host's memory cap must be at most 64 pages.
func RefusedGuests() []Refused {
	plain := Plain().Bytes()
	signature := Plain()
	signature.Func(abi.SkyCooldown).Params = "I"
	memory := Plain()
	memory.Pages = 65
	hidden := Plain()
	hidden.NoMemory = true
	start := Plain()
	start.Start = &Func{Body: Unreachable}
	start.Funcs = append(start.Funcs, start.Start)
	imports := func(module, name, params, results string) []byte {
		m := Plain()
		m.Imports = []Import{{module, name, params, results}}
		return m.Bytes()
	}
	manifest := func(from, to string) []byte {
		return Introduced(string(bytes.Replace([]byte(PlainManifest), []byte(from), []byte(to), 1))).Bytes()
	}
	return []Refused{
		{"empty", nil, "no core WebAssembly"},
		{"text", []byte("#!/bin/sh\n"), "no core WebAssembly"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), "no core WebAssembly"},
		{"too large", append(bytes.Clone(plain), make([]byte, 16<<20)...), "bytes"},
		{"truncated", plain[:len(plain)-20], "does not compile"},
		{"wrong ABI", Plain().Body(abi.SkyABI, Const(2)).Bytes(), "ABI version 2"},
		{"missing export", Plain().Without(abi.SkyAlloc).Bytes(), abi.SkyAlloc},
		{"missing hook", Plain().Without(abi.SkyScoreFor).Bytes(), abi.SkyScoreFor},
		{"hidden memory", hidden.Bytes(), `"memory"`},
		{"wrong signature", signature.Bytes(), abi.SkyCooldown},
		{"forbidden import", imports("env", "system", "i", "i"), "env.system"},
		{"network", imports("wasi_snapshot_preview1", "sock_accept", "iii", "i"), "sock_accept"},
		{"import of another type", imports("wasi_snapshot_preview1", "proc_exit", "I", ""), "proc_exit"},
		{"starts with too much memory", memory.Bytes(), "does not compile"},
		{"traps in its start section", start.Bytes(), "does not start"},
		{"no manifest", Plain().Body(abi.SkyManifest, Const64(0)).Bytes(), abi.SkyManifest},
		{"manifest outside", Plain().Body(abi.SkyManifest, Const64(abi.Pack(0xffff_fff0, 0x20))).Bytes(), "outside its memory"},
		{"manifest without end", Plain().Body(abi.SkyManifest, Const64(abi.Pack(16, 0xffff_ffff))).Bytes(), "an answer of"},
		{"manifest is no JSON", manifest("{", "("), "not readable"},
		{"allocates outside", Plain().Body(abi.SkyAlloc, Const(-4)).Bytes(), "outside its memory"},
		{"asks for too much memory", manifest(`"someday"`, `"memory_pages":65,"someday"`), "65 pages"},
		{"unknown hook", manifest(`"trim"]`, `"mind"]`), `"mind"`},
		{"unknown field", manifest(`"age"`, `"iq"`), `"iq"`},
		{"field too small", manifest(`"name":"age"`, `"name":"tags"`), `"tags"`},
		{"field outside its row", manifest(`"offset":0,"type":"u8"`, `"offset":8,"type":"u8"`), `"age"`},
		{"giant rows", manifest(`"size":8`, `"size":100000`), "100000 bytes"},
		{"name for another place", manifest(`"plain"`, `"../plain"`), "../plain"},
		{"params without a place", manifest(`"someday"`, `"params":{"size":4,"fields":[{"name":"a","offset":0,"type":"i32","min":0,"max":1}]},"someday"`), abi.SkyParams},
	}
}

// Hostile is a guest that loads and then misbehaves, in each of its hooks.
type Hostile struct {
	Name   string
	Module []byte
	// Trap: the error is policy.ErrTrap; otherwise it is policy.ErrInvalid.
	Trap bool
	// Nth is the one call of an instance, from 1, that fails; 0: every call.
	Nth int
	// Hooks that misbehave; the others answer as Plain does.
	Hooks []string
}

// HostileGuests lists them. The host's memory cap must be at most 64 pages.
func HostileGuests() []Hostile {
	all := []string{abi.HookMatch, abi.HookCooldown, abi.HookTrim}
	in := func(m *Module, ops []byte) []byte {
		for _, f := range []string{abi.SkyScore, abi.SkyScoreFor, abi.SkyCooldown, abi.SkyTrimPlan} {
			m.Func(f).Body = Ops(ops, m.Func(f).Body)
		}
		return m.Bytes()
	}
	// Index 0 is an import, so that every function's own number is one higher.
	exits := Plain()
	exits.Imports = []Import{{"wasi_snapshot_preview1", "proc_exit", "i", ""}}
	aborts := Plain()
	aborts.Imports = []Import{{"env", "abort", "iiii", ""}}
	deep := Plain()
	deep.Funcs = append(deep.Funcs, &Func{Body: Call(len(deep.Funcs))})
	return []Hostile{
		{"traps at once", in(Plain(), Unreachable), true, 0, all},
		{"traps on the third call", in(Plain(), nth(3, Unreachable)), true, 3, all},
		{"exits", in(exits, Ops(Const(3), Call(0))), true, 0, all},
		{"aborts", in(aborts, Ops(Const(0), Const(0), Const(0), Const(0), Call(0))), true, 0, all},
		{"calls itself for ever", deep.Body(abi.SkyCooldown, Call(len(deep.Funcs)-1), Const64(0)).Bytes(), true, 0, []string{abi.HookCooldown}},
		{"grows past its cap", in(Plain(), Ops(Const(65), Grow, Const(0), Less, IfThen, Unreachable, End)), true, 0, all},
		{"writes outside", in(Plain(), Ops(Const(-4), Const(1), Store32)), true, 0, all},
		{"rows outside", Plain().Body(abi.SkyRows, Const(-4096)).Bytes(), false, 0, []string{abi.HookMatch}},
		{"rows at nothing", Plain().Body(abi.SkyRows, Const(0)).Bytes(), false, 0, []string{abi.HookMatch}},
		{"negative cooldown", Plain().Body(abi.SkyCooldown, Const64(-1)).Bytes(), false, 0, []string{abi.HookCooldown}},
		{"cooldown for ever", Plain().Body(abi.SkyCooldown, Const64(abi.MaxCooldown+1)).Bytes(), false, 0, []string{abi.HookCooldown}},
		{"plan outside", Plain().Body(abi.SkyTrimPlan, Const64(abi.Pack(0x7fff_ffff, 10))).Bytes(), false, 0, []string{abi.HookTrim}},
		{"plan over the edge", Plain().Body(abi.SkyTrimPlan, Const64(abi.Pack(4*65536-4, 5))).Bytes(), false, 0, []string{abi.HookTrim}},
		{"plan too long", Plain().Body(abi.SkyTrimPlan, Const64(abi.Pack(16, abi.MaxPlan+1))).Bytes(), false, 0, []string{abi.HookTrim}},
		{"no plan", Plain().Body(abi.SkyTrimPlan, Const64(0)).Bytes(), false, 0, []string{abi.HookTrim}},
		{"plan is no JSON", Plain().Body(abi.SkyTrimPlan, Const64(abi.Pack(manifestAt+1, 30))).Bytes(), false, 0, []string{abi.HookTrim}},
	}
}
