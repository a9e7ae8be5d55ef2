package engine_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/wire"
)

func (v *evening) openAs(p lobby.PersonID, r conn.Resume, binary bool) (*tab, lobby.ConnID) {
	v.t.Helper()
	s := &tab{t: v.t, binary: binary}
	id, err := v.back.Attach(v.t.Context(), p, r, s)
	if err != nil {
		v.t.Fatal(err)
	}
	synctest.Wait()
	return s, id
}

// TestResumeInTheOtherEncoding: what was kept for a tab is the same to the last
// member, whichever way it comes back, and its numbers go on.
func TestResumeInTheOtherEncoding(t *testing.T) {
	for _, first := range []bool{false, true} {
		t.Run(fmt.Sprintf("binary first %t", first), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := start(t, people(t, 1, 2), nil)
				defer v.stop()
				a, ca := v.enter(1)
				b, cb := v.openAs(2, conn.Resume{}, first)
				v.post(lobby.Enter{From: lobby.From{Person: 2, Conn: cb, Ref: 1}})
				id := v.call(a, 1, ca, b, 2, cb)
				v.post(lobby.Chat{From: lobby.From{Person: 1, Conn: ca}, Call: id, Runes: 2, Body: []byte("hé")})
				v.post(lobby.Signal{From: lobby.From{Person: 1, Conn: ca}, Call: id, Kind: "offer", Body: bytes.Repeat([]byte("a=sendrecv\r\n"), 200)})

				whole := &tab{t: t, frames: b.frames, binary: first}
				envs, evs := whole.next()
				epoch := envs[0].Epoch
				v.back.Detach(2, cb, b)
				synctest.Wait()
				v.post(lobby.Chat{From: lobby.From{Person: 1, Conn: ca}, Call: id, Runes: 1, Body: []byte("!")})

				back, same := v.openAs(2, conn.Resume{Stream: cb, Epoch: epoch}, !first)
				if same != cb {
					t.Fatalf("resumed as stream %d, was %d", same, cb)
				}
				envs2, evs2 := back.next()
				var last uint64
				for i := range evs {
					if envs[i].Seq == 0 {
						continue
					}
					j := i
					for j < len(evs2) && envs2[j].Seq != envs[i].Seq {
						j++
					}
					if j == len(evs2) {
						t.Fatalf("%s with number %d did not come again", evs[i].Name(), envs[i].Seq)
					}
					if !reflect.DeepEqual(evs2[j], evs[i]) || envs2[j] != envs[i] {
						t.Errorf("%+v %+v came back as %+v %+v", envs[i], evs[i], envs2[j], evs2[j])
					}
					last = envs[i].Seq
				}
				var missed wire.ServerCallChat
				for i, ev := range evs2 {
					if c, ok := ev.(wire.ServerCallChat); ok && envs2[i].Seq > last {
						missed = c
					}
				}
				if missed.Text != "!" {
					t.Errorf("the missed line came as %+v", missed)
				}
			})
		})
	}
}

// TestCardsAreSentOnceToABinaryTab: a card goes out with the first reel, is named
// after that, comes again when it changed, and after a resume; and a JSON tab of
// the same person is told the very same.
func TestCardsAreSentOnceToABinaryTab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		_, _ = v.enter(2)
		text, ct := v.enter(1)
		bin, cb := v.openAs(1, conn.Resume{}, true)
		text.next()
		envs, _ := bin.next()

		card := wire.AppendCard(nil, wire.Card{ID: 2, V: 1, Name: "Ada"}) // as start's Face makes it
		update := func(full bool, put []reel.Entry, gone ...lobby.PersonID) (size int) {
			t.Helper()
			before := len(bin.frames)
			v.eng.Updated(reel.Update{Viewer: 1, Conns: []lobby.ConnID{ct, cb}, At: 9, Full: full, Put: put, Gone: gone})
			synctest.Wait()
			_, a := text.next()
			_, b := bin.next()
			if len(a) != 1 || !reflect.DeepEqual(a, b) {
				t.Fatalf("the tabs were told %+v and %+v", a, b)
			}
			return len(bin.frames[before])
		}
		first := update(true, []reel.Entry{{Person: 2, Card: card, Score: 5}})
		update(false, nil, 2)
		again := update(false, []reel.Entry{{Person: 2, Card: card, Score: 6, Busy: true}})
		if again >= first || again > 12 {
			t.Errorf("the card took %d bytes, and %d when it was known", first, again)
		}
		changed := wire.AppendCard(nil, wire.Card{ID: 2, V: 2, Name: "Ada Lovelace"})
		if n := update(false, []reel.Entry{{Person: 2, Card: changed, Score: 6}}); n <= again {
			t.Errorf("a changed card took %d bytes", n)
		}
		update(false, []reel.Entry{{Person: 3, Card: wire.AppendCard(nil, wire.Card{ID: 3, V: 1, Name: "gone already"})}})

		back, _ := v.openAs(1, conn.Resume{Stream: cb, Epoch: envs[0].Epoch}, true)
		back.next()
		bin = back
		update(true, []reel.Entry{{Person: 2, Card: card, Score: 5}})
	})
}

// TestABinaryPeerThatIsBehind: an update that its socket does not take leaves no
// trace in the hand, so the card comes with the next one that is taken.
func TestABinaryPeerThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := start(t, people(t, 1, 2), nil)
		defer v.stop()
		_, _ = v.enter(2)
		bin, cb := v.openAs(1, conn.Resume{}, true)
		card := wire.AppendCard(nil, wire.Card{ID: 2, V: 1, Name: "Ada"})
		whole := reel.Update{Viewer: 1, Conns: []lobby.ConnID{cb}, At: 9, Full: true, Put: []reel.Entry{{Person: 2, Card: card}}}
		bin.full(true)
		v.eng.Updated(whole)
		synctest.Wait()
		bin.full(false)
		bin.next()
		v.eng.Updated(whole)
		synctest.Wait()
		_, evs := bin.next()
		if len(evs) != 1 || len(evs[0].(wire.ServerReelFull).Entries) != 1 {
			t.Fatalf("told %+v", evs)
		}
	})
}
