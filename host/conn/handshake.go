package conn

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coder/websocket"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/wire"
)

// SessionCookie holds a browser's session token; HttpOnly, so no script sees it.
const SessionCookie = "sky_session"

// ServeHTTP upgrades the request and returns at once; the socket lives on in a
// goroutine of its own. The URL's query is never looked at.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		// Taking the connection over would wait for what was promised, and so would keeping it.
		w.Header().Set("Connection", "close")
		h.refuse(w, wire.CodeTooBig)
		return
	}
	fromPage, ok := h.originAllowed(r)
	if !ok {
		h.refuse(w, wire.CodeForbidden)
		return
	}
	c := &conn{hub: h, addr: h.remote(r), page: fromPage, encoding: agreed(r), limit: maxHello}
	c.born = h.now().UnixMilli()
	c.heard.Store(c.born)
	if status, code := h.admit(c); status != 0 {
		h.writeRefusal(w, code)
		return
	}
	if k, err := r.Cookie(SessionCookie); err == nil && fromPage {
		c.cookie = k.Value
	}
	lean := &leanWriter{ResponseWriter: w, owner: c}
	mode := websocket.CompressionDisabled
	if h.cfg.Compress {
		mode = websocket.CompressionNoContextTakeover
	}
	ws, err := websocket.Accept(lean, r, &websocket.AcceptOptions{
		Subprotocols:       []string{c.encoding.Subprotocol()},
		InsecureSkipVerify: true, // originAllowed is stricter and has checked
		CompressionMode:    mode,
		OnPingReceived:     func(context.Context, []byte) bool { c.alive(); return true },
		OnPongReceived:     func(context.Context, []byte) { c.alive() },
	})
	if err != nil {
		h.release(c, 0)
		return
	}
	c.deflates = w.Header().Get("Sec-WebSocket-Extensions") != ""
	if !c.deflates {
		if l := c.poll(lean.hijacked); l != nil {
			ws.CloseNow() // the library's part is done; l has the connection for itself
			c.open(l)
			l.begin()
			return
		}
	}
	l := &libraryLine{c, ws, lean.hijacked}
	c.open(l)
	go l.serve()
}

// agreed is the encoding of the socket that r asks for: binary to whoever offers
// it, and JSON to everyone else, also to those who name no subprotocol.
func agreed(r *http.Request) wire.Encoding {
	for _, name := range listed(r.Header.Values("Sec-WebSocket-Protocol")) {
		if name == wire.Binary.Subprotocol() {
			return wire.Binary
		}
	}
	return wire.JSON
}

func (h *Hub) refuse(w http.ResponseWriter, code wire.Code) {
	h.mu.Lock()
	h.refused++
	h.mu.Unlock()
	h.writeRefusal(w, code)
}

// originAllowed says whether the request may be upgraded, and whether it comes
// from a page of ours, so that its cookie means what the person wants. Without
// an Origin it is no browser: it may log in by token, but a cookie counts for nothing.
func (h *Hub) originAllowed(r *http.Request) (fromPage, ok bool) {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return false, true
	}
	if len(origins) > 1 {
		return false, false
	}
	if slices.Contains(h.cfg.Origins, origins[0]) {
		return true, true
	}
	u, err := url.Parse(origins[0])
	same := err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, r.Host)
	return same, same
}

// login answers a hello: it finds out whose the socket is and attaches it. A
// socket that may not stay it has dropped when it returns.
func (c *conn) login(hello wire.ClientHello, ref uint32) {
	token := hello.Token
	if token == "" {
		token = c.cookie
	}
	c.cookie = ""
	ctx, cancel := context.WithTimeout(context.Background(), c.hub.cfg.HelloWait)
	defer cancel()
	if token == "" {
		c.turnAway(ref, wire.CodeUnauthorized, CloseNoLogin)
		return
	}
	person, err := c.hub.auth.Login(ctx, token)
	switch {
	case errors.Is(err, ErrNoSession) || err == nil && person == 0:
		c.turnAway(ref, wire.CodeUnauthorized, CloseNoLogin)
		return
	case errors.Is(err, ErrBanned):
		c.turnAway(ref, wire.CodeForbidden, CloseBanned)
		return
	case err != nil:
		c.hub.log.Warn("login could not be checked", "err", err)
		c.turnAway(ref, wire.CodeOverloaded, CloseOverloaded)
		return
	}
	c.person = person
	// Before it counts as known: whoever comes too often is held to the limit for strangers.
	if wait := c.wait(classAttach, c.hub.now()); wait > 0 {
		c.tooFast(ref, wait)
		c.leave(CloseFlood, wait)
		return
	}
	c.hub.known(c)
	if c.ending() {
		return // it took too long
	}
	resume := Resume{Stream: lobby.ConnID(hello.Stream), Epoch: hello.Epoch, Seq: uint64(hello.Seq), At: uint64(hello.At)}
	stream, err := c.hub.backend.Attach(ctx, person, resume, c)
	switch {
	case errors.Is(err, ErrClosed):
		c.turnAway(ref, wire.CodeDraining, CloseDraining)
		return
	case err != nil:
		c.turnAway(ref, wire.CodeOverloaded, CloseOverloaded)
		return
	}
	c.stream = stream
	c.limit = wire.MaxFrame
	c.remember(ctx, token)
}

func (c *conn) turnAway(ref uint32, code wire.Code, end CloseCode) {
	c.say(wire.Refuse(ref, code, "", 0))
	c.Drop(end)
}

// listed splits a header's lines into their items, in order.
func listed(lines []string) []string {
	var items []string
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			items = append(items, strings.TrimSpace(item))
		}
	}
	return items
}
