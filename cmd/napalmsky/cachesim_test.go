package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestTheReplacedSystemsHitRateIsHad: 94 % at its 200 users and 300 sessions, with 150 people online.
func TestTheReplacedSystemsHitRateIsHad(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"cachesim", "--people", "150", "--at-least", "0.94", "../../testdata/evenings/200.journal"}
	if code := run(t.Context(), args, &out, &errs); code != 0 {
		t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
	}
	for _, want := range []string{"| users | 200 |", "| sessions | 300 |", "150"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	args[4] = "0.999"
	if code := run(t.Context(), args, &out, &errs); code != 1 {
		t.Errorf("a bar that is not reached: exit %d", code)
	}
	if code := run(t.Context(), []string{"cachesim", "main.go"}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "line 1") {
		t.Errorf("not a trace: exit %d, %s", code, errs.String())
	}
}
