package wasm

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// system is all the world an instance has: a clock that stands still unless the
// plugin sleeps, numbers that look random and are the same every time, and a
// log. Nothing in it differs between two runs or two machines.
type system struct {
	log    *pluginLog
	tank   *tank
	line   []byte // not ended yet
	said   said   // during the call that runs
	extra  int64  // fuel it was given for its last words
	clock  uint64 // nanoseconds since 1970
	random uint64
}

type systemKey struct{}

func newSystem(log *pluginLog) *system {
	const newYear2020 = 1_577_836_800_000_000_000
	return &system{log: log, clock: newYear2020, random: 0x6e6170616c6d}
}

func systemOf(ctx context.Context) *system { return ctx.Value(systemKey{}).(*system) }

// print passes whole lines on to the log. aloud is standard error, where a
// runtime's last words are heard.
func (s *system) print(b []byte, aloud bool) {
	for _, c := range b {
		if c == '\n' {
			s.flush()
			continue
		}
		if s.line = append(s.line, c); aloud && !s.said.panicked && begins(s.line) {
			s.said.panicked = true
			s.extra = s.tank.add(speechFuel)
		}
		if len(s.line) == logLine {
			s.flush()
		}
	}
}

func (s *system) flush() {
	if len(s.line) > 0 {
		s.said.line(string(s.line))
		s.log.write(s.line)
		s.line = s.line[:0]
	}
}

// hush begins a call: what was printed before is none of its business.
func (s *system) hush() {
	s.flush()
	s.said, s.extra = said{}, 0
}

// next is splitmix64.
func (s *system) next() uint64 {
	s.random += 0x9e3779b97f4a7c15
	z := s.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// exit is what ends a plugin that wants to end: it unwinds the call as a trap.
type exit string

func (e exit) Error() string { return string(e) }

// Error numbers of WASI preview 1.
const (
	wasiOK    = 0
	wasiBadFD = 8
	wasiFault = 21
	wasiInval = 28
)

// In the functions below an i32 argument is the low half of its word; the high
// half is rubbish.

func clockTime(ctx context.Context, m api.Module, a []uint64) uint64 { // (id, precision, to)
	return put64(m, uint32(a[2]), systemOf(ctx).clock)
}

func clockResolution(_ context.Context, m api.Module, a []uint64) uint64 { // (id, to)
	return put64(m, uint32(a[1]), 1)
}

// nothingToGet answers the sizes of an empty list of arguments or variables.
func nothingToGet(_ context.Context, m api.Module, a []uint64) uint64 { // (count, bytes)
	if !m.Memory().WriteUint32Le(uint32(a[0]), 0) || !m.Memory().WriteUint32Le(uint32(a[1]), 0) {
		return wasiFault
	}
	return wasiOK
}

func randomGet(ctx context.Context, m api.Module, a []uint64) uint64 { // (to, n)
	to, ok := m.Memory().Read(uint32(a[0]), uint32(a[1]))
	if !ok {
		return wasiFault
	}
	s := systemOf(ctx)
	s.tank.spend(byteCost * len(to))
	for len(to) > 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], s.next())
		to = to[copy(to, word[:]):]
	}
	return wasiOK
}

// fdStat lets a language's library believe in its standard streams; Go's own
// leaves os.Stdout nil without.
func fdStat(_ context.Context, m api.Module, a []uint64) uint64 { // (fd, to)
	if uint32(a[0]) > 2 {
		return wasiBadFD
	}
	const size, characterDevice = 24, 2
	to, ok := m.Memory().Read(uint32(a[1]), size)
	if !ok {
		return wasiFault
	}
	clear(to)
	to[0] = characterDevice
	return wasiOK
}

// fdWrite takes everything written to standard output and error.
func fdWrite(ctx context.Context, m api.Module, a []uint64) uint64 { // (fd, vectors, n, written)
	const stdout, stderr = 1, 2
	fd := uint32(a[0])
	if fd != stdout && fd != stderr {
		return wasiBadFD
	}
	const most = 1024
	n := uint32(a[2])
	if n > most {
		return wasiInval
	}
	vectors, ok := m.Memory().Read(uint32(a[1]), n*8)
	if !ok {
		return wasiFault
	}
	written, room := uint32(0), logLines*logLine
	s := systemOf(ctx)
	s.tank.spend(vectorCost * int(n))
	for ; len(vectors) > 0; vectors = vectors[8:] {
		b, ok := m.Memory().Read(binary.LittleEndian.Uint32(vectors), binary.LittleEndian.Uint32(vectors[4:]))
		if !ok {
			return wasiFault
		}
		written += uint32(len(b))
		b = b[:min(len(b), room)]
		room -= len(b)
		s.tank.spend(byteCost*len(b) + lineCost*bytes.Count(b, []byte{'\n'}))
		s.print(b, fd == stderr)
	}
	if !m.Memory().WriteUint32Le(uint32(a[3]), written) {
		return wasiFault
	}
	return wasiOK
}

// pollOneOff ends every sleep at once and sets the clock to when it would have
// ended, or a loop that waits for time to pass would never end.
func pollOneOff(ctx context.Context, m api.Module, a []uint64) uint64 { // (subscriptions, events, n, happened)
	const subscription, event, most = 48, 32, 64
	n := uint32(a[2])
	if n == 0 || n > most {
		return wasiInval
	}
	asked, ok := m.Memory().Read(uint32(a[0]), n*subscription)
	if !ok {
		return wasiFault
	}
	told, ok := m.Memory().Read(uint32(a[1]), n*event)
	if !ok {
		return wasiFault
	}
	s := systemOf(ctx)
	for i := range int(n) {
		sub := append([]byte(nil), asked[i*subscription:][:subscription]...) // the two may overlap
		e := told[i*event:][:event]
		clear(e)
		copy(e, sub[:8]) // the asker's own mark
		e[10] = sub[8]   // what it was about
		if sub[8] != 0 { // not a clock: there are no files to wait for
			binary.LittleEndian.PutUint16(e[8:], wasiBadFD)
			continue
		}
		until := binary.LittleEndian.Uint64(sub[24:])
		if absolute := sub[40]&1 != 0; !absolute {
			until += s.clock
		}
		s.clock = max(s.clock, until)
	}
	if !m.Memory().WriteUint32Le(uint32(a[3]), n) {
		return wasiFault
	}
	return wasiOK
}

func put64(m api.Module, to uint32, v uint64) uint64 {
	if !m.Memory().WriteUint64Le(to, v) {
		return wasiFault
	}
	return wasiOK
}

func procExit(_ context.Context, _ api.Module, a []uint64) uint64 {
	panic(exit(fmt.Sprintf("it exited with code %d", uint32(a[0]))))
}

func abort(context.Context, api.Module, []uint64) uint64   { panic(exit("it called abort")) }
func succeed(context.Context, api.Module, []uint64) uint64 { return wasiOK }
func noFile(context.Context, api.Module, []uint64) uint64  { return wasiBadFD }
