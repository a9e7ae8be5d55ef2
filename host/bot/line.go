package bot

import (
	"context"
	"time"
)

// The part of an evening that is about the line: it is lost and comes back.

// planDrop loses the line now and then, while free.
func (e *Evening) planDrop(ctx context.Context) {
	if e.Habits.DropMean == 0 {
		return
	}
	e.agenda.in(exponential(e.Rand, e.Habits.DropMean), "drop", func() {
		if e.free() {
			e.Person.Drop()
			e.planReturn(ctx)
		}
		e.planDrop(ctx)
	})
}

// planCut loses it whatever the person is doing.
func (e *Evening) planCut(ctx context.Context) {
	if e.Habits.CutMean == 0 {
		return
	}
	e.agenda.in(exponential(e.Rand, e.Habits.CutMean), "cut", func() {
		e.cut(ctx, between(e.Rand, e.Habits.BackMin, e.Habits.BackMax))
		e.planCut(ctx)
	})
}

// cut loses the line now, for so long. One who is away already stays away.
func (e *Evening) cut(ctx context.Context, back time.Duration) {
	if !e.Person.Connected() {
		return
	}
	e.Person.Drop()
	e.returnIn(ctx, back)
}

// planReturn comes back soon, later with each try that failed, and not before
// the server wishes.
func (e *Evening) planReturn(ctx context.Context) {
	back := between(e.Rand, e.Habits.BackMin, e.Habits.BackMax) * time.Duration(1+min(e.retries, 9))
	e.retries++
	e.returnIn(ctx, max(back, e.retryIn))
}

func (e *Evening) returnIn(ctx context.Context, back time.Duration) {
	e.agenda.forget("return")
	e.agenda.in(back, "return", func() { e.comeIn(ctx, true) })
}
