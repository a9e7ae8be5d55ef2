package policytest

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Fate is what must become of an attack on a server whose evening is under way.
type Fate string

const (
	FateRefused     Fate = "refused"     // not loaded; the sentence names Attack.Why
	FateQuarantined Fate = "quarantined" // loaded, and taken out of service for its failures
	FateHarmless    Fate = "harmless"    // loaded; whatever it answers is within the contract
	FateAny         Fate = "any of them" // nobody can say beforehand
)

// Attack is one guest of the hostile corpus.
type Attack struct {
	Name   string
	Module []byte
	Fate   Fate
	Why    string
	Hook   string // the only one a guest of another fate than FateRefused serves
}

// AskedInTheEvening is the length of call, in seconds, that sets off the
// attacks on the cooldown hook: the host's self-check never asks for it.
const AskedInTheEvening = 600

// selfCheckNow is the time at which the host's self-check scores. An attack
// that keeps quiet at it is an attack on the evening itself.
const selfCheckNow = 1_790_000_000_000

// Attacks is the whole corpus, by unique names. The host's memory cap must be
// 64 pages; testdata/guests/hostile lists it in prose.
func Attacks() []Attack {
	var all []Attack
	for _, g := range RefusedGuests() {
		all = append(all, Attack{Name: g.Name, Module: g.Module, Fate: FateRefused, Why: g.Why})
	}
	for _, g := range HostileGuests() {
		all = append(all, Attack{Name: g.Name, Module: g.Module, Fate: FateRefused, Why: "self-check"})
	}
	all = append(all, refusedBombs()...)
	all = append(all, liars()...)
	all = append(all, sleepers()...)
	all = append(all, oddScores()...)
	return append(all, flipped()...)
}

// only is a plain guest that serves one hook and keeps nobody apart.
func only(hook string) *Module {
	layout := map[string]string{
		abi.HookMatch:    `,"rows":{"size":8,"fields":[{"name":"age","offset":0,"type":"u8"}]}`,
		abi.HookCooldown: `,"case":{"size":8,"fields":[{"name":"asked","offset":0,"type":"i64"}]}`,
	}
	m := Introduced(fmt.Sprintf(`{"name":"hostile-%s","version":"1.0.0","hooks":[%q]%s}`, hook, hook, layout[hook]))
	return m.Body(abi.SkyCooldown, Const64(0))
}

// Lenient is a cooldown guest that keeps nobody apart.
func Lenient() []byte { return only(abi.HookCooldown).Bytes() }

// Instructions that only attacks need.
var (
	notEqual64  = []byte{0x52} // i64.ne
	forEver     = []byte{0x03, 0x40, 0x0c, 0, 0x0b}
	load32      = []byte{0x28, 2, 0}
	divide      = []byte{0x6d}
	memoryFill  = []byte{0xfc, 0x0b, 0}
	memoryCopy  = []byte{0xfc, 0x0a, 0, 0}
	tableGrow   = []byte{0xd0, 0x70, 0x41, 0xc0, 0x84, 0x3d, 0xfc, 0x0f, 0, 0x1a} // by a million
	twoCallsOf  = func(self int) []byte { return Ops(Get(0), IfThen, down(self), down(self), End) }
	down        = func(self int) []byte { return Ops(Get(0), Const(1), Sub, Call(self)) }
	aTable      = func(entries int) []byte { return Ops(u(1), []byte{0x70, 0}, u(entries)) }
	again       = func(ops ...[]byte) []byte { return Ops([]byte{0x03, 0x40}, Ops(ops...), []byte{0x0c, 0, 0x0b}) }
	inTheTable  = []byte{0x11, 0, 0} // call_indirect
	wholeMemory = Const(4 * 65536)
)

// later does something when the evening asks to score, and not in the self-check.
func later(ops ...[]byte) []byte {
	return Ops(Get(0), Const64(selfCheckNow), notEqual64, IfThen, Ops(ops...), End)
}

