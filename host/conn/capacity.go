package conn

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Pressure is how short of memory the server is.
type Pressure int

const (
	Calm     Pressure = iota
	Warning           // nothing changes for people yet
	Critical          // nobody new is let in; who is in stays
)

// turnstile is how many sockets past the limit may be open only to be told so.
// A browser shows a page nothing of a refused handshake, so it would come back
// at once.
const turnstile = 64

// full says whether there is no room for one more socket. h.mu is held.
func (h *Hub) full() bool {
	return len(h.conns) >= h.cfg.MaxConns || h.cfg.Pressure() >= Critical
}

// writeRefusal answers a handshake that leads to no socket, and when to try again.
func (h *Hub) writeRefusal(w http.ResponseWriter, code wire.Code) {
	f := wire.Explain(code)
	switch {
	case f.Status == http.StatusServiceUnavailable:
		// Not all of them in the same second.
		wait := time.Second + rand.N(h.cfg.ReturnSpread)
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Round(time.Second)/time.Second)))
	case f.RetryMS > 0:
		w.Header().Set("Retry-After", strconv.FormatInt((f.RetryMS+999)/1000, 10))
	}
	http.Error(w, f.Message, f.Status)
}
