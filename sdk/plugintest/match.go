// Package plugintest helps an author test a rule natively, in milliseconds and
// without wasm: by examples, and by what must hold for whatever people there
// are. A rule that passes here and imports nothing that Pure refuses behaves
// the same in the sandbox.
package plugintest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/sdk/abi"
	"github.com/napalmsky/napalmsky/sdk/match"
)

// Match is a matching rule under test.
type Match[P, T any] struct {
	Score func(c match.Context, p *P, viewer, other *T) (int32, bool)
	// Symmetric demands that whoever may be shown to someone may see them too.
	Symmetric bool
}

// MatchCase is one example.
type MatchCase[T any] struct {
	Name          string
	NowMS         int64
	Viewer, Other T
	Points        int32 // ignored where OK is false
	OK            bool
}

// Cases checks examples under given params; Defaults answers the usual ones.
func (m Match[P, T]) Cases(t *testing.T, p P, cases ...MatchCase[T]) {
	t.Helper()
	for _, c := range cases {
		points, ok := m.Score(match.Context{NowMS: c.NowMS}, &p, &c.Viewer, &c.Other)
		if ok != c.OK || ok && points != c.Points {
			t.Errorf("%s: %d, %v; want %d, %v", c.Name, points, ok, c.Points, c.OK)
		}
	}
}

// Check puts thousands of random and extreme people before the rule, under
// random params, and demands that it never panics, never answers the number
// that means never, changes nothing it is given, answers the same when asked
// again, be it a day later by the machine's clock, and is symmetric if it says so.
func (m Match[P, T]) Check(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		type question struct {
			now           int64
			p             P
			viewer, other T
			points        int32
			ok            bool
		}
		var asked []question
		draw := newDraw()
		for range rounds {
			var q question
			q.now = draw.time()
			params(draw, &q.p)
			fields(draw, &q.viewer)
			fields(draw, &q.other)
			m.ask(t, q.now, q.p, q.viewer, q.other, &q.points, &q.ok)
			asked = append(asked, q)
			if q.ok && q.points == abi.Ineligible {
				t.Fatalf("%d points mean never, yet it says they may meet\nviewer %+v\nother  %+v", q.points, q.viewer, q.other)
			}
			if !m.Symmetric {
				continue
			}
			var back bool
			if m.ask(t, q.now, q.p, q.other, q.viewer, new(int32), &back); back != q.ok {
				t.Fatalf("eligible one way only, under %+v\nviewer %+v\nother  %+v", q.p, q.viewer, q.other)
			}
		}
		time.Sleep(25 * time.Hour) // of the test's own time
		for _, q := range asked {
			var points int32
			var ok bool
			if m.ask(t, q.now, q.p, q.viewer, q.other, &points, &ok); ok != q.ok || ok && points != q.points {
				t.Fatalf("asked again it answers %d, %v instead of %d, %v\nviewer %+v\nother  %+v", points, ok, q.points, q.ok, q.viewer, q.other)
			}
		}
	})
}

func (m Match[P, T]) ask(t *testing.T, now int64, p P, viewer, other T, points *int32, ok *bool) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("it panics: %v\nparams %+v\nviewer %+v\nother  %+v", r, p, viewer, other)
		}
	}()
	p2, v2, o2 := p, viewer, other
	*points, *ok = m.Score(match.Context{NowMS: now}, &p2, &v2, &o2)
	if any(p2) != any(p) || any(v2) != any(viewer) || any(o2) != any(other) {
		t.Fatalf("it changes what it is given\nviewer %+v\nother  %+v", viewer, other)
	}
}
