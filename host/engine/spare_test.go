package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/wire"
)

// away is a call of 1 and 2 whose second lost their line after the frame last.
func away(v *evening) (a *tab, ca lobby.ConnID, cb lobby.ConnID, call lobby.CallID, epoch string, last uint64) {
	a, ca = v.enter(1)
	b, cb := v.enter(2)
	call = v.call(a, 1, ca, b, 2, cb)
	envs, _ := (&tab{t: v.t, frames: b.frames}).next()
	last, epoch = seqOf(envs, b), envs[0].Epoch
	v.back.Detach(2, cb, b)
	synctest.Wait()
	return a, ca, cb, call, epoch, last
}

// TestSparingKeepsLess: little is kept as before; too much, or too long ago, is
// gone, and then the client starts afresh, in the call it was in.
func TestSparingKeepsLess(t *testing.T) {
	for name, c := range map[string]struct {
		said    int // bytes that 1 sends 2 meanwhile
		spare   func(v *evening, say func())
		wait    time.Duration
		resumes bool
	}{
		"much, with room":           {6 << 10, func(_ *evening, say func()) { say() }, time.Second, true},
		"a little":                  {1 << 10, func(v *evening, say func()) { say(); v.eng.Spare(true) }, time.Second, true},
		"much, then sparing":        {6 << 10, func(v *evening, say func()) { say(); v.eng.Spare(true) }, time.Second, false},
		"sparing, then much":        {6 << 10, func(v *evening, say func()) { v.eng.Spare(true); say() }, time.Second, false},
		"sparing and back":          {6 << 10, func(v *evening, say func()) { v.eng.Spare(true); v.eng.Spare(false); say() }, time.Second, true},
		"a little, but too long":    {1 << 10, func(v *evening, say func()) { v.eng.Spare(true); say() }, 6 * time.Second, false},
		"back in time for so long":  {1 << 10, func(v *evening, say func()) { v.eng.Spare(true); say(); v.eng.Spare(false) }, 6 * time.Second, true},
		"long enough before it was": {0, func(v *evening, _ func()) { time.Sleep(7 * time.Second); v.eng.Spare(true) }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := start(t, people(t, 1, 2), nil)
				defer v.stop()
				_, ca, cb, call, epoch, last := away(v)
				c.spare(v, func() {
					for left := c.said; left > 0; left -= 1 << 10 {
						v.post(lobby.Signal{From: lobby.From{Person: 1, Conn: ca}, Call: call, Kind: "candidate", Body: []byte(strings.Repeat("x", 1<<10-100))})
					}
				})
				time.Sleep(c.wait) // the bubble's clock
				synctest.Wait()
				back, id := v.open(2, conn.Resume{Stream: cb, Epoch: epoch, Seq: last})
				synctest.Wait()
				_, evs := back.next()
				if w, ok := evs[0].(wire.ServerWelcome); !ok || w.Resumed != c.resumes || (id == cb) != c.resumes {
					t.Fatalf("first frame %+v, want resumed: %v", evs[0], c.resumes)
				}
				words, carried := 0, false
				for _, ev := range evs {
					switch e := ev.(type) {
					case wire.ServerCallSignal:
						words++
					case wire.ServerCallStarted:
						carried = e.Resumed && e.Call == int64(call)
					}
				}
				if c.resumes && words != c.said>>10 {
					t.Errorf("%d of %d words came", words, c.said>>10)
				}
				if !c.resumes && (words > 0 || !carried) {
					t.Errorf("starting afresh it heard %d words and was told of the call: %v", words, carried)
				}
			})
		})
	}
}

// TestSparingShowsTheReelWhole: the updates a lost stream missed are not kept.
func TestSparingShowsTheReelWhole(t *testing.T) {
	for name, late := range map[string]bool{"missed before": false, "missed meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := start(t, people(t, 1), nil)
				defer v.stop()
				s, id := v.enter(1)
				v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: 10, Full: true})
				envs, _ := s.next()
				v.back.Detach(1, id, s)
				synctest.Wait()
				if late {
					v.eng.Spare(true)
				}
				v.shown(reel.Update{Viewer: 1, Conns: []lobby.ConnID{id}, At: 11, Free: []lobby.PersonID{7}})
				v.eng.Spare(true)
				before, _ := v.reel.watches()
				back, same := v.open(1, conn.Resume{Stream: id, Epoch: envs[0].Epoch, Seq: seqOf(envs, s), At: 10})
				synctest.Wait()
				_, evs := back.next()
				for _, ev := range evs {
					if _, ok := ev.(wire.ServerReelDelta); ok {
						t.Error("an update was kept")
					}
				}
				if after, _ := v.reel.watches(); same != id || after != before+1 {
					t.Errorf("resumed: %v; the whole reel was asked for %d times", same == id, after-before)
				}
			})
		})
	}
}

