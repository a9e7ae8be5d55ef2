package registry_test

import (
	"testing"

	"github.com/napalmsky/napalmsky/host/policy/policytest"
	"github.com/napalmsky/napalmsky/host/policy/registry"
	"github.com/napalmsky/napalmsky/testdata/sdp"
)

// TestSignalling: a plugin answers for the hook once it is loaded, and the rule
// compiled in wherever the plugin fails, until it is taken out of service.
func TestSignalling(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	signal := func() int {
		t.Helper()
		short, err := r.Signal(t.Context(), "offer", []byte(sdp.Offer))
		if err != nil {
			t.Fatal(err)
		}
		return len(short)
	}
	trimmed := signal()
	if trimmed > 1024 {
		t.Errorf("the rule compiled in leaves %d bytes", trimmed)
	}
	h.load(r, policytest.Echo().Bytes())
	if n := signal(); n != len(sdp.Offer) {
		t.Errorf("an echo leaves %d bytes", n)
	}
	bad, _ := h.load(r, policytest.Sleeper())
	changes, cancel := r.Subscribe()
	defer cancel()
	for range 5 {
		if n := signal(); n != trimmed && n != len(sdp.Offer) {
			t.Errorf("%d bytes while a bad plugin is in service", n)
		}
	}
	await(t, changes, "quarantine")
	if s := state(r, bad.Digest); s.State != registry.Quarantined || s.Reason == "" {
		t.Errorf("%+v", s)
	}
	for _, m := range policytest.HostileSignalling() {
		if m.Nth > 0 {
			continue
		}
		if _, _, err := r.Load(t.Context(), "eve", m.Module, nil); err == nil {
			t.Errorf("%s: loaded", m.Name)
		}
	}
}
