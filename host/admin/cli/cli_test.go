package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/admin"
	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// An operator's evening: look, check, load, turn, pause, regret, read what happened.
func TestAnOperatorsEvening(t *testing.T) {
	h := start(t)
	file := h.file("new.wasm", "match-new 2.0.0 match")
	evening := []struct {
		args []string
		says []string // in this order
	}{
		{[]string{"list"}, []string{"HOOK", "DIGEST", "P99", "FAILURES", "match", "match-mutual@1.0.0", "defaults", "1.8 ms", "25,000", "1 trapped, 2 out of fuel, 1 invalid", "cooldown", "trim"}},
		{[]string{"inspect", file}, []string{"match-new@2.0.0 is fit to load", "hooks", "match", "age_window", "years tolerated"}},
		{[]string{"load", file}, []string{"match-new@2.0.0", "serves match, revision 2"}},
		{[]string{"set", "match-new", "age_window=8", "tag_weight=-3"}, []string{"revision 3", "age_window=8"}},
		{[]string{"list"}, []string{"match-new@2.0.0", "age_window=8 tag_weight=-3"}},
		{[]string{"pause", "match"}, []string{"is paused", "revision 4"}},
		{[]string{"list"}, []string{"(paused)"}},
		{[]string{"resume", "match"}, []string{"serves match, revision 5"}},
		{[]string{"rollback", "match"}, []string{"revision 6"}},
		{[]string{"list", "--all"}, []string{"KNOB", "DEFAULT", "age_window", "VERSION", "STATE", "match-new@2.0.0"}},
		{[]string{"history", "--limit", "4"}, []string{"WHEN", "unix:" + fmt.Sprint(os.Getuid()), "rollback", "match-new@2.0.0", "→ match-mutual@1.0.0", "resume", "pause", "set", "older ones: --before "}},
	}
	for _, c := range evening {
		code, out, errs := h.run(c.args...)
		if code != 0 || errs != "" {
			t.Errorf("%v: exit %d, %s", c.args, code, errs)
		}
		rest := out
		for _, want := range c.says {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%v: %q is missing or out of order in\n%s", c.args, want, out)
				break
			}
			rest = after
		}
	}
}

// TestQuarantineIsAskedAbout: an operator is told before, and must want it.
func TestQuarantineIsAskedAbout(t *testing.T) {
	h := start(t)
	file := h.file("bad.wasm", "match-bad 1.0.0 match")
	if code, _, errs := h.run("load", file); code != 0 {
		t.Fatalf("exit %d, %s", code, errs)
	}
	const why = "2026-09-21 20:00:01 UTC, 5 failures within 1m0s, the last one: match: plugin trapped: it panicked: \x1b[2Jno"
	h.registry.Quarantine(h.registry.Status().Serving[0].Digest, why)
	if code, out, _ := h.run("inspect", file); code != 0 || strings.Contains(out, "fit to load") ||
		!strings.Contains(out, "match-bad@1.0.0 is in quarantine: 2026-09-21 20:00:01 UTC, 5 failures") || strings.Contains(out, "\x1b") {
		t.Errorf("exit %d, %q", code, out)
	}
	if code, out, errs := h.run("load", file); code != 1 || out != "" || !strings.Contains(errs, "is in quarantine: 2026-09-21") || !strings.Contains(errs, "--again puts it") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := h.run("load", file, "--again"); code != 0 || !strings.Contains(out, "match-bad@1.0.0") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if _, out, _ := h.run("history", "--limit=1"); !strings.Contains(out, "load again") {
		t.Error(out)
	}
}

func TestHistoryGoesOnWhereItSays(t *testing.T) {
	h := start(t)
	_, first, _ := h.run("history", "--limit=2")
	cursor := regexp.MustCompile(`--before \d+`).FindString(first)
	code, second, errs := h.run(append([]string{"history"}, strings.Fields(cursor)...)...)
	if code != 0 || strings.Count(second, "seed") != 2 || strings.Contains(second, "older") {
		t.Errorf("exit %d %s after %q:\n%s", code, errs, cursor, second)
	}
}

