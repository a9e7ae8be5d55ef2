package conn

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// backend is a lobby that records what it is told and greets whoever attaches.
type backend struct {
	events   chan lobby.Event
	acks     chan uint64
	attached chan Sink
	detached chan Sink

	mu      sync.Mutex
	next    lobby.ConnID
	sinks   map[lobby.ConnID]Sink
	resumes []Resume
	attach  error
	post    error
}

func newBackend() *backend {
	return &backend{
		events: make(chan lobby.Event, 1000), acks: make(chan uint64, 100), attached: make(chan Sink, 10_000), detached: make(chan Sink, 10_000),
		sinks: map[lobby.ConnID]Sink{},
	}
}

func (b *backend) Attach(_ context.Context, p lobby.PersonID, r Resume, s Sink) (lobby.ConnID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resumes = append(b.resumes, r)
	if b.attach != nil {
		return 0, b.attach
	}
	stream := r.Stream
	if old := b.sinks[stream]; old != nil {
		old.Drop(CloseReplaced)
	} else {
		b.next++
		stream = b.next
	}
	b.sinks[stream] = s
	s.Send(s.Encoding().Append(nil, wire.Envelope{Lobby: "main", Epoch: "e"},
		wire.ServerWelcome{You: int64(p), Stream: int64(stream), Resumed: r.Stream != 0, Now: 1, Activity: "outside"}))
	b.attached <- s
	return stream, nil
}

func (b *backend) Detach(_ lobby.PersonID, c lobby.ConnID, s Sink) {
	b.mu.Lock()
	if b.sinks[c] == s {
		delete(b.sinks, c)
	}
	b.mu.Unlock()
	b.detached <- s
}

func (b *backend) Post(ev lobby.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.post == nil {
		b.events <- ev
	}
	return b.post
}

func (b *backend) Ack(_ lobby.PersonID, _ lobby.ConnID, seq uint64) { b.acks <- seq }

func (b *backend) fail(attach, post error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attach, b.post = attach, post
}

func (b *backend) sink(c int64) Sink {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sinks[lobby.ConnID(c)]
}

// sessions knows the tokens token-1 to token-3 of the people 1 to 3, until they end.
type sessions struct {
	asked chan string // every token looked up, as long as there is room

	mu     sync.Mutex
	people map[string]lobby.PersonID
	down   bool
	after  func(token string) // called after a lookup, which it does not change
}

var errStoreDown = errors.New("store down")

func newSessions() *sessions {
	return &sessions{asked: make(chan string, 1000), people: map[string]lobby.PersonID{"token-1": 1, "token-1b": 1, "token-2": 2, "token-3": 3}}
}

func (s *sessions) Login(_ context.Context, token string) (lobby.PersonID, error) {
	s.mu.Lock()
	p, ok := s.people[token]
	down, after := s.down || token == "while-store-is-down", s.after
	s.mu.Unlock()
	select {
	case s.asked <- token:
	default:
	}
	if after != nil {
		after(token)
	}
	switch {
	case down:
		return 0, errStoreDown
	case token == "of-a-banned-person":
		return 0, ErrBanned
	case !ok:
		return 0, ErrNoSession
	}
	return p, nil
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.people, token)
}

func (s *sessions) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// awaitLookups waits until a token was looked up n more times.
func (s *sessions) awaitLookups(t testing.TB, token string, n int) {
	t.Helper()
	for len(s.asked) > 0 {
		<-s.asked
	}
	for n > 0 {
		if receive(t, s.asked) == token {
			n--
		}
	}
}

// house is a hub on a real loopback socket.
type house struct {
	t       testing.TB
	hub     *Hub
	backend *backend
	people  *sessions
	server  *httptest.Server
	log     *syncBuffer
	clients []*client
}

func open(t testing.TB, cfg Config, now func() time.Time) *house {
	if now == nil {
		now = time.Now
	}
	if cfg.AttachBurst == 0 {
		cfg.AttachBurst = 1_000_000 // three people play all of a test's sockets
	}
	h := &house{t: t, backend: newBackend(), people: newSessions(), log: new(syncBuffer)}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.hub = New(cfg, h.backend, h.people, log, now)
	h.server = httptest.NewServer(h.hub)
	t.Cleanup(func() {
		h.server.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.hub.Drain(ctx); err != nil {
			t.Error("drain:", err)
		}
		if s := h.hub.Stats(); s.Open != 0 || s.Strangers != 0 {
			t.Errorf("after the end: %+v", s)
		}
	})
	return h
}

