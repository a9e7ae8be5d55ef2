package postgres

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/napalmsky/napalmsky/host/store"
)

const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// WaitOpen is Open that waits for a database which is away or starting, or which
// another server is using: it says so in the log and tries again, after pauses
// that grow to five seconds, until ctx ends. A server that lost the database
// without letting go of it (as when the database restarts) has some seconds to
// come back before whoever waits takes its place. What waiting cannot mend (a wrong password, no such database, a
// newer schema) is returned at once.
func WaitOpen(ctx context.Context, o Options, log *slog.Logger) (*Store, error) {
	since, waits, polite := time.Now(), false, false
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		s, err := open(ctx, o, log, polite)
		switch {
		case err == nil:
			if waits {
				log.Info("the database is there", "after", time.Since(since).Round(time.Millisecond))
			}
			return s, nil
		case errors.Is(err, ErrInUse):
			if !polite {
				log.Warn("waiting: another server is using this database; this one takes over when it is stopped", "err", err)
			}
			polite, pause = true, firstPause
		case errors.Is(err, errVanished):
			log.Warn("waiting: the other server is gone without letting go of the database, and may come back", "again_in", mayReturn)
			polite, pause = false, mayReturn
		case errors.Is(err, store.ErrUnavailable):
			log.Warn("waiting for the database; nobody is served until it is there", "again_in", pause, "err", err)
		default:
			return nil, err
		}
		waits = true
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}
