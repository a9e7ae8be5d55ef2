package wasm_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/sdk/abi"
)

// TestAPanicIsToldFromTooMuchComputing: with a server's own limits the verdict
// on a Go rule that panics has its words, the log has its stack, and every node
// gives the same verdict.
func TestAPanicIsToldFromTooMuchComputing(t *testing.T) {
	const indexOut, ownError, ownWords, nilMap, mended, pretends, greedy, spins, lies = 241, 242, 243, 244, 245, 246, 247, 248, 249
	var log lines
	clock := time.Unix(1_790_000_000, 0)
	p := load(t, policytest.Build(t, "./testdata/guests/panics"), wasm.Options{
		Instances: 1, CacheDir: policytest.CacheDir(t), Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return clock },
	})
	m := openMatch(t, p)
	m.Set(0, &policy.Person{Age: 20})
	ask := func(age uint8) (int32, error) {
		clock = clock.Add(time.Second)
		m.Set(1, &policy.Person{Age: age})
		var out [1]int32
		err := m.Score(context.Background(), 0, 0, 1, out[:])
		return out[0], err
	}
	for _, c := range []struct {
		age    uint8
		says   string // the whole verdict
		fuel   bool   // was it for computing too much
		logged string
	}{
		{indexOut, "it panicked: runtime error: index out of range [20] with length 3", false, "panics/main.go:"},
		{ownError, "it panicked: heights: no such unit", false, "panic: heights: no such unit"},
		{ownWords, "it panicked: two \uFFFD[2Jlines", false, "and one too many"},
		{nilMap, "it panicked: assignment to entry in nil map", false, "goroutine 1"},
		{greedy, "it panicked: give me more", false, "panic: give me more"},
		{spins, "plugin ran out of fuel: 255000 units were not enough", true, ""},
		{lies, "plugin ran out of fuel: 255000 units were not enough", true, "panic: not at all"},
	} {
		var verdicts [2]string
		for i := range verdicts {
			before := p.Stats().Match
			_, err := ask(c.age)
			after := p.Stats().Match
			if !errors.Is(err, policy.ErrTrap) || errors.Is(err, policy.ErrFuel) != c.fuel || (after.OutOfFuel > before.OutOfFuel) != c.fuel || after.Trapped != before.Trapped+1 {
				t.Fatalf("%d: %v, %+v", c.age, err, after)
			}
			if used := after.Fuel - before.Fuel; used > 16_000_000 { // starting an instance included
				t.Errorf("%d: it took %d units", c.age, used)
			}
			verdicts[i] = err.Error()
		}
		if verdicts[0] != "wasm: match: plugin trapped: "+c.says || verdicts[1] != verdicts[0] {
			t.Errorf("%d: %q", c.age, verdicts)
		}
		if log.count(c.logged) == 0 {
			t.Errorf("%d: the log lacks %q", c.age, c.logged)
		}
	}
	for age, want := range map[uint8]int32{mended: 7, pretends: pretends, 40: 40} {
		if got, err := ask(age); got != want || err != nil {
			t.Errorf("%d: %d, %v", age, got, err)
		}
	}
}

// TestWhyItDidNotStart: what a plugin prints while it dies at the start is in
// the refusal, though nobody reads its log.
func TestWhyItDidNotStart(t *testing.T) {
	for name, c := range map[string]struct {
		print, says string
	}{
		"a panic":       {"panic: sky: Profile.Langs is a uint8\ngoroutine 1", "it panicked: sky: Profile.Langs is a uint8"},
		"out of memory": {"\nfatal error: out of memory\n", "it panicked: out of memory"},
		"no words yet":  {"panic: ", "it panicked"},
		"its own way":   {"one\nmy table is broken\n", "the last it printed: my table is broken"},
		"nothing":       {"", "plugin trapped: wasm error: unreachable"},
		"a long story":  {"panic: " + strings.Repeat("long ", 200), strings.Repeat("long ", 40) + "…"},
	} {
		m := policytest.Plain()
		m.Imports = []policytest.Import{{Module: "wasi_snapshot_preview1", Name: "fd_write", Params: "iiii", Results: "i"}}
		const vectorAt, textAt, writtenAt = 8192, 8208, 8200
		m.Data = append(m.Data, policytest.Data{At: textAt, Bytes: []byte(c.print)})
		m.Funcs = append(m.Funcs, &policytest.Func{Export: abi.Initialize, Body: policytest.Ops(
			policytest.Const(vectorAt), policytest.Const(textAt), policytest.Store32,
			policytest.Const(vectorAt+4), policytest.Const(int32(len(c.print))), policytest.Store32,
			policytest.Const(2), policytest.Const(vectorAt), policytest.Const(1), policytest.Const(writtenAt), policytest.Call(0), policytest.Drop,
			policytest.Unreachable)})
		_, err := wasm.Load(context.Background(), m.Bytes(), small())
		if !errors.Is(err, policy.ErrRefused) || !strings.HasPrefix(err.Error(), "wasm: load: plugin refused: it does not start: ") ||
			!strings.HasSuffix(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVerdictsAreOneLine: whatever a plugin prints, a verdict is one line of
// bounded length that draws nothing on a terminal.
func TestVerdictsAreOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		why := wasm.Because(rapid.SliceOf(rapid.String()).Draw(t, "lines"), rapid.Bool().Draw(t, "panicked"))
		if len(why) > 3*200+80 || strings.ContainsFunc(why, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q", why)
		}
	})
}
