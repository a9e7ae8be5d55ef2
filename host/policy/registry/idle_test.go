package registry_test

import (
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// TestIdleInstancesGoAndComeBack: nobody misses them.
func TestIdleInstancesGoAndComeBack(t *testing.T) {
	h := newHouse(t)
	r := h.open()
	h.load(r, guest(3).Bytes())
	instances := func() (n int) {
		for _, v := range r.Status().Versions {
			for _, u := range v.Use {
				n += u.Instances
			}
		}
		return n
	}
	ask := func() {
		t.Helper()
		if _, _, err := r.Decide(t.Context(), lobby.Case{What: "call", How: "hangup"}); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	had := instances()
	if n := r.DropIdle(false); n != 0 || instances() != had {
		t.Errorf("%d of %d went though the plugin was asked a moment ago", n, had)
	}
	if n := r.DropIdle(false); n == 0 || instances() != had-n {
		t.Errorf("%d of %d went after nobody asked, %d are left", n, had, instances())
	}
	ask()
	if instances() != 1 {
		t.Errorf("%d instances answer the next question", instances())
	}
	if n := r.DropIdle(true); n != 1 {
		t.Errorf("%d went under pressure", n)
	}
	ask()
}
