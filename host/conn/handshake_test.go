package conn

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// TestWhoMayLogInHow is the matrix of origin, cookie and token.
func TestWhoMayLogInHow(t *testing.T) {
	h := open(t, Config{Origins: []string{"https://app.example"}}, nil)
	own := h.server.URL
	for _, c := range []struct {
		name          string
		origin        string
		cookie, token string
		path          string
		status        int // of a refused upgrade
		person        int64
	}{
		{name: "page with cookie", origin: own, cookie: "token-1", person: 1},
		{name: "page with token", origin: own, token: "token-2", person: 2},
		{name: "token before cookie", origin: own, cookie: "token-1", token: "token-2", person: 2},
		{name: "allowed origin with cookie", origin: "https://app.example", cookie: "token-1", person: 1},
		{name: "program with token", token: "token-3", person: 3},
		{name: "program with cookie only", cookie: "token-1"},
		{name: "program with cookie and token", cookie: "token-1", token: "token-2", person: 2},
		{name: "nobody", origin: own},
		{name: "unknown token", token: "token-9"},
		{name: "unknown cookie", origin: own, cookie: "token-9"},
		{name: "token in the URL", path: "?token=token-1&" + SessionCookie + "=token-1"},
		{name: "token in the URL, from a page", origin: own, path: "?token=token-1"},
		{name: "foreign origin", origin: "https://evil.example", cookie: "token-1", status: 403},
		{name: "foreign origin with token", origin: "https://evil.example", token: "token-1", status: 403},
		{name: "allowed name, other scheme", origin: "http://app.example", cookie: "token-1", status: 403},
		{name: "allowed name, other port", origin: "https://app.example:444", cookie: "token-1", status: 403},
		{name: "allowed name as a part", origin: "https://app.example.evil.example", cookie: "token-1", status: 403},
		{name: "own name, other port", origin: "http://127.0.0.1:1", cookie: "token-1", status: 403},
		{name: "own name behind user info", origin: "http://evil.example@" + h.host() + ".evil.example", cookie: "token-1", status: 403},
		{name: "no origin to speak of", origin: "null", cookie: "token-1", status: 403},
		{name: "odd scheme", origin: "file://" + h.host(), cookie: "token-1", status: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := http.Header{}
			if c.origin != "" {
				head.Set("Origin", c.origin)
			}
			if c.cookie != "" {
				head.Set("Cookie", cookie(c.cookie))
			}
			cl, resp, err := h.tryDial("/v1/ws"+c.path, head)
			if c.status != 0 {
				if err == nil || resp == nil || resp.StatusCode != c.status {
					t.Fatalf("have %v, %v, want status %d", resp, err, c.status)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			cl.t = t
			if cl.ws.Subprotocol() != wire.JSON.Subprotocol() {
				t.Errorf("subprotocol %q", cl.ws.Subprotocol())
			}
			if x := resp.Header.Get("Sec-WebSocket-Extensions"); x != "" {
				t.Errorf("compression was negotiated: %s", x)
			}
			cl.say(4, wire.ClientHello{Token: c.token})
			if c.person != 0 {
				if w := want[wire.ServerWelcome](cl); w.You != c.person {
					t.Errorf("logged in as %d", w.You)
				}
				return
			}
			if e := want[wire.ServerError](cl); e.Code != string(wire.CodeUnauthorized) || e.Ref != 4 {
				t.Errorf("refused with %+v", e)
			}
			cl.wantEnd(CloseNoLogin)
		})
	}
	two, resp, err := h.tryDial("/v1/ws", header("Origin", own, "Origin", "https://evil.example", "Cookie", cookie("token-1")))
	if err == nil || resp.StatusCode != 403 {
		t.Errorf("two origins give %v, %v", two, err)
	}
}

func TestStoreDownIsNotLoggedOut(t *testing.T) {
	h := open(t, Config{}, nil)
	c := h.dial()
	c.say(0, wire.ClientHello{Token: "while-store-is-down"})
	if e := want[wire.ServerError](c); e.Code != string(wire.CodeOverloaded) {
		t.Errorf("%+v", e)
	}
	if bye := c.wantEnd(CloseOverloaded); bye.RetryMS <= 0 {
		t.Errorf("nobody is asked to come back: %+v", bye)
	}
}

func TestLobbyThatCannotAttach(t *testing.T) {
	h := open(t, Config{}, nil)
	for err, code := range map[error]CloseCode{ErrOverloaded: CloseOverloaded, ErrClosed: CloseDraining, errStoreDown: CloseOverloaded} {
		h.backend.fail(err, nil)
		c := h.dial()
		c.say(0, wire.ClientHello{Token: "token-1"})
		c.wantEnd(code)
	}
}

func TestResumeReachesTheLobby(t *testing.T) {
	h := open(t, Config{}, nil)
	old, stream := h.enter("token-1")
	c := h.dial()
	c.say(0, wire.ClientHello{Token: "token-1", Stream: stream, Epoch: "e", Seq: 41})
	if w := want[wire.ServerWelcome](c); !w.Resumed || w.Stream != stream {
		t.Fatalf("%+v", w)
	}
	h.backend.mu.Lock()
	last := h.backend.resumes[1]
	h.backend.mu.Unlock()
	if last.Epoch != "e" || last.Seq != 41 || int64(last.Stream) != stream {
		t.Errorf("resume %+v", last)
	}
	// The replaced socket is told so, and its late Detach leaves the new one alone.
	if bye := old.wantEnd(CloseReplaced); bye.RetryMS != 0 {
		t.Errorf("the replaced one is asked back: %+v", bye)
	}
	receive(t, h.backend.detached)
	if h.backend.sink(stream) == nil {
		t.Fatal("the new socket was detached")
	}
	h.alive(c, 1)
}

func TestNoHelloInTime(t *testing.T) { onBothLines(t, testNoHelloInTime) }

func testNoHelloInTime(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{HelloWait: 60 * time.Millisecond}, nil)
	mute := h.dial()
	babbler := h.dial()
	babbler.write(`{"t":"lobby.enter","d":{}}`)
	mute.wantEnd(CloseNoHello)
	babbler.wantEnd(CloseNoHello)
	h.quiet()
}

