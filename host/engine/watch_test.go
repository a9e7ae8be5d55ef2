package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/wire"
	"pgregory.net/rapid"
)

// watches counts what the reel heard of who watches.
func (r *everyone) watches() (watch, unwatch int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.news {
		switch n.(type) {
		case lobby.Watch:
			watch++
		case lobby.Unwatch:
			unwatch++
		}
	}
	return watch, unwatch
}

func (v *evening) shown(u reel.Update) {
	v.eng.Updated(u)
	synctest.Wait()
}

// TestAReelIsResumed: who comes back with the reel they left with gets what
// changed, or nothing; only others cost the reel a whole list.
func TestAReelIsResumed(t *testing.T) {
	for name, c := range map[string]struct {
		away  int    // updates meanwhile
		has   uint64 // what the client says it shows
		twin  bool   // the last two updates were of one step
		sent  int    // deltas on return
		whole bool   // the reel is asked for a whole list
	}{
		"nothing changed":      {has: 11},
		"some changed":         {away: 3, has: 11, sent: 3},
		"too much changed":     {away: 17, has: 11, whole: true},
		"the last was lost":    {has: 10, whole: true},
		"it does not say":      {away: 1, whole: true},
		"it cannot be told by": {has: 11, twin: true, whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := start(t, people(t, 1), nil)
				defer v.stop()
				tab, id := v.enter(1)
				update := func(at uint64, full bool) {
					v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: at, Full: full, Gone: []lobby.PersonID{2}})
				}
				update(10, true)
				update(11, false)
				if c.twin {
					update(11, false)
				}
				envs, _ := tab.next()
				watches, _ := v.reel.watches()
				v.back.Detach(1, id, tab)
				synctest.Wait()
				for i := range c.away {
					update(uint64(12+i), false)
				}
				if _, un := v.reel.watches(); un != 0 {
					t.Error("the reel was told to forget a list that may be resumed")
				}
				back, same := v.open(1, conn.Resume{Stream: id, Epoch: envs[0].Epoch, Seq: seqOf(envs, tab), At: c.has})
				synctest.Wait()
				if same != id {
					t.Fatal("not resumed")
				}
				_, evs := back.next()
				var at []int64
				for _, ev := range evs {
					if d, ok := ev.(wire.ServerReelDelta); ok {
						at = append(at, d.At)
					}
				}
				again, _ := v.reel.watches()
				if len(at) != c.sent || !slices.IsSorted(at) || again > watches != c.whole {
					t.Errorf("%d deltas (%v), the whole asked for: %v", len(at), at, again > watches)
				}
			})
		})
	}
}

// seqOf is the last number a tab received.
func seqOf(envs []wire.Envelope, s *tab) (last uint64) {
	all, _ := (&tab{t: s.t, frames: s.frames}).next()
	for _, e := range append(envs, all...) {
		last = max(last, e.Seq)
	}
	return last
}

// TestALostListIsLetGo: nobody came back, so the reel forgets.
func TestALostListIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1), nil)
		defer v.stop()
		tab, id := v.enter(1)
		v.back.Detach(1, id, tab)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		v.reel.mu.Lock()
		defer v.reel.mu.Unlock()
		gone := slices.ContainsFunc(v.reel.news, func(n lobby.News) bool {
			switch n := n.(type) {
			case lobby.Unwatch:
				return n.Conn == id
			case lobby.Left:
				return n.Person == 1
			}
			return false
		})
		if !gone {
			t.Errorf("the reel still ranks for who never came back: %v", v.reel.news)
		}
	})
}

// slow is a tab that takes no states while it is behind.
type slow struct {
	*tab
	behind bool
}

func (s *slow) TrySend(f []byte) bool {
	if s.behind {
		return false
	}
	s.Send(f)
	return true
}

