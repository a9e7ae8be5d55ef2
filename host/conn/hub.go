// Package conn holds the sockets: it takes a WebSocket's handshake, login,
// frames, limits and end, and hands what people wish to a Backend as lobby
// events. It knows nothing of the lobby's rules and trusts nothing a client says.
//
// It asks for frames in the encoding that a socket agreed on (Sink.Encoding) and
// takes the client's accordingly; the two subprotocols are wire's.
//
// A connection costs no goroutine and no timer. One poller reads for all (see
// polled_linux.go; over TLS and with permessage-deflate the WebSocket library
// does, in a goroutine for each). Nobody waits to write: Send queues (64 KB at
// most), one goroutine writes for all, and a socket that is full has one of its
// own only until it is not; see write.go.
package conn

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// ErrNoSession: the token names no session, or an expired one.
var ErrNoSession = errors.New("no session")

// ErrBanned: the token names a session, but its person is kept out.
var ErrBanned = errors.New("banned")

// Auth knows whose a session token is. Safe for concurrent use.
type Auth interface {
	// Login returns the person of a token; ErrNoSession if there is none, ErrBanned. Any other
	// error means that it could not be found out: the client is asked to come back.
	// It is asked again for every open socket, each Config.RecheckEvery; then
	// those two end the socket and any other error changes nothing.
	Login(ctx context.Context, token string) (lobby.PersonID, error)
}

// Config holds the hub's limits. Zero fields mean the default.
type Config struct {
	Origins         []string       // allowed beside the same host; exact, like "https://example.com"
	TrustedProxies  []netip.Prefix // whose X-Forwarded-For is believed; default nobody's
	MaxConns        int            // sockets at once; default 20,000
	MaxStrangers    int            // sockets not logged in, of one address (IPv6: one /64); default 100
	AttachPerSecond float64        // sockets one person may bring to the lobby; default 1
	AttachBurst     int            // so many of them at once; default 10
	QueueBytes      int            // unsent bytes of one socket, see weight; default 64 KB
	HelloWait       time.Duration  // from the handshake to a finished login; default 10 s
	RecheckEvery    time.Duration  // a session is looked up again at least so often; default 5 min
	PingEvery       time.Duration  // of silence; default 25 s
	PongWait        time.Duration  // default 10 s
	WriteWait       time.Duration  // for one frame; default 10 s
	DrainPerSecond  int            // sockets told to leave, each second; default 500
	ReturnSpread    time.Duration  // over which those sent away are asked to come back; default 5 s
	Compress        bool           // permessage-deflate, for clients that offer it
	CompressOver    int            // bytes of a frame from which it pays; default 256
	// Pressure says how short of memory the server is; asked at every handshake, so
	// it must be quick. Nil: never short. Safe for concurrent use.
	Pressure func() Pressure
}

func (c Config) withDefaults() Config {
	set(&c.MaxConns, 20_000)
	set(&c.MaxStrangers, 100)
	set(&c.AttachPerSecond, 1)
	set(&c.AttachBurst, 10)
	set(&c.QueueBytes, 64<<10)
	set(&c.HelloWait, 10*time.Second)
	set(&c.RecheckEvery, 5*time.Minute)
	set(&c.PingEvery, 25*time.Second)
	set(&c.PongWait, 10*time.Second)
	set(&c.WriteWait, 10*time.Second)
	set(&c.DrainPerSecond, 500)
	set(&c.ReturnSpread, 5*time.Second)
	set(&c.CompressOver, 256)
	if c.Pressure == nil {
		c.Pressure = func() Pressure { return Calm }
	}
	return c
}

