// Package bottest is a small honest lobby in memory that speaks the real
// protocol, so that bots are tested without a server. It can be made to lie
// (Tamper) or to forget its rules (Careless), so that tests see the bots notice.
package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Server is the lobby. Its fields may be set before the first request.
type Server struct {
	// Tamper sees everything that is to be told to somebody and says what is
	// really told, and to whom. Nil tells the truth.
	Tamper func(to int64, ev wire.Server) []Telling
	// TamperHistory does the same to a person's history.
	TamperHistory func(id int64, calls []Met) []Met
	// Careless lets busy people be rung and cooldowns be broken.
	Careless bool
	// Cooldown is how long a pair is kept apart after a call or a decline; default an hour.
	Cooldown time.Duration
	// Figures replace those of /v1/stats.
	Figures func() map[string]any
	// SignUp may refuse: an HTTP status other than 0.
	SignUp func() (status int)

	http *http.Server
	lis  *pipes

	mu     sync.Mutex
	lastID int64
	people map[int64]*person
	tokens map[string]int64
	rings  map[int64]*ring
	bars   map[[2]int64]int64
	step   int64
	open   sync.WaitGroup
}

// Telling is one event for one person.
type Telling struct {
	To int64
	Ev wire.Server
}

// Met is one row of a history.
type Met struct {
	Call          int64 `json:"call,string"`
	Other         int64 `json:"other,string"`
	Caller        bool  `json:"caller"`
	StartedAt     int64 `json:"started_at"`
	EndedAt       int64 `json:"ended_at"`
	CooldownUntil int64 `json:"cooldown_until"`
}

type person struct {
	id     int64
	card   wire.Card
	photo  int // bytes
	stream int64
	seq    uint64
	kept   map[uint64][]byte // unacknowledged
	conn   *websocket.Conn
	wire   wire.Encoding
	in     bool
	ring   *ring
	calls  []Met
}

// ring is an invite, and the call it became.
type ring struct {
	id             int64
	caller, callee *person
	seconds        int64
	started        int64 // ms, 0 while it rings
}

const epoch = "e1"

// Start serves until Close.
func Start() *Server {
	s := &Server{
		Cooldown: time.Hour, lis: newPipes(), people: map[int64]*person{}, tokens: map[string]int64{},
		rings: map[int64]*ring{}, bars: map[[2]int64]int64{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/options", s.options)
	mux.HandleFunc("POST /v1/guests", s.signUp)
	mux.HandleFunc("PUT /v1/me/photo", s.photo)
	mux.HandleFunc("GET /v1/me/history", s.history)
	mux.HandleFunc("GET /v1/stats", s.stats)
	mux.HandleFunc("GET /v1/ws", s.socket)
	s.http = &http.Server{Handler: mux}
	s.open.Go(func() { _ = s.http.Serve(s.lis) }) // always ErrServerClosed
	return s
}

// URL is a target that only Dial reaches.
func (s *Server) URL() string { return "http://lobby.example" }

// Dial is the dialer for clients.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) { return s.lis.dial(ctx) }

// Close ends everything and waits for it.
func (s *Server) Close() {
	s.CloseSockets(websocket.StatusGoingAway)
	_ = s.http.Close()
	s.open.Wait()
}

// CloseSockets closes everybody's socket with a code, as a server in trouble does.
func (s *Server) CloseSockets(code websocket.StatusCode) {
	s.mu.Lock()
	var conns []*websocket.Conn
	for _, p := range s.people {
		if p.conn != nil {
			conns = append(conns, p.conn)
			s.lost(p)
		}
	}
	s.mu.Unlock()
	for _, c := range conns {
		_ = c.Close(code, "")
	}
}

// Stranger is somebody in the lobby who is not this one and
// not in a meeting with them. Only Tamper may call it.
func (s *Server) Stranger(to int64) int64 {
	for id, p := range s.people {
		if r := s.people[to].ring; id != to && p.in && (r == nil || p.ring != r) {
			return id
		}
	}
	return to
}

// Photo is how many bytes of photo a person has uploaded.
func (s *Server) Photo(id int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.people[id].photo
}

func (s *Server) options(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"genders": []map[string]any{{"id": 0, "label": "a"}, {"id": 1, "label": "b"}, {"id": 2, "label": "c"}},
		"tags":    []string{"music", "books", "hiking"}, "langs": []map[string]any{{"id": "en", "label": "English"}, {"id": "de", "label": "Deutsch"}},
	})
}

func (s *Server) stats(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Figures != nil {
		reply(w, http.StatusOK, s.Figures())
		return
	}
	reply(w, http.StatusOK, map[string]any{"people_online": len(s.people), "store": map[string]any{"statements": s.step}})
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name string `json:"name"`
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &in) != nil || in.Name == "" {
		refuse(w, http.StatusBadRequest, "bad_value")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.SignUp != nil {
		if status := s.SignUp(); status != 0 {
			w.Header().Set("Retry-After", "2")
			refuse(w, status, "rate_limited")
			return
		}
	}
	// The id comes of what they say, not of who was first: a seeded run repeats itself.
	h := fnv.New64a()
	h.Write(body)
	id := int64(h.Sum64()>>12) + 1
	p := &person{id: id, card: wire.Card{ID: id, V: 1, Name: in.Name}, kept: map[uint64][]byte{}}
	token := "token-" + strconv.FormatInt(p.id, 10)
	s.people[p.id], s.tokens[token] = p, p.id
	reply(w, http.StatusCreated, map[string]any{"id": strconv.FormatInt(p.id, 10), "token": token})
}

// visitor finds whose request it is. It runs under mu; nil has been answered.
func (s *Server) visitor(w http.ResponseWriter, r *http.Request) *person {
	p := s.people[s.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]]
	if p == nil {
		refuse(w, http.StatusUnauthorized, "unauthorized")
	}
	return p
}

func (s *Server) photo(w http.ResponseWriter, r *http.Request) {
	image, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.visitor(w, r); p != nil && err == nil {
		p.photo = len(image)
		reply(w, http.StatusOK, map[string]any{})
	}
}

func (s *Server) history(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.visitor(w, r)
	if p == nil {
		return
	}
	calls := append([]Met{}, p.calls...)
	if s.TamperHistory != nil {
		calls = s.TamperHistory(p.id, calls)
	}
	reply(w, http.StatusOK, map[string]any{"calls": calls, "cooldowns": []any{}})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone, then
}

func refuse(w http.ResponseWriter, status int, code string) {
	reply(w, status, map[string]any{"error": map[string]string{"code": code, "message": code}})
}

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (l *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, errors.New("bottest: refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.IPAddr{} }
