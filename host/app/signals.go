package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
)

// signalWait bounds how long a piece of signalling waits for its diet: for an
// instance to be free, in the main. What one may compute is bounded by fuel.
const signalWait = 100 * time.Millisecond

// signals stands between the sockets and the lobby and shortens what two
// browsers tell each other, once per piece, in the sending socket's own
// goroutine. Whatever goes wrong there, the original is passed on.
type signals struct {
	conn.Backend
	trim func(ctx context.Context, kind string, body []byte) ([]byte, error)
	now  func() time.Time
	log  *slog.Logger

	pieces, bytesIn, bytesOut, failed atomic.Uint64
	grumbled                          atomic.Int64 // Unix s of the last failure that was logged
}

func (s *signals) Post(ev lobby.Event) error {
	if sig, is := ev.(lobby.Signal); is {
		sig.Body = s.shorter(sig.Kind, sig.Body)
		ev = sig
	}
	return s.Backend.Post(ev)
}

func (s *signals) shorter(kind string, body []byte) []byte {
	ctx := newPatience(signalWait)
	defer ctx.end()
	short, err := s.trim(ctx, kind, body)
	if err != nil {
		s.failed.Add(1)
		s.grumble(kind, err)
		short = body
	}
	s.pieces.Add(1)
	s.bytesIn.Add(uint64(len(body)))
	s.bytesOut.Add(uint64(len(short)))
	return short
}

// grumble logs once a second at most; errors quote at most a line, and no
// line of signalling: it holds addresses.
func (s *signals) grumble(kind string, err error) {
	now := s.now().Unix()
	if last := s.grumbled.Load(); last == now || !s.grumbled.CompareAndSwap(last, now) {
		return
	}
	s.log.Warn("signalling is passed on as it came", "kind", kind, "err", err)
}

func (s *signals) figures() map[string]any {
	return map[string]any{"pieces": s.pieces.Load(), "bytes_in": s.bytesIn.Load(), "bytes_out": s.bytesOut.Load(), "failed": s.failed.Load()}
}