func set[T int | float64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Hub is the http.Handler of /v1/ws and owns every socket. It has no goroutine
// while nobody is connected.
type Hub struct {
	cfg     Config
	backend Backend
	auth    Auth
	log     *slog.Logger
	now     func() time.Time
	quotas  quotas
	paces   *paces
	talkers talkers

	rechecking atomic.Bool // a round of rechecks is under way
	unpolled   bool        // the library reads every socket; set by tests before the first

	framesIn, framesOut, bytesIn, bytesOut atomic.Uint64

	mu        sync.Mutex
	conns     map[*conn]struct{}
	strangers map[netip.Addr]int // sockets not logged in, by address
	opened    uint64
	refused   uint64
	closed    map[CloseCode]uint64
	draining  bool
	endSweep  chan struct{} // nil while nobody is connected
	poller    *poller       // nil then, too, and where there is none
	empty     chan struct{} // closed when draining and the last conn is gone
}

// New returns a hub. now drives rate limits, rechecks and pings.
func New(cfg Config, backend Backend, auth Auth, log *slog.Logger, now func() time.Time) *Hub {
	cfg = cfg.withDefaults()
	q := cfg.quotas()
	h := &Hub{
		cfg: cfg, backend: backend, auth: auth, log: log, now: now, quotas: q, paces: newPaces(q, cfg.MaxConns),
		conns: map[*conn]struct{}{}, strangers: map[netip.Addr]int{}, closed: map[CloseCode]uint64{},
		empty: make(chan struct{}),
	}
	h.talkers.wake = make(chan struct{}, 1)
	return h
}

// Stats is a snapshot of what a hub has done.
type Stats struct {
	Open      int                  // sockets now, those saying goodbye included
	Strangers int                  // of them, not logged in
	Opened    uint64               // since the start
	Refused   uint64               // handshakes answered with an HTTP error
	Closed    map[CloseCode]uint64 // by ours, or the peer's own code (1001, 1006, …)
	FramesIn  uint64               // data frames
	FramesOut uint64
	BytesIn   uint64 // after the handshake, before TLS
	BytesOut  uint64
}

// Stats may be called at any time. Open is counted from the sockets themselves,
// so it cannot drift.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{
		Open: len(h.conns), Opened: h.opened, Refused: h.refused, Closed: maps.Clone(h.closed),
		FramesIn: h.framesIn.Load(), FramesOut: h.framesOut.Load(),
		BytesIn: h.bytesIn.Load(), BytesOut: h.bytesOut.Load(),
	}
	for _, n := range h.strangers {
		s.Strangers += n
	}
	return s
}

// Drain refuses newcomers, tells everyone to come back a little later, and
// returns when the last socket is gone. When ctx ends first, what is left is cut
// off and ctx's error returned.
func (h *Hub) Drain(ctx context.Context) error {
	h.mu.Lock()
	h.draining = true
	if len(h.conns) == 0 {
		h.closeEmpty()
	}
	all := h.snapshot()
	h.mu.Unlock()

	pace := rate.NewLimiter(rate.Limit(h.cfg.DrainPerSecond), 1)
	for _, c := range all {
		if pace.Wait(ctx) != nil {
			break
		}
		c.Drop(CloseDraining)
	}
	select {
	case <-h.empty:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	all = h.snapshot()
	h.mu.Unlock()
	for _, c := range all {
		c.cut(CloseDraining)
	}
	return ctx.Err()
}

func (h *Hub) snapshot() []*conn {
	all := make([]*conn, 0, len(h.conns))
	for c := range h.conns {
		all = append(all, c)
	}
	return all
}

// closeEmpty tells Drain that nobody is left. h.mu is held.
func (h *Hub) closeEmpty() {
	select {
	case <-h.empty:
	default:
		close(h.empty)
	}
}

// sweep has the silent pinged, ends those that stay silent or do not log in,
// and rechecks old logins, until end.
func (h *Hub) sweep(end <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tick := time.NewTicker(min(h.cfg.PingEvery, h.cfg.PongWait, h.cfg.RecheckEvery, h.cfg.HelloWait) / 5)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
			h.recheckDue(ctx, h.sweepOnce(h.now().UnixMilli()))
		}
	}
}

// sweepOnce looks after every socket and returns those whose login is to be rechecked.
func (h *Hub) sweepOnce(now int64) (due []*conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		heard := c.heard.Load()
		switch {
		case !c.greeted && now-c.born >= h.cfg.HelloWait.Milliseconds():
			c.Drop(CloseNoHello)
		case now-heard < h.cfg.PingEvery.Milliseconds():
			c.pinged = 0
		case c.pinged <= heard:
			c.pinged = now
			c.ping()
		case now-c.pinged >= h.cfg.PongWait.Milliseconds():
			c.cut(CloseSilent)
		}
		if s := c.session.Load(); s != nil && s.due.Load() <= now {
			due = append(due, c)
		}
	}
	return due
}

// ping asks for a sign of life.
func (c *conn) ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.shut && !c.cutShort {
		c.push(opPing, nil)
	}
}
