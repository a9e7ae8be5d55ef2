package conn

import (
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// TestNoRoom: without room a program is refused with when to come back, a
// browser is told so on a socket, and who is in stays.
func TestNoRoom(t *testing.T) {
	var pressure atomic.Int32
	for name, short := range map[string]func(h *house){
		"memory": func(*house) { pressure.Store(int32(Critical)) },
		"sockets": func(h *house) {
			for range 4 {
				h.enter("token-1")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			pressure.Store(int32(Warning))
			h := open(t, Config{MaxConns: 5, Pressure: func() Pressure { return Pressure(pressure.Load()) }}, nil)
			inside, _ := h.enter("token-1")
			short(h)
			_, resp, err := h.tryDial("/v1/ws", nil)
			if err == nil || resp.StatusCode != 503 {
				t.Fatalf("a program gets %v, %v", resp, err)
			}
			if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || s < 1 || s > 10 {
				t.Errorf("it is to come back after %q", resp.Header.Get("Retry-After"))
			}
			browser, _, err := h.tryDial("/v1/ws", header("Origin", h.server.URL))
			if err != nil {
				t.Fatal(err)
			}
			browser.write(`{"t":"hello","d":{"token":"token-2"}}`)
			if bye := browser.wantEnd(CloseFull); bye.RetryMS < 500 {
				t.Errorf("a browser is told %+v", bye)
			}
			h.quiet()
			h.alive(inside, 7)
			if name == "memory" {
				pressure.Store(int32(Calm))
				h.enter("token-2")
			}
		})
	}
}

// TestTheTurnstileIsBounded: who is told that there is no room takes up little of it.
func TestTheTurnstileIsBounded(t *testing.T) {
	h := open(t, Config{MaxConns: 1, MaxStrangers: 1000, Pressure: func() Pressure { return Critical }}, nil)
	admitted := 0
	var all []*conn
	for range 10 * turnstile {
		c := &conn{hub: h.hub, page: true}
		if status, _ := h.hub.admit(c); status == 0 {
			admitted++
		}
		all = append(all, c)
	}
	if admitted != 1+turnstile {
		t.Errorf("%d sockets are open to be told that there is no room", admitted)
	}
	for _, c := range all {
		h.hub.release(c, 0)
	}
}

// TestCountersAreTheSockets: whatever comes and goes, in whatever order and how
// often it is said, the counts are those of the sockets that are there.
func TestCountersAreTheSockets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most, strangersMost = 12, 4
		h := New(Config{MaxConns: most, MaxStrangers: strangersMost}, nil, nil, nil, newClock().now)
		defer func() { // ends the hub's goroutines
			for c := range h.conns {
				defer h.release(c, CloseGone)
			}
		}()
		var ever []*conn
		here, strange := map[*conn]bool{}, map[*conn]bool{}
		of := func(a netip.Addr) (n int) {
			for c := range strange {
				if c.addr == a {
					n++
				}
			}
			return n
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			pick := func() *conn {
				if len(ever) == 0 {
					return &conn{hub: h}
				}
				return rapid.SampledFrom(ever).Draw(t, "who")
			}
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				c := &conn{hub: h, addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(rapid.IntRange(1, 3).Draw(t, "addr"))})}
				room := len(here) < most && of(c.addr) < strangersMost
				if status, _ := h.admit(c); (status == 0) != room {
					t.Fatalf("admitted with %d, room: %v", status, room)
				}
				ever = append(ever, c)
				if room {
					here[c], strange[c] = true, true
				}
			case 2:
				if c := pick(); here[c] {
					h.known(c)
					delete(strange, c)
				}
			case 3: // of those who were refused or have left before, too
				c := pick()
				h.release(c, CloseGone)
				delete(here, c)
				delete(strange, c)
			}
			if s := h.Stats(); s.Open != len(here) || s.Strangers != len(strange) || len(h.strangers) > 3 {
				t.Fatalf("%+v, but %d are here and %d of them unknown", s, len(here), len(strange))
			}
		}
	})
}