// Exit 1 with the server's one sentence; the server goes on as it was.
func TestWhatTheServerRefuses(t *testing.T) {
	h := start(t)
	empty, bad, large := h.file("empty.wasm", ""), h.file("bad.wasm", "bad"), h.file("large.wasm", strings.Repeat("x", admin.MaxModule+1))
	good := h.file("good.wasm", "m 1 match")
	h.registry.Signed = true
	table := []struct {
		args []string
		says string
	}{
		{[]string{"load", bad}, "plugin refused: it does not export memory"},
		{[]string{"inspect", bad}, "plugin refused"},
		{[]string{"load", empty}, "is empty"},
		{[]string{"load", large}, "larger than"},
		{[]string{"load", good}, "not signed"},
		{[]string{"load", h.data + "/gone.wasm"}, "no such file"},
		{[]string{"load", good, "--signature", h.data + "/gone.sig"}, "no such file"},
		{[]string{"set", "match-mutual", "age_window=21"}, "0 to 20"},
		{[]string{"set", "nobody", "a=1"}, "no such plugin"},
		{[]string{"rollback", "trim"}, "nothing to roll back to"},
	}
	for _, c := range table {
		code, out, errs := h.run(c.args...)
		if code != 1 || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, errs)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	h := start(t)
	h.registry.Called = func(op string) { t.Errorf("%s was asked for", op) }
	for _, args := range [][]string{
		{}, {"lunch"}, {"load"}, {"load", "a", "b"}, {"set", "match-mutual"}, {"set", "match-mutual", "age"}, {"set", "match-mutual", "age=x"},
		{"set", "match-mutual", "a=1", "a=2"}, {"pause"}, {"pause", "lunch"}, {"list", "now"}, {"list", "--colour"}, {"history", "--limit=0"},
		{"list", "--admin", "localhost:9000"}, {"list", "--admin", "http://localhost:9000"},
	} {
		if code, _, errs := h.run(args...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	for _, args := range [][]string{{"help"}, {"--help"}, {"list", "-h"}} {
		if code, _, _ := h.run(args...); code != 0 {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}

func TestTheSignatureBesideTheModuleIsSent(t *testing.T) {
	h := start(t)
	h.registry.Signed = true
	file := h.file("m.wasm", "m 1 match")
	h.file("m.wasm.sig", "c2lnbmVk\n")
	if code, _, errs := h.run("load", file); code != 0 {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestScriptsGetJSON(t *testing.T) {
	h := start(t)
	code, out, _ := h.run("list", "--json")
	var s registry.Status
	if err := json.Unmarshal([]byte(out), &s); code != 0 || err != nil || len(s.Serving) != len(registry.Hooks) {
		t.Errorf("exit %d, %v in %s", code, err, out)
	}
}

func TestNobodyThere(t *testing.T) {
	h := &house{t: t, env: map[string]string{}}
	data := t.TempDir()
	if code, _, errs := h.run("list", "--data", data); code != 1 || !strings.Contains(errs, "--data") || !strings.Contains(errs, data) {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestAServerElsewhere(t *testing.T) {
	h := start(t)
	h.env = map[string]string{"NAPALMSKY_ADMIN_TOKEN": token}
	if code, out, errs := h.run("--admin", "x"); code != 2 || out != "" {
		t.Errorf("a flag before the command: exit %d %s", code, errs)
	}
	if code, out, errs := h.run("list", "--admin", "http://"+h.addr); code != 0 || !strings.Contains(out, "match-mutual") {
		t.Errorf("exit %d, %s", code, errs)
	}
	h.env["NAPALMSKY_ADMIN_TOKEN"] = "another-token-of-tests"
	if code, _, errs := h.run("list", "--admin", "http://"+h.addr); code != 1 || !strings.Contains(errs, "admin.token") {
		t.Errorf("wrong token: exit %d, %s", code, errs)
	}
}

// What a plugin calls itself must not reach the terminal as control characters.
func TestNamesCannotDrawOnTheTerminal(t *testing.T) {
	var b bytes.Buffer
	writeGeneration(&b, registry.Generation{Name: "x\x1b[2J\r\n@1", Hook: registry.Match, Digest: "d"})
	writeServing(&b, registry.Status{Serving: []registry.Generation{{Name: "x\x1b[2J\t@1"}}})
	if strings.ContainsAny(b.String(), "\x1b\r\t") {
		t.Errorf("%q", b.String())
	}
}

func TestProgressIsSilentForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		done := progress(&b, "loading m.wasm")
		time.Sleep(900 * time.Millisecond)
		if done(); b.Len() != 0 {
			t.Errorf("within a second: %q", b.String())
		}
		done = progress(&b, "loading m.wasm")
		time.Sleep(3500 * time.Millisecond)
		if done(); b.String() != "loading m.wasm …\n" {
			t.Errorf("after three: %q", b.String())
		}
	})
}

func TestKnobsReadBackAsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.StringMatching(`[a-z][a-z0-9_]{0,10}`), rapid.Int64()).Draw(t, "params")
		got, err := parseParams(strings.Fields(pairs(want)))
		if err != nil || pairs(got) != pairs(want) {
			t.Fatalf("%v, %v", got, err)
		}
	})
}

func FuzzParseParams(f *testing.F) {
	for _, seed := range []string{"a=1", "a=1 a=2", "=1", "a=", "a=+1", "a=0x1", "a==1", "a=9223372036854775808", "a=1_000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, " ")
		params, err := parseParams(args)
		if err != nil {
			return
		}
		if len(params) != len(args) {
			t.Errorf("%q gave %v", args, params)
		}
		for key := range params {
			if key == "" {
				t.Errorf("%q has a knob without a name", line)
			}
		}
	})
}

func TestFiguresInWords(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", math.MaxUint64: "18,446,744,073,709,551,615"} {
		if got := count(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := failures(registry.HookFigure{Trapped: 1, Exhausted: 1}); got != "1 out of fuel" {
		t.Errorf("failures: %s", got)
	}
}
