package reel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeMatch ranks by Tags (the other's points), mutual by Gender and Seeking.
// Its scores are in the million of its params revision, so that a list that
// mixes two generations gives itself away.
type fakeMatch struct {
	w      *world
	params int
	rows   map[int]policy.Person
	closed bool
}

const million = 1_000_000

func (m *fakeMatch) Generation() policy.Generation {
	return policy.Generation{Name: "fake", Digest: "0123456789abcdef", Params: m.params}
}

func (m *fakeMatch) Set(row int, p *policy.Person) {
	m.usable()
	m.rows[row] = *p
}

func (m *fakeMatch) usable() {
	if m.closed {
		m.w.t.Fatalf("generation %d used after Close", m.params)
	}
}

func eligible(a, b policy.Person) bool {
	return a.Seeking&(1<<b.Gender) != 0 && b.Seeking&(1<<a.Gender) != 0
}

// points is what the rule gives before the generation's million.
func points(now int64, other policy.Person) int32 {
	return int32(other.Tags) + int32((now-other.Since)/1000)
}

func (m *fakeMatch) score(now int64, a, b policy.Person) int32 {
	if !eligible(a, b) {
		return policy.Ineligible
	}
	return int32(m.params)*million + points(now, b)
}

func (m *fakeMatch) Score(_ context.Context, now int64, viewer, first int, out []int32) error {
	m.usable()
	m.w.calls++
	if m.w.fail(m, viewer, first, len(out)) {
		return policy.ErrTrap
	}
	for i := range out {
		out[i] = m.score(now, m.rows[viewer], m.rows[first+i])
		if first+i == viewer {
			out[i] = policy.Ineligible
		}
	}
	return nil
}

func (m *fakeMatch) ScoreFor(_ context.Context, now int64, candidate, first int, out []int32) error {
	m.usable()
	m.w.calls++
	if m.w.fail(m, candidate, first, len(out)) {
		return policy.ErrTrap
	}
	for i := range out {
		out[i] = m.score(now, m.rows[first+i], m.rows[candidate])
		if first+i == candidate {
			out[i] = policy.Ineligible
		}
	}
	return nil
}

func (m *fakeMatch) Close(context.Context) error {
	m.usable()
	m.closed = true
	return nil
}

// tester is what *testing.T and *rapid.T have in common here.
type tester interface {
	Helper()
	Fatalf(string, ...any)
}

// client is one connection as a browser keeps it.
type client struct {
	full  bool
	gen   policy.Generation
	at    uint64
	place map[lobby.PersonID]Entry
}

func (c *client) list() []Entry {
	var l []Entry
	for _, e := range c.place {
		l = append(l, e)
	}
	slices.SortFunc(l, func(a, b Entry) int {
		return inOrder(shown{id: a.Person, score: a.Score}, shown{id: b.Person, score: b.Score})
	})
	return l
}

// world drives a reel pass by pass, with a clock of its own, and plays all its clients.
type world struct {
	t       tester
	r       *Reel
	cfg     Config
	at      time.Time
	seq     uint64
	params  int // of the newest generation
	none    bool
	calls   int
	matches []*fakeMatch
	fail    func(m *fakeMatch, one, first, n int) bool

	faces    map[lobby.PersonID]*Face // who is in the lobby
	busy     map[lobby.PersonID]bool
	bars     map[lobby.Pair]int64
	conns    map[lobby.PersonID]map[lobby.ConnID]*client
	screens  map[lobby.PersonID]map[lobby.PersonID]Entry // what the viewer was shown last, on whichever connection
	lastSent map[lobby.PersonID]int64                    // last delta
	lastMask map[lobby.PersonID]int64                    // last delta that told who is busy or free
	lastSeen map[[2]lobby.PersonID]int64                 // viewer, other: when a client last showed them
	updates  []Update                                    // since the test last looked
	cards    map[lobby.PersonID]int                      // versions
}

var epoch = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func newWorld(t tester, cfg Config) *world {
	w := &world{
		t: t, at: epoch, params: 1,
		fail:  func(*fakeMatch, int, int, int) bool { return false },
		faces: map[lobby.PersonID]*Face{}, busy: map[lobby.PersonID]bool{}, bars: map[lobby.Pair]int64{},
		conns:    map[lobby.PersonID]map[lobby.ConnID]*client{},
		screens:  map[lobby.PersonID]map[lobby.PersonID]Entry{},
		lastSent: map[lobby.PersonID]int64{}, lastMask: map[lobby.PersonID]int64{}, lastSeen: map[[2]lobby.PersonID]int64{}, cards: map[lobby.PersonID]int{},
	}
	w.r = New(cfg, Deps{
		Ranker: func(context.Context) (policy.Match, error) {
			if w.none {
				return nil, errors.New("no plugin yet")
			}
			m := &fakeMatch{w: w, params: w.params, rows: map[int]policy.Person{}}
			w.matches = append(w.matches, m)
			return m, nil
		},
		Stale: func() bool { return w.matches[len(w.matches)-1].params != w.params },
		Emit:  w.receive,
		Now:   func() time.Time { return w.at },
	})
	w.cfg = w.r.cfg
	return w
}

func (w *world) now() int64 { return w.at.UnixMilli() }

func (w *world) news(n lobby.News, f *Face) {
	w.seq++
	w.r.Feed(Item{Seq: w.seq, At: w.now(), News: n, Face: f})
}

// settle does all that is due now.
func (w *world) settle() {
	for {
		wait, ok := w.r.pass(context.Background())
		if !ok || wait > 0 {
			return
		}
	}
}

// sleep lets d pass, waking as the reel would.
func (w *world) sleep(d time.Duration) {
	w.settle()
	until := w.at.Add(d)
	for {
		wait, ok := w.r.pass(context.Background())
		next := w.at.Add(wait)
		if !ok || next.After(until) {
			break
		}
		w.at = next
	}
	w.at = until
	w.settle()
}

// lookAt notes what a viewer is shown at this moment.
func (w *world) lookAt(viewer lobby.PersonID) {
	for id := range w.screens[viewer] {
		w.lastSeen[[2]lobby.PersonID{viewer, id}] = w.now()
	}
}

type kindOf struct{ gender, seeking uint8 }

var (
	anyone = kindOf{0, 1}
	woman  = kindOf{1, 1 << 2}
	man    = kindOf{2, 1 << 1}
)

func (w *world) face(id lobby.PersonID, k kindOf, worth int) *Face {
	w.cards[id]++
	return &Face{
		Row:  policy.Person{Gender: k.gender, Seeking: k.seeking, Tags: uint64(worth)},
		Card: fmt.Appendf(nil, `{"id":"%d","v":%d}`, id, w.cards[id]),
	}
}

func (w *world) enter(id lobby.PersonID, k kindOf, worth int) {
	f := w.face(id, k, worth)
	var bars []lobby.Bar
	for pair, until := range w.bars {
		if pair.A == id {
			bars = append(bars, lobby.Bar{Other: pair.B, Until: until})
		} else if pair.B == id {
			bars = append(bars, lobby.Bar{Other: pair.A, Until: until})
		}
	}
	slices.SortFunc(bars, func(a, b lobby.Bar) int { return int(a.Other - b.Other) })
	w.faces[id], w.busy[id] = f, false
	f.Row.Since = w.now()
	w.news(lobby.Entered{Person: id, Since: w.now(), Bars: bars}, f)
}

func (w *world) recast(id lobby.PersonID, k kindOf, worth int) {
	f := w.face(id, k, worth)
	f.Row.Since = w.faces[id].Row.Since
	w.faces[id] = f
	w.news(lobby.Recast{Person: id}, f)
}

func (w *world) leave(id lobby.PersonID) {
	w.lookAt(id)
	delete(w.faces, id)
	delete(w.conns, id)
	delete(w.screens, id)
	w.news(lobby.Left{Person: id}, nil)
}

func (w *world) setBusy(id lobby.PersonID, busy bool) {
	w.busy[id] = busy
	if busy {
		w.news(lobby.Busy{Person: id}, nil)
		return
	}
	w.faces[id].Row.Since = w.now()
	w.news(lobby.Free{Person: id, Since: w.now()}, nil)
}

func (w *world) bar(a, b lobby.PersonID, until int64) {
	w.bars[lobby.PairOf(a, b)] = until
	w.news(lobby.Barred{Pair: lobby.PairOf(a, b), Until: until}, nil)
}

func (w *world) watch(id lobby.PersonID, conn lobby.ConnID) {
	if w.conns[id] == nil {
		w.conns[id] = map[lobby.ConnID]*client{}
	}
	// A connection that asks again shows the old reel until it has the new one.
	c := &client{}
	if had := w.conns[id][conn]; had != nil {
		c.place = had.place
	}
	w.conns[id][conn] = c
	w.news(lobby.Watch{Person: id, Conn: conn}, nil)
}

func (w *world) unwatch(id lobby.PersonID, conn lobby.ConnID) {
	w.lookAt(id)
	if delete(w.conns[id], conn); len(w.conns[id]) == 0 {
		delete(w.screens, id)
	}
	w.news(lobby.Unwatch{Person: id, Conn: conn}, nil)
}

// receive plays the clients, and is strict about what they are sent.
func (w *world) receive(u Update) {
	w.t.Helper()
	w.updates = append(w.updates, u)
	bad := func(why string) { w.t.Helper(); w.t.Fatalf("viewer %d: %s: %+v", u.Viewer, why, u) }
	if len(u.Conns) == 0 {
		bad("an update to nobody")
	}
	if !u.Full {
		if len(u.Put)+len(u.Gone)+len(u.Scores)+len(u.Busy)+len(u.Free) == 0 {
			bad("an empty delta")
		}
		if last, ok := w.lastSent[u.Viewer]; ok && w.now()-last < w.cfg.MinInterval.Milliseconds() {
			bad("too soon after the last delta")
		}
		w.lastSent[u.Viewer] = w.now()
		if len(u.Busy)+len(u.Free) > 0 {
			if last, ok := w.lastMask[u.Viewer]; ok && w.now()-last < w.cfg.Presence.Milliseconds() {
				bad("busy and free were told just now")
			}
			w.lastMask[u.Viewer] = w.now()
		}
	}
	for _, conn := range u.Conns {
		c := w.conns[u.Viewer][conn]
		if c == nil {
			bad("sent to a connection that does not watch")
		}
		if !u.Full && !c.full {
			bad("a delta before the whole")
		}
		if u.At < c.at {
			bad("sequence went back")
		}
		if !u.Full && u.Gen != c.gen {
			bad("a delta of another generation")
		}
		w.lookAt(u.Viewer)
		if u.Full {
			c.full, c.place = true, map[lobby.PersonID]Entry{}
		}
		c.at, c.gen = u.At, u.Gen
		for _, id := range u.Gone {
			if _, ok := c.place[id]; !ok {
				bad("gone who was not there")
			}
			delete(c.place, id)
		}
		for _, e := range u.Put {
			if had, ok := c.place[e.Person]; ok && bytes.Equal(had.Card, e.Card) {
				bad("the same card again")
			}
			c.place[e.Person] = e
		}
		for _, s := range u.Scores {
			e, ok := c.place[s.Person]
			if !ok || e.Score == s.Score {
				bad("a score that says nothing")
			}
			e.Score = s.Score
			c.place[s.Person] = e
		}
		for flag, ids := range map[bool][]lobby.PersonID{true: u.Busy, false: u.Free} {
			for _, id := range ids {
				e, ok := c.place[id]
				if !ok || e.Busy == flag {
					bad("busy or free, but nobody knew otherwise")
				}
				e.Busy = flag
				c.place[id] = e
			}
		}
		w.screens[u.Viewer] = c.place
		if u.Full && !slices.EqualFunc(u.Put, c.list(), func(a, b Entry) bool { return a.Person == b.Person }) {
			bad("the whole is not in order")
		}
	}
}

// shows is what a viewer's first connection shows, best first.
func (w *world) shows(viewer lobby.PersonID) []lobby.PersonID {
	w.t.Helper()
	ids := []lobby.PersonID{}
	for _, c := range w.conns[viewer] {
		for _, e := range c.list() {
			ids = append(ids, e.Person)
		}
		return ids
	}
	w.t.Fatalf("%d does not watch", viewer)
	return nil
}

func (w *world) mustShow(viewer lobby.PersonID, want ...lobby.PersonID) {
	w.t.Helper()
	if got := w.shows(viewer); !slices.Equal(got, want) {
		w.t.Fatalf("%d is shown %v, want %v", viewer, got, want)
	}
}

// sent forgets and returns the updates since the last call.
func (w *world) sent() []Update {
	u := w.updates
	w.updates = nil
	return u
}

// check compares everything a viewer is shown with what the rules allow.
func (w *world) check() {
	w.t.Helper()
	now := w.now()
	seenInLong := map[lobby.PersonID]int{}
	seen := map[lobby.PersonID]int{}
	for id, p := range w.r.people {
		v := p.view
		if (v != nil) != (len(w.conns[id]) > 0) {
			w.t.Fatalf("%d has a list %v, but %d connections", id, v != nil, len(w.conns[id]))
		}
		if v == nil {
			continue
		}
		if len(v.visible) > w.cfg.K || len(v.reserve) > w.cfg.Reserve {
			w.t.Fatalf("%d sees %d and has %d in reserve", id, len(v.visible), len(v.reserve))
		}
		if !slices.IsSortedFunc(v.visible, before) || !slices.IsSortedFunc(v.reserve, before) {
			w.t.Fatalf("%d's list is not in order", id)
		}
		for _, e := range v.visible {
			other := e.p.id
			seen[other]++
			if len(v.visible) > w.cfg.Few {
				seenInLong[other]++
			}
			switch {
			case other == id:
				w.t.Fatalf("%d sees themselves", id)
			case w.faces[other] == nil:
				w.t.Fatalf("%d sees %d, who left", id, other)
			case w.bars[lobby.PairOf(id, other)] > now:
				w.t.Fatalf("%d sees %d, barred", id, other)
			case !eligible(w.faces[id].Row, w.faces[other].Row) && p.tries+e.p.tries+v.fails == 0: // or the scorer has yet to hear of it
				w.t.Fatalf("%d sees %d, ineligible: gen %d of %d, row %+v %+v", id, other, v.gen.Params, w.params, p.row, e.p.row)
			case int(e.score/million) != v.gen.Params:
				w.t.Fatalf("%d's list of generation %d holds score %d", id, v.gen.Params, e.score)
			case !e.p.isSeenBy(v):
				w.t.Fatalf("%d sees %d, uncounted", id, other)
			}
			if o := w.r.Offer(id, other, now); v.flushAt == 0 && (o == nil || o.SeenAt != now) {
				w.t.Fatalf("%d sees %d, but the offer is %v", id, other, o)
			}
		}
		for conn, c := range w.conns[id] {
			if v.flushAt == 0 {
				w.same(v, conn, c)
			}
		}
	}
	most := 0
	for id, n := range seen {
		most = max(most, n)
		if p := w.r.people[id]; len(p.seenBy) != n {
			w.t.Fatalf("%d is seen by %d, counted %d", id, n, len(p.seenBy))
		}
		if seenInLong[id] > w.cfg.ExposureFactor*w.cfg.K {
			w.t.Fatalf("%d is shown to %d viewers who have others", id, seenInLong[id])
		}
	}
	if s := w.r.Stats(); s.ExposureMax != most || s.People != len(w.faces) {
		w.t.Fatalf("%+v, but the most shown face has %d viewers, and %d are in", s, most, len(w.faces))
	}
	for id := range w.screens {
		w.lookAt(id)
	}
	for pair, at := range w.lastSeen {
		o := w.r.Offer(pair[0], pair[1], now)
		if fresh := now-at <= w.cfg.OfferFor.Milliseconds(); fresh != (o != nil) || fresh && o.SeenAt != at {
			w.t.Fatalf("%d last saw %d %d ms ago, offer %+v", pair[0], pair[1], now-at, o)
		}
	}
	for viewer, shelf := range w.r.offers.by {
		for _, o := range shelf.sent {
			if _, ok := w.lastSeen[[2]lobby.PersonID{viewer, o.id}]; !ok {
				w.t.Fatalf("%d was offered %d, whom they never saw", viewer, o.id)
			}
		}
		for _, o := range shelf.went {
			if _, ok := w.lastSeen[[2]lobby.PersonID{viewer, o.id}]; !ok {
				w.t.Fatalf("%d was offered %d, whom they never saw", viewer, o.id)
			}
		}
	}
}

func (p *person) isSeenBy(v *viewer) bool { return slices.Contains(p.seenBy, v) }

// same compares a client with the server's list: the same people in the same
// order, their cards and whether they are busy, and scores that are behind alike.
func (w *world) same(v *viewer, conn lobby.ConnID, c *client) {
	w.t.Helper()
	list := c.list()
	if len(list) != len(v.visible) || !c.full || c.gen != v.gen {
		w.t.Fatalf("%d/%d shows %v, the list is %v", v.p.id, conn, list, v.visible)
	}
	var behind []int64
	for i, e := range v.visible {
		got := list[i]
		behind = append(behind, int64(e.score)-int64(got.Score))
		if got.Person != e.p.id || !bytes.Equal(got.Card, w.faces[e.p.id].Card) || got.Busy != w.busy[e.p.id] {
			w.t.Fatalf("%d/%d shows %+v at %d, want %d with %s, busy %v, score %d",
				v.p.id, conn, got, i, e.p.id, w.faces[e.p.id].Card, w.busy[e.p.id], e.score)
		}
	}
	if len(list) > 0 && slices.Max(behind)-slices.Min(behind) >= margin(v.visible) {
		w.t.Fatalf("%d/%d: the scores are behind by %v", v.p.id, conn, behind)
	}
}

var _ tester = (*testing.T)(nil)
