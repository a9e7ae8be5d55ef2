package conn

import (
	"testing"

	"github.com/napalmsky/napalmsky/host/wire"
)

// TestExpelledAtOnce: those of the person whose sessions ended, with the reason;
// nobody else, and none that is kept.
func TestExpelledAtOnce(t *testing.T) {
	h := open(t, Config{}, nil)
	phone, _ := h.enter("token-1")
	tab, _ := h.enter("token-1")
	laptop, _ := h.enter("token-1b")
	other, _ := h.enter("token-2")
	for _, c := range []*client{phone, tab, laptop, other} {
		h.alive(c, 1) // so the login is done
	}
	if left := h.hub.Expel(1, CloseElsewhere, func(token string) bool { return token == "token-1b" }); left != 1 {
		t.Errorf("%d sockets go on, want the laptop's", left)
	}
	phone.wantEnd(CloseElsewhere)
	tab.wantEnd(CloseElsewhere)
	h.alive(laptop, 2)
	h.alive(other, 2)
	if left := h.hub.Expel(1, CloseBanned, nil); left != 0 {
		t.Errorf("%d sockets go on", left)
	}
	laptop.wantEnd(CloseBanned)
	h.alive(other, 3)
	if left := h.hub.Expel(1, CloseBanned, nil); left != 0 {
		t.Errorf("%d sockets of nobody", left)
	}
	h.final()
}

// TestTheBannedAreToldAtTheDoor: not that they have no session, which a client
// would try to mend.
func TestTheBannedAreToldAtTheDoor(t *testing.T) {
	h := open(t, Config{}, nil)
	c := h.dial()
	c.say(1, wire.ClientHello{Token: "of-a-banned-person"})
	if e := want[wire.ServerError](c); e.Code != string(wire.CodeForbidden) || e.Ref != 1 {
		t.Errorf("told %+v", e)
	}
	c.wantEnd(CloseBanned)
	h.quiet()
}