// inCall does it when the cooldown of an evening's call is asked for.
func inCall(ops ...[]byte) []byte {
	return Ops(Get(0), []byte{0x29, 3, 0}, Const64(AskedInTheEvening), []byte{0x51}, IfThen, Ops(ops...), End)
}

// scoring has a match guest do something before it scores, either way.
func scoring(m *Module, ops []byte) []byte {
	for _, f := range []string{abi.SkyScore, abi.SkyScoreFor} {
		m.Func(f).Body = Ops(ops, m.Func(f).Body)
	}
	return m.Bytes()
}

func with(change func(*Module)) []byte {
	m := Plain()
	change(m)
	return m.Bytes()
}

// refusedBombs go off, or would, while they are read, compiled or started.
func refusedBombs() []Attack {
	refused := func(name, why string, change func(*Module)) Attack {
		return Attack{Name: name, Module: with(change), Fate: FateRefused, Why: why}
	}
	body := func(ops ...[]byte) func(*Module) { return func(m *Module) { m.Body(abi.SkyCooldown, ops...) } }
	imports := func(from, name string) func(*Module) {
		return func(m *Module) { m.Imports = []Import{{from, name, "", ""}} }
	}
	section := func(id byte, whole ...[]byte) func(*Module) {
		return func(m *Module) { m.Sections = map[byte][]byte{id: Ops(whole...)} }
	}
	return []Attack{
		refused("spins in its start section", "does not start", func(m *Module) {
			m.Start = &Func{Body: forEver}
			m.Funcs = append(m.Funcs, m.Start)
		}),
		refused("spins in _initialize", "does not start", func(m *Module) {
			m.Funcs = append(m.Funcs, &Func{Export: abi.Initialize, Body: forEver})
		}),
		refused("spins in its manifest", abi.SkyManifest, func(m *Module) { m.Body(abi.SkyManifest, forEver, Const64(0)) }),
		refused("spins when it allocates", "does not start", func(m *Module) { m.Body(abi.SkyAlloc, forEver, Const(0)) }),
		refused("giant data segment", "bytes of data", func(m *Module) { m.Data = append(m.Data, Data{0, make([]byte, 9<<20)}) }),
		refused("data outside its memory", "does not start", func(m *Module) { m.Data = append(m.Data, Data{math.MaxInt32, []byte("x")}) }),
		refused("a million globals", "globals", func(m *Module) { m.Globals = make([]int32, 1_000_000) }),
		refused("a million elements", "elements", func(m *Module) {
			m.Sections = map[byte][]byte{4: aTable(1), 9: Ops(u(1), u(0), Const(0), End, u(1_000_000), make([]byte, 1_000_000))}
		}),
		refused("huge table", "67108864", section(4, aTable(1<<26))),
		refused("nine tables", "tables", section(4, u(9), bytes.Repeat([]byte{0x70, 0, 1}, 9))),
		refused("huge br_table", "br_table", body(Const(0), []byte{0x0e}, u(10_000), make([]byte, 10_001), Unreachable)),
		refused("huge frame", "locals", func(m *Module) { m.Locals = map[*Func]int{m.Func(abi.SkyCooldown): 50_000} }),
		refused("frame without end", "locals", func(m *Module) { m.Locals = map[*Func]int{m.Func(abi.SkyCooldown): math.MaxUint32} }),
		refused("deep operands", "operands", body(bytes.Repeat(Const(0), 2_000), bytes.Repeat(Drop, 2_000), Const64(0))),
		refused("ten thousand blocks deep", "blocks", body(bytes.Repeat([]byte{0x02, 0x40}, 10_000), bytes.Repeat(End, 10_000), Const64(0))),
		refused("sixty thousand functions", "allowed", func(m *Module) {
			for range 60_000 {
				m.Funcs = append(m.Funcs, &Func{})
			}
		}),
		refused("a function of two megabytes", "bytes in one function", body(make([]byte, 0), bytes.Repeat([]byte{0x01}, 2<<20), Const64(0))),
		refused("section longer than the file", "does not compile", section(11, u(1<<30))),
		refused("names the fuel global", "global 3", body(Const64(math.MaxInt64), SetGlobal(3), Const64(0))),
		refused("exports the fuel's name", "sky:fuel", func(m *Module) { m.Exports = [][]byte{Ops(text("sky:fuel"), []byte{3}, u(0))} }),
		refused("imports the fuel's name", "sky:fuel", imports("env", "sky:fuel")),
		refused("threads", "threads", body(Const(0), []byte{0xfe, 0x10, 2, 0}, Drop, Const64(0))),
		refused("shared memory", "threads", section(5, u(1), []byte{3, 1, 4})),
		refused("exceptions", "exceptions", body([]byte{0x06, 0x40}, End, Const64(0))),
		refused("tail call", "tail call", body(Const(0), []byte{0x12}, u(6))),
		refused("unknown opcode", "0x27", body([]byte{0x27}, Const64(0))),
		refused("does not type-check", "does not compile", body(Const(0))),
	}
}

