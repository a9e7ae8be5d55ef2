package store

import "context"

// Chores keep a store small. Each call does a bounded part; repeat it while it
// finds something. Both are safe to repeat, and safe beside any other call.
type Chores interface {
	// Sweep deletes up to limit rows of each kind that is over at now: sessions,
	// cooldowns of two who never met, and of two whose last one ended before
	// forget, and what was kept of people who left in case they come back.
	Sweep(ctx context.Context, now, forget int64, limit int) (Swept, error)
	// ArchiveCalls moves up to limit finished calls that started before a time
	// into the archive, the oldest first, and answers how many. In one
	// transaction each is written, read back and compared before its row goes. A
	// History shows archived calls like any other.
	ArchiveCalls(ctx context.Context, before int64, limit int) (int, error)
}

// Swept counts what a Sweep deleted.
type Swept struct{ Sessions, Cooldowns, Departed int }

// All is the sum.
func (s Swept) All() int { return s.Sessions + s.Cooldowns + s.Departed }
