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

// WaitOpen is Open that waits for a database which is away or starting: it says
// so in the log and tries again, after pauses that grow to five seconds, until
// ctx ends. What waiting cannot mend (a wrong password, no such database, a
// newer schema) is returned at once.
func WaitOpen(ctx context.Context, o Options, log *slog.Logger) (*Store, error) {
	since := time.Now()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		s, err := Open(ctx, o, log)
		if err == nil {
			if pause > firstPause {
				log.Info("the database is there", "after", time.Since(since).Round(time.Millisecond))
			}
			return s, nil
		}
		if !errors.Is(err, store.ErrUnavailable) {
			return nil, err
		}
		log.Warn("waiting for the database; nobody is served until it is there", "again_in", pause, "err", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}
