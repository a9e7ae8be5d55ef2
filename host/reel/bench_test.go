package reel

import (
	"context"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// flatMatch costs about what a wasm guest does: a few ns a row.
type flatMatch struct{ rows []policy.Person }

func (*flatMatch) Generation() policy.Generation {
	return policy.Generation{Name: "flat", Digest: "flat", Params: 1}
}

func (m *flatMatch) Set(row int, p *policy.Person) {
	for len(m.rows) <= row {
		m.rows = append(m.rows, policy.Person{})
	}
	m.rows[row] = *p
}

func (m *flatMatch) Score(_ context.Context, now int64, viewer, first int, out []int32) error {
	for i := range out {
		o := &m.rows[first+i]
		out[i] = int32(o.Tags%997) + int32(m.rows[viewer].Tags*o.Tags%101) + int32((now-o.Since)/1000)
	}
	return nil
}

func (m *flatMatch) ScoreFor(ctx context.Context, now int64, candidate, first int, out []int32) error {
	return m.Score(ctx, now, candidate, first, out)
}

func (*flatMatch) Close(context.Context) error { return nil }

func thousand(b *testing.B) (*Reel, func(lobby.News), *time.Time) {
	at := epoch
	card := make([]byte, 600)
	r := New(Config{}, Deps{
		Ranker: func(context.Context) (policy.Match, error) { return &flatMatch{}, nil },
		Stale:  func() bool { return false }, Emit: func(Update) {},
		Now: func() time.Time { return at },
	})
	feed := func(n lobby.News) {
		it := Item{At: at.UnixMilli(), News: n}
		if e, ok := n.(lobby.Entered); ok {
			it.Face = &Face{Row: policy.Person{Tags: uint64(e.Person) * 2654435761}, Card: card}
		}
		r.Feed(it)
	}
	for id := lobby.PersonID(1); id <= 1000; id++ {
		feed(lobby.Entered{Person: id, Since: at.UnixMilli()})
		feed(lobby.Watch{Person: id, Conn: 1})
	}
	for wait, ok := r.pass(b.Context()); ok && wait == 0; wait, ok = r.pass(b.Context()) {
	}
	b.ReportAllocs()
	b.ResetTimer()
	return r, feed, &at
}

// One person comes, watches, and goes, among a thousand who watch.
func BenchmarkNewcomer(b *testing.B) {
	r, feed, _ := thousand(b)
	for i := range b.N {
		id := lobby.PersonID(2000 + i)
		feed(lobby.Entered{Person: id, Since: epoch.UnixMilli()})
		feed(lobby.Watch{Person: id, Conn: 1})
		feed(lobby.Left{Person: id})
		r.pass(b.Context())
	}
}

// A thousand lists, refreshed and brought up to date.
func BenchmarkRefresh(b *testing.B) {
	r, _, at := thousand(b)
	for range b.N {
		end := at.Add(r.cfg.Refresh)
		for at.Before(end) {
			wait, _ := r.pass(b.Context())
			*at = at.Add(max(wait, time.Millisecond))
		}
	}
	b.ReportMetric(float64(r.Stats().Rescored)/float64(b.N), "lists/op")
}
