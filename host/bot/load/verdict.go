package load

import (
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
)

// Finish judges what must be complete once nothing is under way any more: every
// meeting has ended for both, every word has arrived or was refused.
func (r *Referee) Finish(now time.Time) {
	r.Sweep(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.seats {
		for _, q := range s.pending {
			r.errors.add("unanswered_"+q.say.Name(), "person %d", s.id)
		}
		s.pending = nil
	}
	for _, m := range r.meetings {
		if m.open() {
			r.violate(m, "never_ended", "meeting %d between %v", m.id, m.people)
		}
		r.finishWords(m)
	}
	for _, m := range r.finished {
		r.finishWords(m)
	}
}

func (r *Referee) finishWords(m *meeting) {
	for _, w := range m.words {
		if !w.arrived && !w.excused {
			r.violate(m, "lost_"+w.kind, "call %d: said by %d, never refused, never delivered", m.id, w.from)
		}
	}
}

// Matches says whether a history holds exactly the person's finished calls.
// Judge counts how it does not.
func (r *Referee) Matches(id int64, h bot.History) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.compare(id, h)) == 0
}

// Judge compares a person's history with the calls the referee saw end: each
// exactly once, with the right person, and none within a cooldown.
func (r *Referee) Judge(id int64, h bot.History) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.compare(id, h) {
		r.violations.add(f.kind, "%d, call %d", id, f.call)
	}
}

type finding struct {
	kind string
	call int64
}

func (r *Referee) compare(id int64, h bot.History) (out []finding) {
	times := map[int64]int{}
	for i, c := range h.Calls {
		times[c.Call]++
		m := r.finished[c.Call]
		switch {
		case m == nil && r.meetings[c.Call] == nil:
			out = append(out, finding{"history_unknown_call", c.Call})
		case m == nil: // never ended for both, which is counted elsewhere
		case c.EndedAt == 0 && !m.unsure:
			out = append(out, finding{"history_unfinished", c.Call})
		case m.side(id) < 0 || m.people[1-m.side(id)] != c.Other || c.Caller != (m.side(id) == 0):
			out = append(out, finding{"history_wrong_people", c.Call})
		}
		for _, later := range h.Calls[:i] { // newest first
			if later.Other == c.Other && later.Call != c.Call && later.StartedAt < c.CooldownUntil {
				out = append(out, finding{"cooldown_broken", later.Call})
			}
		}
	}
	for _, m := range r.seat(id).calls {
		switch n := times[m.id]; {
		case n == 0:
			out = append(out, finding{"history_missing_call", m.id})
		case n > 1:
			out = append(out, finding{"history_twice", m.id})
		}
	}
	return out
}
