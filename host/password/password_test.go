package password

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

var cheap = Cost{Passes: 1, KiB: 64, Threads: 1}

func TestAPasswordIsRecognised(t *testing.T) {
	h := New(2, 8, cheap, rand.Reader)
	rapid.Check(t, func(rt *rapid.T) {
		right, other := rapid.String().Draw(rt, "right"), rapid.String().Draw(rt, "other")
		phc, err := h.Hash(t.Context(), right)
		if err != nil {
			rt.Fatal(err)
		}
		for text, want := range map[string]bool{right: true, other: right == other} {
			if ok, err := h.Verify(t.Context(), phc, text); err != nil || ok != want {
				rt.Fatalf("%q against %q: %v, %v", text, right, ok, err)
			}
		}
		if right != "" && strings.Contains(phc, right) && len(right) > 3 {
			rt.Fatalf("%s holds the password", phc)
		}
	})
	one, _ := h.Hash(t.Context(), "same")
	two, _ := h.Hash(t.Context(), "same")
	if one == two {
		t.Error("two hashes of one password are alike: no salt")
	}
}

// A hash of another maker (the reference implementation's command line:
// echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1) is understood.
func TestAForeignHashIsUnderstood(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := New(1, 0, Standard, rand.Reader)
	for text, want := range map[string]bool{"password": true, "Password": false} {
		if ok, err := h.Verify(t.Context(), phc, text); err != nil || ok != want {
			t.Errorf("%s: %v, %v", text, ok, err)
		}
	}
}

func TestNobodysPasswordIsNeverRight(t *testing.T) {
	h := New(1, 0, cheap, rand.Reader)
	if ok, err := h.Verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	one, err := h.Fingerprint(t.Context(), "ada@example.org")
	two, _ := h.Fingerprint(t.Context(), "ada@example.org")
	other, _ := h.Fingerprint(t.Context(), "bob@example.org")
	if err != nil || one != two || one == other || len(one) != 64 {
		t.Errorf("fingerprints %q %q %q, %v", one, two, other, err)
	}
}

// TestTheLineIsBounded: those beyond the queue are refused at once, those in it
// wait no longer than they like, and a place that is given up is free again.
func TestTheLineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(1, 2, cheap, rand.Reader)
		h.slots <- struct{}{} // somebody computes, and that takes long
		h.line <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var errs [2]error
		for i := range errs {
			wg.Go(func() { _, errs[i] = h.Hash(ctx, "x") })
		}
		synctest.Wait()
		if _, err := h.Verify(t.Context(), "", "x"); !errors.Is(err, ErrBusy) {
			t.Errorf("beyond the queue: %v", err)
		}
		cancel()
		wg.Wait()
		for _, err := range errs {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up was answered %v", err)
			}
		}
		<-h.slots
		<-h.line
		if _, err := h.Hash(t.Context(), "x"); err != nil {
			t.Errorf("after the rush: %v", err)
		}
	})
}

// FuzzParse: whatever stands in the database, reading it neither panics nor
// asks for a price beyond the bounds; what is read reads back.
func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO0")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Add("$2b$12$abcdefghijklmnopqrstuv")
	f.Fuzz(func(t *testing.T, phc string) {
		s, err := parse(phc)
		if err != nil {
			return
		}
		if s.cost.KiB > maxKiB || s.cost.Passes > maxPasses || s.cost.Threads > maxThreads || s.cost.Passes < 1 || s.cost.Threads < 1 {
			t.Fatalf("%q costs %+v", phc, s.cost)
		}
		again, err := parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q does not read back: %q, %v", phc, s, err)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := New(1, 0, Standard, rand.Reader)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
