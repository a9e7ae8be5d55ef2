package compress

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// response holds an answer back until it is known what to do with it: one that
// ends within maxHeld is coded whole; one that goes on, or is flushed, is coded
// on its way; the others pass through.
type response struct {
	http.ResponseWriter
	handler *handler
	accept  Accept
	asked   string // If-None-Match, as it came

	status int // 0: not said yet
	held   *[]byte
	sent   bool    // the header is out: nothing is held any more
	coding Coding  // of the stream
	stream flusher // nil: written as it comes
}

// Unwrap lets http.ResponseController reach deadlines.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if status >= 100 && status < 200 {
		w.ResponseWriter.WriteHeader(status) // one that goes ahead of the answer
		return
	}
	if w.status != 0 {
		return
	}
	w.status = status
	if !w.eligible() {
		w.pass()
	}
}

func (w *response) Write(p []byte) (int, error) {
	if w.Header().Get("Content-Type") == "" && w.status == 0 {
		w.Header().Set("Content-Type", http.DetectContentType(p)) // net/http would, of coded bytes
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.sent && w.length()+len(p) > maxHeld {
		if err := w.startStream(); err != nil {
			return 0, err
		}
	}
	if w.sent {
		return w.out(p)
	}
	if w.held == nil {
		w.held = w.handler.held.Get().(*[]byte)
	}
	*w.held = append(*w.held, p...)
	return len(p), nil
}

// FlushError is what http.ResponseController calls.
func (w *response) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.sent {
		if err := w.startStream(); err != nil {
			return err
		}
	}
	if w.stream != nil {
		if err := w.stream.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is http.Flusher.
func (w *response) Flush() { _ = w.FlushError() } // which has no way to say so

func (w *response) out(p []byte) (int, error) {
	if w.stream != nil {
		return w.stream.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

func (w *response) length() int {
	if w.held == nil {
		return 0
	}
	return len(*w.held)
}

// eligible tells whether this answer could be coded for somebody, and says so in
// Vary; whether for this client is asked later.
func (w *response) eligible() bool {
	h := w.Header()
	if !compressible(h.Get("Content-Type")) {
		return false
	}
	if w.status == http.StatusNotModified || w.status == http.StatusOK || w.status == http.StatusPartialContent {
		vary(h)
	}
	return w.status == http.StatusOK && w.accept.Best(Brotli, Gzip, Deflate) != Identity &&
		h.Get("Content-Encoding") == "" && h.Get("Content-Range") == "" && !strings.Contains(h.Get("Cache-Control"), "no-transform")
}

// pass sends the header as it is; what is written from now on goes straight out.
func (w *response) pass() {
	w.sent = true
	if w.status == http.StatusNotModified {
		vary(w.Header())
		keepTag(w.Header(), w.asked)
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// code sets the header of a coded answer.
func (w *response) code(c Coding) {
	h := w.Header()
	h.Set("Content-Encoding", string(c))
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	if tag := h.Get("ETag"); tag != "" {
		h.Set("ETag", "W/"+mark(strings.TrimPrefix(tag, "W/"), c))
	}
}

// startStream begins to send an answer whose end is not known, held part first.
func (w *response) startStream() error {
	w.coding = w.accept.Best(Gzip, Deflate)
	if w.coding != Identity {
		w.stream = w.handler.encoders.stream(w.coding, w.ResponseWriter)
	}
	if w.stream != nil {
		w.code(w.coding)
	}
	w.pass()
	if w.length() == 0 {
		return nil
	}
	_, err := w.out(*w.held)
	w.letGo()
	return err
}

// finish sends what is held, or ends the stream. Errors mean that the client is
// gone, and there is nobody left to tell.
func (w *response) finish() {
	defer w.abandon()
	switch {
	case w.stream != nil:
		_ = w.stream.Close()
	case w.status == 0 || w.sent: // nothing was said, or all is out
	default:
		w.sendWhole()
	}
}

func (w *response) sendWhole() {
	var body []byte
	if w.held != nil {
		body = *w.held
	}
	if len(body) < MinBytes && !w.accept.refusesIdentity() || len(body) == 0 {
		w.pass()
		_, _ = w.ResponseWriter.Write(body)
		return
	}
	c := w.accept.Best(Brotli, Gzip, Deflate)
	out := bytes.NewBuffer(make([]byte, 0, len(body)/3))
	if w.handler.encoders.whole(c, body, out) == nil && (out.Len() < len(body) || w.accept.refusesIdentity()) {
		w.code(c)
		w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
		body = out.Bytes()
	}
	w.pass()
	_, _ = w.ResponseWriter.Write(body)
}

// abandon gives back what is still held.
func (w *response) abandon() {
	if w.stream != nil {
		w.handler.encoders.done(w.coding, w.stream)
		w.stream = nil
	}
	w.letGo()
}

func (w *response) letGo() {
	if w.held != nil {
		*w.held = (*w.held)[:0]
		w.handler.held.Put(w.held)
		w.held = nil
	}
}