func TestLoginEndsTheHelloLimit(t *testing.T) {
	h := open(t, Config{HelloWait: 200 * time.Millisecond}, nil)
	c, _ := h.enter("token-1")
	h.dial().wantEnd(CloseNoHello) // dialled later, so the limit is over for both
	h.alive(c, 1)
}

// maskedText is one client frame with an all-zero mask, at most 125 bytes.
func maskedText(text string) string {
	return string([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}) + text
}

func (h *house) upgradeRequest() string {
	return "GET /v1/ws HTTP/1.1\r\nHost: " + h.host() + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
}

// rawEnter is rawDial and a login, whose welcome is left unread.
func (h *house) rawEnter() net.Conn {
	h.t.Helper()
	nc, _ := h.rawDial(maskedText(`{"t":"hello","d":{"token":"token-1"}}`))
	receive(h.t, h.backend.attached)
	return nc
}

// rawDial upgrades by hand and leaves the socket to the test, which then plays dead.
func (h *house) rawDial(behind string) (net.Conn, *bufio.Reader) {
	h.t.Helper()
	nc, err := net.Dial("tcp", h.host())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { nc.Close() })
	_ = nc.(*net.TCPConn).SetReadBuffer(4 << 10)
	nc.SetDeadline(time.Now().Add(patience))
	if _, err := nc.Write([]byte(h.upgradeRequest() + behind)); err != nil {
		h.t.Fatal(err)
	}
	r := bufio.NewReaderSize(nc, 16)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			h.t.Fatal(err)
		}
		if line == "\r\n" {
			return nc, r
		}
	}
}

func TestBytesBehindTheHandshakeAreNotLost(t *testing.T) {
	onBothLines(t, testBytesBehindTheHandshakeAreNotLost)
}

func testBytesBehindTheHandshakeAreNotLost(t *testing.T, open func(testing.TB, Config, func() time.Time) *house) {
	h := open(t, Config{}, nil)
	for i := range 50 {
		_, r := h.rawDial(maskedText(`{"t":"hello","d":{"token":"token-1"}}`) + maskedText(fmt.Sprintf(`{"t":"ack","d":{"seq":%d}}`, i)))
		if seq := receive(t, h.backend.acks); seq != uint64(i) {
			t.Fatalf("ack %d came as %d", i, seq)
		}
		head := make([]byte, 4)
		if _, err := r.Read(head[:1]); err != nil || head[0] != 0x81 {
			t.Fatalf("no welcome: %x %v", head, err)
		}
	}
}

// TestAPromisedBody is refused at once: to take the connection over would wait for it.
func TestAPromisedBody(t *testing.T) {
	h := open(t, Config{}, nil)
	for _, promise := range []string{"Content-Length: 100000", "Transfer-Encoding: chunked"} {
		nc, err := net.Dial("tcp", h.host())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(patience))
		request := strings.TrimSuffix(h.upgradeRequest(), "\r\n") + promise + "\r\n\r\n"
		if _, err := nc.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, len("HTTP/1.1 413"))
		if _, err := io.ReadFull(nc, answer); err != nil || string(answer) != "HTTP/1.1 413" {
			t.Errorf("%s: %q, %v", promise, answer, err)
		}
	}
	if s := h.hub.Stats(); s.Open != 0 || s.Refused != 2 {
		t.Errorf("%+v", s)
	}
}

