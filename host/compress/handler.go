package compress

import (
	"net/http"
	"strings"
	"sync"
)

// MinBytes is the smallest body worth coding: with its headers a smaller one
// fits the same packet either way.
const MinBytes = 600

// maxHeld is how much of a body is held back to code it in one piece. A longer
// one, and one that is flushed, is coded on its way out, by gzip or deflate.
const maxHeld = 64 << 10

// Handler codes the answers of next as the client asks; see the package for what
// is left alone. Safe for concurrent use.
func Handler(next http.Handler) http.Handler {
	h := &handler{next: next, encoders: newEncoders()}
	h.held.New = func() any { b := make([]byte, 0, 4<<10); return &b }
	return h
}

type handler struct {
	next     http.Handler
	encoders *encoders
	held     sync.Pool // *[]byte, for bodies
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Upgrade") != "" {
		h.next.ServeHTTP(w, r)
		return
	}
	var accept Accept // nothing
	if mayBeCoded(r) {
		accept = ParseAccept(r.Header)
	}
	c := &response{ResponseWriter: w, handler: h, accept: accept, asked: strings.Join(r.Header.Values("If-None-Match"), ",")}
	whole := false
	defer func() {
		if !whole {
			c.abandon() // a panic goes on from here, and the client must see a body cut short
		}
	}()
	h.next.ServeHTTP(c, withPlainTags(r))
	whole = true
	c.finish()
}

// mayBeCoded leaves out what has no body to code, and what another site may
// have asked for in somebody's name; see BREACH in the package.
func mayBeCoded(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method == http.MethodGet && r.Header.Get("Range") == "" && site != "cross-site" && site != "same-site"
}

// compressible lists types that are text; everything else is compressed in
// itself, or a stream of events that would hold an encoder for hours.
func compressible(contentType string) bool {
	mime, _, _ := strings.Cut(contentType, ";")
	switch mime = strings.ToLower(strings.TrimSpace(mime)); mime {
	case "text/event-stream":
		return false
	case "application/json", "application/javascript", "application/manifest+json", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(mime, "text/")
}

// vary adds Accept-Encoding to what an answer depends on.
func vary(h http.Header) {
	for _, line := range h.Values("Vary") {
		for _, name := range strings.Split(line, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Accept-Encoding") {
				return
			}
		}
	}
	h.Add("Vary", "Accept-Encoding")
}
