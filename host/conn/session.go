package conn

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/napalmsky/napalmsky/host/lobby"
)

const (
	rechecksAtOnce = 4                // bounds what rechecks ask of the store at a time
	recheckWait    = 10 * time.Second // how long the store has to answer one
)

// session is what a socket's login is rechecked with. It is the only place that
// keeps the token, and the end of the socket forgets it.
type session struct {
	token  string
	person lobby.PersonID
	due    atomic.Int64 // Unix ms
}

// remember keeps an attached socket's login and checks it a second time: a
// logout after the first check and before Attach has dropped the person's
// sockets without this one.
func (c *conn) remember(ctx context.Context, token string) {
	s := &session{token: token, person: c.person}
	c.session.Store(s)
	// An error leaves it due, so the next sweep asks again.
	_ = c.recheck(ctx, s)
}

// recheck drops a socket whose session is over. An error means that it could
// not be found out, and changes nothing.
func (c *conn) recheck(ctx context.Context, s *session) error {
	person, err := c.hub.auth.Login(ctx, s.token)
	switch {
	case errors.Is(err, ErrNoSession) || err == nil && person != s.person:
		c.Drop(CloseNoLogin)
	case errors.Is(err, ErrBanned):
		c.Drop(CloseBanned)
	case err != nil:
		return err
	}
	// Spread out, so that those who came together are not rechecked together.
	every := c.hub.cfg.RecheckEvery
	s.due.Store(c.hub.now().Add(every/2 + rand.N(every/2)).UnixMilli())
	return nil
}

// recheckDue starts a round of rechecks of the sockets that are due, unless the
// last round is still under way.
func (h *Hub) recheckDue(ctx context.Context, due []*conn) {
	if len(due) == 0 || !h.rechecking.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer h.rechecking.Store(false)
		if err := h.recheckAll(ctx, due); err != nil && ctx.Err() == nil {
			h.log.Warn("sessions could not be rechecked", "err", err)
		}
	}()
}

// recheckAll stops at the first error: a store in trouble is asked again at the
// next sweep, not for every socket.
func (h *Hub) recheckAll(ctx context.Context, due []*conn) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(rechecksAtOnce)
	for _, c := range due {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			s := c.session.Load()
			if s == nil {
				return nil
			}
			ctx, cancel := context.WithTimeout(ctx, recheckWait)
			defer cancel()
			return c.recheck(ctx, s)
		})
	}
	return g.Wait()
}