func TestNoUpgradeIsNoSocket(t *testing.T) {
	h := open(t, Config{}, nil)
	resp, err := http.Get(h.server.URL + "/v1/ws")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("status %d", resp.StatusCode)
	}
	if s := h.hub.Stats(); s.Open != 0 || s.Opened != 0 || s.Refused != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRemoteAddress(t *testing.T) {
	h := New(Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}, nil, nil, nil, nil)
	for _, c := range []struct {
		peer string
		xff  []string
		want string
	}{
		{"203.0.113.9:1234", nil, "203.0.113.9"},
		{"203.0.113.9:1234", []string{"1.2.3.4"}, "203.0.113.9"}, // whoever says so
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"10.0.0.1:1", []string{"6.6.6.6, 1.2.3.4"}, "1.2.3.4"}, // the left part is the client's own word
		{"10.0.0.1:1", []string{"6.6.6.6", "1.2.3.4"}, "1.2.3.4"},
		{"10.0.0.1:1", []string{"6.6.6.6, 1.2.3.4, 10.0.0.2"}, "1.2.3.4"},
		{"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"10.0.0.1:1", []string{"1.2.3.4, nonsense"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"[fd00::1]:1", []string{"::ffff:1.2.3.4"}, "1.2.3.4"},
		{"[::ffff:10.0.0.1]:1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2::"},
	} {
		r := httptest.NewRequest("GET", "/v1/ws", nil)
		r.RemoteAddr = c.peer
		for _, line := range c.xff {
			r.Header.Add("X-Forwarded-For", line)
		}
		if have := h.remote(r).String(); have != c.want {
			t.Errorf("%s with %q is %s, want %s", c.peer, c.xff, have, c.want)
		}
	}
}

func TestStrangersOfOneAddressAreLimited(t *testing.T) {
	dial := func(h *house, claimed string) (*client, int) {
		c, resp, err := h.tryDial("/v1/ws", header("X-Forwarded-For", claimed))
		if err != nil && resp == nil {
			t.Fatal(err)
		}
		return c, resp.StatusCode
	}
	t.Run("claims are not believed", func(t *testing.T) {
		h := open(t, Config{MaxStrangers: 2}, nil)
		first, _ := dial(h, "1.1.1.1")
		dial(h, "2.2.2.2")
		if _, status := dial(h, "3.3.3.3"); status != http.StatusTooManyRequests {
			t.Fatalf("the third stranger gets %d", status)
		}
		// Logging in makes room.
		first.say(0, wire.ClientHello{Token: "token-1"})
		want[wire.ServerWelcome](first)
		if _, status := dial(h, "3.3.3.3"); status != http.StatusSwitchingProtocols {
			t.Fatalf("after a login the next gets %d", status)
		}
	})
	t.Run("a trusted proxy's are", func(t *testing.T) {
		h := open(t, Config{MaxStrangers: 1, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil)
		dial(h, "1.1.1.1")
		if _, status := dial(h, "2.2.2.2"); status != http.StatusSwitchingProtocols {
			t.Errorf("another client behind the proxy gets %d", status)
		}
		if _, status := dial(h, "9.9.9.9, 2.2.2.2"); status != http.StatusTooManyRequests {
			t.Errorf("the same one again gets %d", status)
		}
	})
}

func TestFullHouse(t *testing.T) {
	h := open(t, Config{MaxConns: 2}, nil)
	first, _ := h.enter("token-1")
	h.enter("token-2")
	_, resp, err := h.tryDial("/v1/ws", nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("%v %v", resp, err)
	}
	first.ws.Close(1000, "")
	receive(t, h.backend.detached)
	third, _, err := h.tryDial("/v1/ws", nil)
	for ; err != nil; third, _, err = h.tryDial("/v1/ws", nil) { // the place is free a moment after the detach
	}
	third.say(0, wire.ClientHello{Token: "token-1"})
	want[wire.ServerWelcome](third)
	if s := h.hub.Stats(); s.Open != 2 || s.Opened != 3 || s.Refused < 1 || s.Closed[1000] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestNothingPersonalIsLogged(t *testing.T) {
	h := open(t, Config{}, nil)
	c, _ := h.enter("token-1")
	c.say(1, wire.ClientCallChat{Call: 5, Text: "whispered words"})
	receive(t, h.backend.events)
	c.write(`{"t":"call.chat","d":{"whispered words":1}}`)
	want[wire.ServerError](c)
	c.ws.Close(1000, "whispered words")
	receive(t, h.backend.detached)
	h.dial().write(`{"t":"hello","d":{"token":"token-x"}}`)
	h.final()
	for _, secret := range []string{"token-", "whisper", "127.0.0.1"} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, h.log.String())
		}
	}
}
