package journal

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

// Ranker makes one more scorer of the rule in question; whoever is given it closes it.
type Ranker func(ctx context.Context) (policy.Match, error)

// longPause is a silence that is not played through: nothing but refreshes
// would happen in it.
const longPause = int64(time.Hour / time.Millisecond)

// rerun is a reel with the other rule, driven along the recorded feed.
type rerun struct {
	reel   *reel.Reel
	now    int64 // ms
	nextAt int64 // of the reel's own next doing
	asleep bool  // it has nothing to do
	err    error // why no scorer could be had
}

func newRerun(cfg reel.Config, start int64, rank Ranker, emit func(at int64, u reel.Update)) *rerun {
	s := &rerun{now: start, asleep: true}
	s.reel = reel.New(cfg, reel.Deps{
		Ranker: func(ctx context.Context) (policy.Match, error) {
			m, err := rank(ctx)
			s.err = errors.Join(s.err, err)
			return m, err
		},
		Stale: func() bool { return false },
		Emit:  func(u reel.Update) { emit(s.now, u) },
		Now:   func() time.Time { return time.UnixMilli(s.now) },
	})
	return s
}

// until lets the reel do by itself what it would have done before at.
func (s *rerun) until(ctx context.Context, at int64) error {
	if at-s.now > longPause {
		s.now = at
	}
	for !s.asleep && s.nextAt <= at && s.err == nil && ctx.Err() == nil {
		s.now = max(s.now, s.nextAt)
		s.drive(ctx)
	}
	s.now = max(s.now, at)
	return errors.Join(s.err, ctx.Err())
}

func (s *rerun) feed(ctx context.Context, items []reel.Item) error {
	for _, it := range items {
		s.reel.Feed(it)
	}
	if len(items) > 0 {
		s.drive(ctx)
	}
	return s.err
}

func (s *rerun) drive(ctx context.Context) {
	wait, ok := s.reel.Drive(ctx)
	s.asleep, s.nextAt = !ok, s.now+wait.Milliseconds()
}

// judge scores pairs with the other rule at one moment.
type judge struct {
	match  policy.Match
	slot   map[lobby.PersonID]int
	free   []int // slots nobody has
	slots  int
	scores []int32
}

func newJudge(m policy.Match) *judge { return &judge{match: m, slot: map[lobby.PersonID]int{}} }

// seat brings in a person, or their new numbers.
func (j *judge) seat(id lobby.PersonID, row policy.Person) {
	n, known := j.slot[id]
	if !known {
		if k := len(j.free); k > 0 {
			n, j.free = j.free[k-1], j.free[:k-1]
		} else {
			n, j.slots = j.slots, j.slots+1
		}
		j.slot[id] = n
	}
	j.match.Set(n, &row)
}

func (j *judge) leave(id lobby.PersonID) {
	if n, known := j.slot[id]; known {
		delete(j.slot, id)
		j.match.Set(n, &policy.Person{})
		j.free = append(j.free, n)
	}
}

// score has every slot scored for a viewer; of answers from it afterwards.
func (j *judge) score(ctx context.Context, now int64, viewer lobby.PersonID) error {
	j.scores = slices.Grow(j.scores[:0], j.slots)[:j.slots]
	for first := 0; first < j.slots; first += policy.MaxRowsPerCall {
		out := j.scores[first:min(first+policy.MaxRowsPerCall, j.slots)]
		if err := j.match.Score(ctx, now, j.slot[viewer], first, out); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) of(id lobby.PersonID) int32 {
	if n, known := j.slot[id]; known {
		return j.scores[n]
	}
	return policy.Ineligible
}
