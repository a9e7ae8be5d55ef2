package storetest

import (
	"context"

	"github.com/napalmsky/napalmsky/host/store"
)

// Sweep implements store.Chores.
func (f *Faulty) Sweep(ctx context.Context, now, forget int64, limit int) (store.Swept, error) {
	return through(ctx, f, Sweep, func() (store.Swept, error) { return f.inner.Sweep(ctx, now, forget, limit) })
}

// ArchiveCalls implements store.Chores.
func (f *Faulty) ArchiveCalls(ctx context.Context, before int64, limit int) (int, error) {
	return through(ctx, f, ArchiveCalls, func() (int, error) { return f.inner.ArchiveCalls(ctx, before, limit) })
}