// liars load, and are found out by the questions of the self-check.
func liars() []Attack {
	const check = "in the self-check"
	count := Ops(GetGlobal(2), Const(1), Add, SetGlobal(2))
	one := only(abi.HookMatch)
	one.Func(abi.SkyScore).Body = every(1)
	counts := only(abi.HookMatch)
	for _, f := range []string{abi.SkyScore, abi.SkyScoreFor} {
		counts.Func(f).Body = Ops(count, everyGlobal(2))
	}
	moods := only(abi.HookCooldown).Body(abi.SkyCooldown, count, GetGlobal(2), []byte{0xac})
	over := only(abi.HookMatch).Body(abi.SkyRows, Const(heapAt)) // where its first buffer, the answers', lies
	over.Globals[1] = heapAt
	rows := only(abi.HookMatch).Body(abi.SkyRows, forEver, Const(0))
	return []Attack{
		{"scores one way and the other differently", one.Bytes(), FateRefused, check, ""},
		{"scores by the call", counts.Bytes(), FateRefused, check, ""},
		{"cooldowns by the call", moods.Bytes(), FateRefused, "to the same case", ""},
		{"rows and answers in one place", over.Bytes(), FateRefused, check, ""},
		{"spins when asked for rows", rows.Bytes(), FateRefused, check, ""},
		{"serves fewer hooks than it says", Introduced(strings.Replace(PlainManifest, `"trim"]`, `"match"]`, 1)).Bytes(), FateRefused, "twice", ""},
	}
}

