package bot

import (
	"slices"
	"time"
)

// agenda is what one person means to do, by time. It belongs to one goroutine.
type agenda struct {
	now   func() time.Time
	items []plan // soonest first
	timer *time.Timer
}

// plan is one intention; tag groups those that fall away together.
type plan struct {
	at  time.Time
	tag string
	do  func()
}

func newAgenda(now func() time.Time) *agenda {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &agenda{now: now, timer: t}
}

// in plans do after d.
func (a *agenda) in(d time.Duration, tag string, do func()) {
	at := a.now().Add(d)
	i, _ := slices.BinarySearchFunc(a.items, at, func(p plan, at time.Time) int {
		if p.at.After(at) {
			return 1
		}
		return -1 // equal ones keep the order they were planned in
	})
	a.items = slices.Insert(a.items, i, plan{at, tag, do})
	a.arm()
}

// forget drops all plans of a tag.
func (a *agenda) forget(tag string) {
	a.items = slices.DeleteFunc(a.items, func(p plan) bool { return p.tag == tag })
	a.arm()
}

// due does what is due. A plan may plan and forget others.
func (a *agenda) due() {
	for len(a.items) > 0 && !a.items[0].at.After(a.now()) {
		do := a.items[0].do
		a.items = slices.Delete(a.items, 0, 1)
		do()
	}
	a.arm()
}

func (a *agenda) arm() {
	if len(a.items) == 0 {
		a.timer.Stop()
		return
	}
	a.timer.Reset(max(0, a.items[0].at.Sub(a.now())))
}