// TestAPeerBehindGetsOneWholeReel instead of every change it had no room for.
func TestAPeerBehindGetsOneWholeReel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1), nil)
		defer v.stop()
		s := &slow{tab: &tab{t: t}}
		id, err := v.back.Attach(t.Context(), 1, conn.Resume{}, s)
		if err != nil {
			t.Fatal(err)
		}
		v.post(lobby.Enter{From: lobby.From{Person: 1, Conn: id, Ref: 1}})
		v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: 10, Full: true})
		s.next()
		s.behind = true
		for i := range 5 {
			v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: uint64(11 + i)})
		}
		before, _ := v.reel.watches()
		s.behind = false
		time.Sleep(3 * time.Second)
		synctest.Wait()
		after, _ := v.reel.watches()
		if after <= before {
			t.Fatal("the reel was not asked for the whole")
		}
		v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: 16}) // crossed: it has no use for it
		v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: 17, Full: true})
		v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: 18})
		_, evs := s.next()
		if len(evs) != 2 {
			t.Fatalf("it got %+v", evs)
		}
		if full, ok := evs[0].(wire.ServerReelFull); !ok || full.At != 17 {
			t.Errorf("first %+v", evs[0])
		}
		time.Sleep(time.Minute)
		if settled, _ := v.reel.watches(); settled != after {
			t.Errorf("the whole is still asked for: %d times", settled-after)
		}
	})
}

// TestExactlyOnce: however often the socket is cut, with frames on their way
// lost, acks early or late, every line arrives once and in order, or the client
// is told that it starts afresh.
func TestExactlyOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ops := rapid.SliceOfN(rapid.SampledFrom([]string{"say", "say", "read", "ack", "cut"}), 1, 60).Draw(rt, "ops")
		synctest.Test(t, func(t *testing.T) {
			v := start(t, people(t, 1, 2), nil)
			defer v.stop()
			a, ca := v.enter(1)
			b, cb := v.enter(2)
			id := v.call(a, 1, ca, b, 2, cb)
			var epoch string
			var last uint64
			said, heard := 0, 0
			read := func() {
				envs, evs := b.next()
				for i, ev := range evs {
					if epoch = envs[i].Epoch; envs[i].Seq == 0 {
						continue
					}
					if envs[i].Seq != last+1 {
						t.Fatalf("number %d came after %d", envs[i].Seq, last)
					}
					last++
					if chat, ok := ev.(wire.ServerCallChat); ok {
						if heard++; chat.Text != string(rune('A'+heard)) {
							t.Fatalf("line %d is %q", heard, chat.Text)
						}
					}
				}
			}
			b.read = 0
			read()
			for _, op := range append(ops, "cut", "read") {
				switch op {
				case "say":
					said++
					v.post(lobby.Chat{From: lobby.From{Person: 1, Conn: ca}, Call: id, Runes: 1, Body: []byte(string(rune('A' + said)))})
				case "read":
					read()
				case "ack":
					v.back.Ack(2, cb, last)
				case "cut": // what b has not read is lost
					v.back.Detach(2, cb, b)
					synctest.Wait()
					next, same := v.open(2, conn.Resume{Stream: cb, Epoch: epoch, Seq: last})
					synctest.Wait()
					if same != cb {
						t.Fatal("not resumed, though nothing is lost")
					}
					b = next
				}
			}
			if heard != said {
				t.Fatalf("%d lines said, %d heard", said, heard)
			}
		})
	})
}

// TestKeptFramesAndLostStreamsAreBounded: 16 KB and a few streams of one person,
// however many tabs they open and lose.
func TestKeptFramesAndLostStreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		var lost []lobby.ConnID
		var epoch string
		for range 12 {
			s, id := v.open(1, conn.Resume{})
			synctest.Wait()
			envs, _ := s.next()
			epoch = envs[0].Epoch
			lost = append(lost, id)
			v.back.Detach(1, id, s)
			synctest.Wait()
		}
		if n := v.eng.Stats().Streams; n > 5 {
			t.Errorf("%d streams wait for one person", n)
		}
		s, id := v.open(1, conn.Resume{Stream: lost[len(lost)-1], Epoch: epoch, Seq: 1})
		synctest.Wait()
		if id != lost[len(lost)-1] {
			t.Error("the one lost last cannot be resumed")
		}

		a, ca := v.enter(2)
		v.post(lobby.Enter{From: lobby.From{Person: 1, Conn: id, Ref: 1}})
		call := v.call(a, 2, ca, s, 1, id)
		last := seqOf(nil, s)
		v.back.Detach(1, id, s)
		big := make([]byte, 5<<10)
		for i := range big {
			big[i] = 'x'
		}
		for range 4 {
			v.post(lobby.Signal{From: lobby.From{Person: 2, Conn: ca}, Call: call, Kind: "candidate", Body: big})
		}
		back, fresh := v.open(1, conn.Resume{Stream: id, Epoch: epoch, Seq: last})
		synctest.Wait()
		if fresh == id || find[wire.ServerCallStarted](back).Call != int64(call) {
			t.Error("20 KB were kept for one person")
		}
	})
}
