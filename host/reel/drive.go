package reel

import (
	"context"
	"time"
)

// Drive does once all that is due at Now, and tells how long nothing will be
// (ok: if anything ever is, without further Feed). It is Run for whoever keeps
// the time: a recorded evening is driven past a reel as fast as it can be read.
// Not together with Run, nor from two goroutines at once. When ctx has ended
// it scores nothing.
func (r *Reel) Drive(ctx context.Context) (wait time.Duration, ok bool) { return r.pass(ctx) }

// Stop closes the scorers of a driven reel, which takes nothing any more.
func (r *Reel) Stop(ctx context.Context) { r.close(ctx) }
