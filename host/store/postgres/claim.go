package postgres

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/napalmsky/napalmsky/host/store"
)

// ErrInUse: another server is using this database. Two would be two masters of
// one lobby, and could have one person in two calls.
var ErrInUse = errors.New("another server is using this database")

// errVanished: whoever had the database until a moment ago did not let go of it.
var errVanished = errors.New("the server that was using this database is gone without a goodbye")

const (
	// claimLock is the advisory lock that whoever uses a database has: "napalmsk".
	claimLock = 0x6e61_7061_6c6d_736b

	askAgain = 200 * time.Millisecond // for a claim that somebody has
	beat     = time.Second            // between two looks at ours
	// deadAfter is how long the server keeps the claim of a process that is silent:
	// frozen, or cut off by a network that says nothing.
	deadAfter = 30 * time.Second
	// mayReturn is how long somebody who waits leaves the claim to a server that lost
	// it without letting go: with a database that restarted, it will be back.
	mayReturn = 5 * time.Second
)

// claim is a server's right to be the only one that writes to a database. It is
// an advisory lock of a session, and that session is the writer's connection
// itself: nothing of the lobby can be committed without it, not even late. If the
// connection breaks, the next one must take the lock first, and find in the table
// that nobody else has had it in between: who did has read what this server was
// about to write over, so that there is no going back.
type claim struct {
	epoch int64 // never 0
	wait  time.Duration
	limit time.Duration
	log   *slog.Logger

	noted      atomic.Bool // the table has our epoch
	held       atomic.Bool
	superseded atomic.Bool
}

func newClaim(o Options, log *slog.Logger) *claim {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return &claim{epoch: int64(binary.LittleEndian.Uint64(b[:])>>1) | 1, wait: o.LockTimeout, limit: o.StatementTimeout + slack, log: log}
}

// pool makes the writer's pool: one connection, which has the claim for as long
// as it lasts.
func (c *claim) pool(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	p, err := o.poolConfig(1)
	if err != nil {
		return nil, err
	}
	const ever = 100 * 365 * 24 * time.Hour
	p.MaxConnLifetime, p.MaxConnLifetimeJitter, p.MaxConnIdleTime = ever, 0, ever
	p.ConnConfig.RuntimeParams["idle_session_timeout"] = milliseconds(deadAfter)
	p.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if c.superseded.Load() {
			return store.ErrSuperseded
		}
		return nil
	}
	p.AfterConnect = c.take
	p.BeforeClose = func(*pgx.Conn) {
		if c.held.Swap(false) && c.noted.Load() {
			c.log.Warn("the connection that has the claim to the database is closed")
		}
	}
	return pgxpool.NewWithConfig(ctx, p)
}

// take has a new connection take the lock. It waits a little: the session before
// it may not have ended yet.
func (c *claim) take(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, c.wait+c.limit)
	defer cancel()
	for until := time.Now().Add(c.wait); ; {
		var got bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(claimLock)).Scan(&got); err != nil {
			return err
		}
		if c.noted.Load() {
			last, err := lastEpoch(ctx, conn)
			if err != nil {
				return err
			}
			if last != c.epoch {
				if !c.superseded.Swap(true) {
					c.log.Error("another server has taken over this database: this one writes nothing any more and cannot go on; stop it")
				}
				return store.ErrSuperseded
			}
		}
		if got {
			if c.held.Store(true); c.noted.Load() {
				c.log.Info("the claim to the database is held again")
			}
			return nil
		}
		if time.Now().After(until) {
			return ErrInUse
		}
		select {
		case <-time.After(askAgain):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lastEpoch is whose claim was noted last; 0: they let go, or there never was one.
func lastEpoch(ctx context.Context, conn *pgx.Conn) (epoch int64, err error) {
	err = conn.QueryRow(ctx, "SELECT epoch FROM claim WHERE one = 1").Scan(&epoch)
	if errors.Is(err, pgx.ErrNoRows) || hasCode(err, noTable) {
		return 0, nil
	}
	return epoch, err
}

// check says why nothing may be written now; nil: it may.
func (c *claim) check() error {
	switch {
	case c.superseded.Load():
		return store.ErrSuperseded
	case !c.held.Load():
		return fmt.Errorf("%w: the claim to the database is lost with its connection", store.ErrUnavailable)
	}
	return nil
}

// claimed runs do on the connection that has the claim.
func (s *Store) claimed(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.claim.wait+2*s.limit)
	defer cancel()
	c, err := s.write.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	return do(ctx, c.Conn())
}

// vanished is nil where the last server let go of the database.
func (s *Store) vanished(ctx context.Context) error {
	return s.claimed(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		if last, err := lastEpoch(ctx, conn); err != nil || last == 0 {
			return err
		}
		return errVanished
	})
}

// note writes our epoch down.
func (s *Store) note(ctx context.Context) error {
	return s.claimed(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "INSERT INTO claim (one, epoch) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch", s.claim.epoch)
		s.claim.noted.Store(err == nil)
		return err
	})
}

// letGo says that whoever waits need not wait for us to come back. The lock goes
// with the connection.
func (s *Store) letGo() {
	if s.claim.check() != nil || !s.claim.noted.Swap(false) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), pingLimit)
	defer cancel()
	err := s.claimed(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "UPDATE claim SET epoch = 0 WHERE epoch = $1", s.claim.epoch)
		return err
	})
	if err != nil {
		s.log.Warn("the claim to the database was not given back; who waits for it waits a little longer", "err", err)
	}
}

// keep looks after the connection that has the claim, until ctx ends: the server
// must hear from it, and a broken one is replaced before somebody needs it.
func (s *Store) keep(ctx context.Context) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for !s.claim.superseded.Load() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// A failure is told by those who write, and by readiness.
			_ = s.claimed(ctx, func(ctx context.Context, conn *pgx.Conn) error { return conn.Ping(ctx) })
		}
	}
}

// Reserve takes the claim to a database for a program that is no server, until
// it calls done. ErrInUse; else as Open.
func Reserve(ctx context.Context, o Options) (done func() error, err error) {
	p, err := o.poolConfig(1)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, p.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("postgres: reserve: %w", openErr(ctx, err))
	}
	end := func() error { return conn.Close(context.WithoutCancel(ctx)) }
	if err := newClaim(o, slog.New(slog.DiscardHandler)).take(ctx, conn); err != nil {
		return nil, errors.Join(fmt.Errorf("postgres: reserve: %w", openErr(ctx, err)), end())
	}
	return end, nil
}
