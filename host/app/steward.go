package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/steward"
)

// openSteward says what there is to tidy up, and what can be done without while
// memory is short, the least missed first.
func (a *App) openSteward(o Options) {
	c, read := a.cfg, o.Memory
	if read == nil {
		read = steward.NewGauge(uint64(c.Memory.Limit)).Read
	}
	a.steward = steward.New(steward.Config{
		CleanEvery: c.Steward.CleanEvery, LookEvery: c.Steward.LookEvery,
		Warning: float64(c.Memory.Warning) / 100, Critical: float64(c.Memory.Critical) / 100,
	}, steward.Deps{Read: read, Chores: a.chores(), Sheds: a.sheds(), Settled: o.Settled, Now: o.Now, Log: o.Log})
}

// part is how many rows a chore moves or deletes in one transaction: people's
// own writes wait behind it.
const part = 200

// chores are what is over and done with.
func (a *App) chores() []steward.Chore {
	c := a.cfg.Steward
	return []steward.Chore{
		{Name: "expired", Do: func(ctx context.Context, now time.Time) (int, bool, error) {
			swept, err := a.store.Sweep(ctx, now.UnixMilli(), now.Add(-c.KeepMet).UnixMilli(), part)
			a.tidied.swept(swept)
			return swept.All(), swept.Sessions == part || swept.Cooldowns == part, err
		}},
		{Name: "archive", Do: func(ctx context.Context, now time.Time) (int, bool, error) {
			if c.Archive == 0 {
				return 0, false, nil
			}
			n, err := a.store.ArchiveCalls(ctx, now.Add(-c.Archive).UnixMilli(), part)
			a.tidied.archived.Add(int64(n))
			return n, n == part, err
		}},
		{Name: "journals", Do: func(ctx context.Context, _ time.Time) (int, bool, error) {
			if a.journal == nil {
				return 0, false, nil
			}
			n, err := a.journal.Prune(ctx)
			a.tidied.journals.Add(int64(n))
			return n, false, err
		}},
		{Name: "plugin instances", Do: func(context.Context, time.Time) (int, bool, error) {
			return a.policies.plugins.DropIdle(false), false, nil
		}},
		{Name: "plugins", Do: func(ctx context.Context, now time.Time) (int, bool, error) {
			if c.KeepUnused == 0 {
				return 0, false, nil
			}
			n, err := a.policies.plugins.DropUnused(ctx, now.Add(-c.KeepUnused))
			a.tidied.plugins.Add(int64(n))
			return n, false, err
		}},
	}
}

// sheds are in the order in which they go.
func (a *App) sheds() []steward.Shed {
	return []steward.Shed{
		// They come back by themselves, one by one as they are needed.
		{Name: "spare plugin instances", Shed: func() { a.policies.plugins.DropIdle(true) }},
		{Name: "caches", Shed: func() { a.cache.shrink(true) }, Back: func() { a.cache.shrink(false) }},
		{Name: "resume buffers", Shed: func() { a.engine.Spare(true) }, Back: func() { a.engine.Spare(false) }},
		{Name: "newcomers", Shed: func() { a.doorShut.Store(true) }, Back: func() { a.doorShut.Store(false) }},
	}
}

// pressure is memory's as the sockets' hub sees it.
func (a *App) pressure() conn.Pressure {
	if a.doorShut.Load() {
		return conn.Critical
	}
	return conn.Calm
}

// Tune sets the process's collector for the memory it may use; for the start of
// a server that has the process for itself.
func Tune(c config.Config, getenv func(string) string, log *slog.Logger) {
	steward.Tune(steward.NewGauge(uint64(c.Memory.Limit)).Limit(), getenv, log)
}

// Settle gives the program's pages back that only the start needed, and those of
// plugins, for a process that is a server and nothing else; see Options.Settled.
func Settle(log *slog.Logger) func() {
	return func() {
		if err := steward.PageOutProgram(wasm.IsCode); err != nil {
			log.Info("the program's pages stay in memory", "err", err)
		}
	}
}
