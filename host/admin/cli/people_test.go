package cli

import (
	"strings"
	"testing"
)

func TestReportsAreReadAndAnswered(t *testing.T) {
	h := start(t)
	run := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := h.typed(PeopleMain, args...)
		if code != want {
			t.Fatalf("%v: exit status %d\n%s%s", args, code, out, errs)
		}
		return out + errs
	}
	if out := run(0, "reports"); !strings.Contains(out, "he shouted") || !strings.Contains(out, "open") || strings.Contains(out, "\x1b") {
		t.Errorf("reports:\n%s", out)
	}
	if out := run(0, "person", "7"); !strings.Contains(out, "ned@example.org") {
		t.Errorf("person:\n%s", out)
	}
	if out := run(0, "people"); !strings.Contains(out, "Ned") || !strings.Contains(out, "Ada") || !strings.Contains(out, "guest") || strings.Contains(out, "\x1b") || strings.Contains(out, "banned") {
		t.Errorf("people:\n%s", out)
	}
	for find, want := range map[string]string{"Ad": "Ada", "8": "Ada", "nobody at all": "nobody"} {
		if out := run(0, "people", find); !strings.Contains(out, want) || strings.Contains(out, "Ned") {
			t.Errorf("people %q:\n%s", find, out)
		}
	}
	if out := run(0, "people", "--limit", "1"); !strings.Contains(out, "--before") || strings.Contains(out, "Ada") {
		t.Errorf("people, a page:\n%s", out)
	}
	if out := run(0, "ban", "7", "--reason", "shouts at people"); !strings.Contains(out, "7 is banned") {
		t.Errorf("ban:\n%s", out)
	}
	if out := run(0, "people", "Ned"); !strings.Contains(out, "banned") {
		t.Errorf("people after the ban:\n%s", out)
	}
	if out := run(0, "reports"); !strings.Contains(out, "no reports") {
		t.Errorf("after the ban:\n%s", out)
	}
	if out := run(0, "reports", "--all", "--person", "7"); !strings.Contains(out, "banned") {
		t.Errorf("all reports:\n%s", out)
	}
	run(0, "unban", "7")
	run(0, "vindicate", "7")
	out := run(0, "rulings", "--limit", "2")
	if !strings.Contains(out, "vindicate") || !strings.Contains(out, "unban") || strings.Contains(out, "shouts") || !strings.Contains(out, "--before") {
		t.Errorf("rulings:\n%s", out)
	}
	if out := run(0, "rulings", "--json"); !strings.Contains(out, `"reason": "shouts at people"`) || !strings.Contains(out, `"by": "unix:`) {
		t.Errorf("rulings:\n%s", out)
	}
	if out := run(1, "ban", "9"); !strings.Contains(out, "Nobody has this number") {
		t.Errorf("nobody:\n%s", out)
	}
	for _, args := range [][]string{{"ban"}, {"ban", "x"}, {"ban", "-3"}, {"reports", "--limit", "0"}, {"reports", "--person", "x"}, {"shrug"}, {}} {
		run(2, args...)
	}
	if out := run(0, "help"); !strings.Contains(out, "napalmsky admin COMMAND") || !strings.Contains(out, "vindicate NUMBER") {
		t.Errorf("help:\n%s", out)
	}
}