// sleepers pass every check and misbehave once the evening asks.
func sleepers() []Attack {
	match := func(name string, ops ...[]byte) Attack {
		return Attack{name, scoring(only(abi.HookMatch), later(ops...)), FateQuarantined, "", abi.HookMatch}
	}
	calls := func(name string, locals int, params string, body func(self int) []byte, args ...[]byte) Attack {
		m := only(abi.HookMatch)
		f := &Func{Params: params, Body: body(len(m.Funcs))}
		m.Funcs = append(m.Funcs, f)
		m.Locals = map[*Func]int{f: locals}
		return Attack{name, scoring(m, later(Ops(args...), Call(len(m.Funcs)-1))), FateQuarantined, "", abi.HookMatch}
	}
	tabled := func(name string, ops ...[]byte) Attack {
		m := only(abi.HookMatch)
		m.Sections = map[byte][]byte{4: aTable(1)}
		return Attack{name, scoring(m, later(ops...)), FateQuarantined, "", abi.HookMatch}
	}
	imports := func(name, function, params string, ops ...[]byte) Attack {
		m := only(abi.HookMatch)
		m.Imports = []Import{{"wasi_snapshot_preview1", function, params, "i"}}
		if function == "proc_exit" {
			m.Imports[0].Results = ""
		}
		m.Data = append(m.Data, Data{3000, []byte{16, 0, 0, 0, 0xe8, 3, 0, 0}}) // an iovec of 1,000 bytes
		return Attack{name, scoring(m, later(ops...)), FateQuarantined, "", abi.HookMatch}
	}
	cooldown := func(name string, ops ...[]byte) Attack {
		m := only(abi.HookCooldown)
		m.Body(abi.SkyCooldown, inCall(ops...), Const64(0))
		return Attack{name, m.Bytes(), FateQuarantined, "", abi.HookCooldown}
	}
	answer := func(seconds int64) []byte { return Ops(Const64(seconds), []byte{0x0f}) }
	chase := Ops(Get(1), Const(1103515245), Mul, Const(12345), Add, Const(4*65536-4), And, Set(1), Get(1), load32, Get(1), Add, Set(1))
	return []Attack{
		match("spins", forEver),
		calls("calls exponentially", 0, "i", twoCallsOf, Const(60)),
		calls("recurses with a large frame", 1_000, "", func(self int) []byte { return Call(self) }),
		match("grows in a loop", again(Const(1), Grow, Drop)),
		match("fills its memory in a loop", again(Const(0), Const(0x55), wholeMemory, memoryFill)),
		match("copies its memory in a loop", again(Const(0), Const(0), wholeMemory, memoryCopy)),
		match("chases pointers", again(chase)),
		match("traps in the evening", Unreachable),
		match("traps on every third call", nth(3, Unreachable)),
		match("writes outside in the evening", Const(-4), Const(1), Store32),
		match("divides by zero", Const(1), Const(0), divide, Drop),
		tabled("grows its table in a loop", again(tableGrow)),
		tabled("calls through an empty table", Const(0), inTheTable, Drop),
		imports("floods the log", "fd_write", "iiii", again(Const(2), Const(3000), Const(1), Const(3008), Call(0), Drop)),
		imports("asks for chance in a loop", "random_get", "ii", again(Const(65536), Const(65536), Call(0), Drop)),
		imports("exits in the evening", "proc_exit", "i", Const(0), Call(0)),
		cooldown("cooldown spins in the evening", forEver),
		cooldown("cooldown traps in the evening", Unreachable),
		cooldown("cooldown below zero in the evening", answer(-1)),
		cooldown("cooldown beyond measure in the evening", answer(math.MaxInt64)),
	}
}

// oddScores are allowed, however mad: the host orders people by them and no more.
func oddScores() []Attack {
	scores := func(name string, body []byte) Attack {
		m := only(abi.HookMatch)
		m.Func(abi.SkyScore).Body, m.Func(abi.SkyScoreFor).Body = body, body
		return Attack{name, m.Bytes(), FateHarmless, "", abi.HookMatch}
	}
	return []Attack{
		scores("scores the bits of a NaN", every(0x7fc00000)),
		scores("scores the greatest there is", every(math.MaxInt32)),
		scores("scores far below zero", every(math.MinInt32+1)),
		scores("forgets to answer", nil),
		{"writes over its rows", scoring(only(abi.HookMatch), later(Const(0), Const(0x55), wholeMemory, memoryFill)), FateHarmless, "", abi.HookMatch},
	}
}

// flipped is a plain guest with one bit in the wrong state, in many places.
func flipped() []Attack {
	plain := only(abi.HookMatch).Bytes()
	var all []Attack
	for i := range 12 {
		bit := (2*i + 1) * len(plain) * 8 / 24
		module := bytes.Clone(plain)
		module[bit/8] ^= 1 << (bit % 8)
		all = append(all, Attack{fmt.Sprintf("a bit flipped, %d", i+1), module, FateAny, "", abi.HookMatch})
	}
	return all
}

// every writes one number for each row.
func every(score int32) []byte { return writeEach(Const(score)) }

func everyGlobal(i int) []byte { return writeEach(GetGlobal(i)) }

func writeEach(value []byte) []byte {
	return Ops(Loop, Get(3), IfThen, Get(4), value, Store32,
		Get(4), Const(4), Add, Set(4), Get(3), Const(1), Sub, Set(3), Again, End, End)
}