// TestSparingNeverWaitsForWhatDoesNotRun: before Run and after it.
func TestSparingNeverWaitsForWhatDoesNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1), nil)
		v.stop()
		v.eng.Spare(true)
	})
}

// TestNobodyIsRememberedAnHourLater: whatever people do, an hour after their last
// line broke nothing of them is here: no stream, no presence, no meeting, no face.
func TestNobodyIsRememberedAnHourLater(t *testing.T) {
	const crowd = 4
	type act struct {
		who, what, to int
		wait          time.Duration
	}
	acts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
		return act{rapid.IntRange(1, crowd).Draw(t, "who"), rapid.IntRange(0, 9).Draw(t, "what"), rapid.IntRange(1, crowd).Draw(t, "to"),
			rapid.SampledFrom([]time.Duration{0, 0, time.Second, 6 * time.Second, 40 * time.Second}).Draw(t, "wait")}
	}), 1, 30)
	talks := 0
	rapid.Check(t, func(rt *rapid.T) {
		script := acts.Draw(rt, "script")
		var left engineLeft
		synctest.Test(t, func(t *testing.T) {
			v := start(t, people(t, 1, 2, 3, 4), nil)
			defer v.stop()
			type line struct {
				tab *tab
				id  lobby.ConnID
			}
			lines := map[lobby.PersonID][]line{}
			calls := map[lobby.PersonID]lobby.CallID{} // the latest that each was told of
			last, epoch := map[lobby.PersonID]lobby.ConnID{}, ""
			lose := func(p lobby.PersonID) {
				for _, l := range lines[p] {
					v.back.Detach(p, l.id, l.tab)
				}
				lines[p] = nil
			}
			for p := range lobby.PersonID(crowd) {
				s, id := v.enter(p + 1)
				envs, _ := (&tab{t: t, frames: s.frames}).next()
				lines[p+1], last[p+1], epoch = []line{{s, id}}, id, envs[0].Epoch
			}
			for _, a := range script {
				p, to := lobby.PersonID(a.who), lobby.PersonID(a.to)
				from := lobby.From{Person: p, Ref: 1}
				if n := len(lines[p]); n > 0 {
					from.Conn = lines[p][n-1].id
				}
				switch call := calls[p]; a.what {
				case 0, 1:
					s, id := v.open(p, conn.Resume{Stream: last[p], Epoch: epoch, Seq: 2})
					lines[p], last[p] = append(lines[p], line{s, id}), id
				case 2:
					v.post(lobby.Enter{From: from})
				case 3:
					v.post(lobby.Leave{From: from})
				case 4, 5:
					v.post(lobby.Invite{From: from, To: to, Seconds: 300})
				case 6:
					v.post(lobby.Accept{From: from, Call: call})
				case 7:
					v.post(lobby.End{From: from, Call: call})
				case 8:
					lose(p)
				case 9:
					v.eng.Spare(a.to%2 == 0)
				}
				time.Sleep(a.wait) // the bubble's clock
				synctest.Wait()
				for p, all := range lines {
					for _, l := range all {
						_, evs := l.tab.next()
						for _, ev := range evs {
							if in, ok := ev.(wire.ServerInviteIncoming); ok {
								card, err := wire.ParseCard(in.Other)
								if err != nil {
									t.Error(err)
								}
								calls[p], calls[lobby.PersonID(card.ID)] = lobby.CallID(in.Call), lobby.CallID(in.Call)
								talks++
							}
						}
					}
				}
			}
			for p := range lobby.PersonID(crowd) {
				lose(p + 1)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			s := v.eng.Stats()
			left = engineLeft{s.People, s.Streams, s.Known, s.Rings, s.Calls}
		})
		if left != (engineLeft{}) {
			rt.Fatalf("an hour later the engine has %+v", left)
		}
	})
	if talks == 0 {
		t.Error("nobody ever invited anybody")
	}
}

type engineLeft struct{ people, streams, known, rings, calls int }