// onBothLines runs a test on polled sockets and on those that the library reads.
func onBothLines(t *testing.T, test func(t *testing.T, open func(testing.TB, Config, func() time.Time) *house)) {
	t.Run("polled", func(t *testing.T) { test(t, open) })
	t.Run("library", func(t *testing.T) {
		test(t, func(t testing.TB, cfg Config, now func() time.Time) *house {
			h := open(t, cfg, now)
			h.hub.unpolled = true
			return h
		})
	})
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// client is a socket's other end.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

func (h *house) tryDial(path string, header http.Header) (*client, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, h.server.URL+path, &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{wire.JSON.Subprotocol()}})
	if err != nil {
		return nil, resp, err
	}
	ws.SetReadLimit(1 << 20)
	h.t.Cleanup(func() { ws.CloseNow() })
	c := &client{h.t, ws}
	h.clients = append(h.clients, c)
	return c, resp, nil
}

func (h *house) dial() *client {
	h.t.Helper()
	c, _, err := h.tryDial("/v1/ws", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// final ends everything and returns the counts, which then stand still. Its
// clients leave first, as nobody reads and answers the close any more.
func (h *house) final() Stats {
	h.t.Helper()
	for _, c := range h.clients {
		c.ws.CloseNow()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.hub.Drain(ctx); err != nil {
		h.t.Fatal(err)
	}
	return h.hub.Stats()
}

// enter dials and logs in; stream is what welcome named.
func (h *house) enter(token string) (c *client, stream int64) {
	h.t.Helper()
	c = h.dial()
	c.say(0, wire.ClientHello{Token: token})
	stream = want[wire.ServerWelcome](c).Stream
	receive(h.t, h.backend.attached)
	return c, stream
}

func (c *client) say(ref uint32, ev wire.Client) { c.write(string(wire.AppendClient(nil, ref, ev))) }

// write sends a text; a failure shows at the next read.
func (c *client) write(text string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = c.ws.Write(ctx, websocket.MessageText, []byte(text))
}

func (c *client) read() (wire.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, text, err := c.ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	_, ev, err := wire.DecodeServer(text)
	return ev, err
}

// want reads the next event, which must be a T.
func want[T wire.Server](c *client) T {
	c.t.Helper()
	ev, err := c.read()
	if err != nil {
		c.t.Fatalf("want %T, have %v", *new(T), err)
	}
	v, ok := ev.(T)
	if !ok {
		c.t.Fatalf("want %T, have %#v", v, ev)
	}
	return v
}

// wantEnd reads to the close and compares its code, and that of the bye before it.
func (c *client) wantEnd(code CloseCode) (bye wire.ServerBye) {
	c.t.Helper()
	for {
		ev, err := c.read()
		if b, ok := ev.(wire.ServerBye); ok {
			bye = b
		}
		if err == nil {
			continue
		}
		if have := websocket.CloseStatus(err); CloseCode(have) != code {
			c.t.Fatalf("closed with %v, want %d", err, code)
		}
		if code >= 4000 && (bye.Code != int64(code) || bye.Reason != code.String()) {
			c.t.Fatalf("before %d came the bye %+v", code, bye)
		}
		return bye
	}
}

// alive proves that a connection is served: what it says reaches the lobby.
func (h *house) alive(c *client, ref uint32) {
	h.t.Helper()
	c.say(ref, wire.ClientLobbyEnter{})
	ev := receive(h.t, h.backend.events)
	if e, ok := ev.(lobby.Enter); !ok || e.Ref != ref {
		h.t.Fatalf("the lobby was told %#v", ev)
	}
}

func receive[T any](t testing.TB, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatalf("no %T came", v)
	}
	return v
}

// quiet asserts that the lobby was told nothing that is not yet received.
func (h *house) quiet() {
	h.t.Helper()
	select {
	case ev := <-h.backend.events:
		h.t.Fatalf("the lobby was told %#v", ev)
	default:
	}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func cookie(token string) string { return SessionCookie + "=" + token }

func (h *house) host() string { return strings.TrimPrefix(h.server.URL, "http://") }
