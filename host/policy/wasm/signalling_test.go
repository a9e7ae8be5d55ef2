package wasm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

func openSignalling(t *testing.T, module []byte) (*wasm.Plugin, policy.Signalling) {
	t.Helper()
	p := load(t, module, small())
	s, err := p.Signalling()
	if err != nil {
		t.Fatal(err)
	}
	return p, s
}

// TestSignallingIsContained: whatever a guest does with an offer, its failure is
// told by its kind, and the plugin works on.
func TestSignallingIsContained(t *testing.T) {
	for _, g := range policytest.HostileSignalling() {
		t.Run(g.Name, func(t *testing.T) {
			p, s := openSignalling(t, g.Module)
			for call := range 2 + g.Nth {
				got, err := s.Trim(context.Background(), "offer", []byte(sdp.Offer))
				if g.Nth > 0 && call+1 != g.Nth {
					if err != nil || string(got) != sdp.Offer {
						t.Fatalf("call %d: %d bytes, %v", call+1, len(got), err)
					}
					continue
				}
				if got != nil || errors.Is(err, policy.ErrTrap) != g.Trap || errors.Is(err, policy.ErrInvalid) == g.Trap {
					t.Fatalf("call %d: %d bytes, %v", call+1, len(got), err)
				}
			}
			if n := p.Stats().Signalling; n.Trapped+n.Invalid == 0 {
				t.Errorf("counted %+v", n)
			}
		})
	}
}

func TestSignallingQuestions(t *testing.T) {
	p, s := openSignalling(t, policytest.Echo().Bytes())
	if got, err := s.Trim(context.Background(), "offer", []byte(sdp.Offer)); err != nil || string(got) != sdp.Offer {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, n := range []int{16 << 10, 16<<10 + 1} {
		got, err := s.Trim(context.Background(), "offer", make([]byte, n))
		if fits := n == 16<<10; (err == nil) != fits || fits && len(got) != n {
			t.Errorf("of %d bytes: %d, %v", n, len(got), err)
		}
	}
	if n := p.Stats().Signalling; n.OK != 2 || n.Trapped+n.Invalid != 0 {
		t.Errorf("counted %+v", n)
	}
	if _, err := p.Trim(); err == nil {
		t.Error("it serves a hook that it does not name")
	}
	if _, err := wasm.Load(t.Context(), policytest.Echo().Without("sky_trim").Bytes(), small()); !errors.Is(err, policy.ErrRefused) {
		t.Errorf("without sky_trim: %v", err)
	}
}
