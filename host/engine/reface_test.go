package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/conn"
	"github.com/napalmsky/napalmsky/host/engine"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

// trimming makes faces of whichever trimming is in force, as slowly as told.
type trimming struct {
	by   atomic.Int64
	slow atomic.Int64 // ms that a face takes, between reading the trimming and being done
}

func (f *trimming) face(_ context.Context, p store.Person) (*reel.Face, error) {
	by := f.by.Load()
	time.Sleep(time.Duration(f.slow.Load()) * time.Millisecond) // the bubble's clock
	return &reel.Face{Card: fmt.Appendf(nil, `{"id":%d,"v":%d,"name":"trimmed by %d"}`, p.ID, p.Version, by)}, nil
}

// window is a reel that remembers the card each person is shown by.
type window struct {
	everyone
	cards   map[lobby.PersonID]string
	recasts map[lobby.PersonID]int
}

func (w *window) Feed(it reel.Item) {
	w.everyone.Feed(it)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := it.News.(type) {
	case lobby.Entered:
		w.cards[n.Person] = string(it.Face.Card)
	case lobby.Recast:
		w.cards[n.Person] = string(it.Face.Card)
		w.recasts[n.Person]++
	}
}

func (w *window) seen(id lobby.PersonID) (card string, recasts int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cards[id], w.recasts[id]
}

// startTrimmed runs an engine whose faces are trim's.
func startTrimmed(t *testing.T, st store.Store, trim *trimming) (*evening, *window) {
	w := &window{cards: map[lobby.PersonID]string{}, recasts: map[lobby.PersonID]int{}}
	v := &evening{t: t, store: storetest.NewFaulty(st, nil), reel: &w.everyone, seed: 1 << 50}
	v.eng = engine.New(engine.Config{Lobby: "main", Epoch: "trimmed", Rules: lobby.DefaultRules()}, engine.Deps{
		Store: v.store, Reel: w, Now: time.Now, Log: slog.New(slog.DiscardHandler), Face: trim.face,
		Seed: func() uint64 { v.seed += 1 << 13; return v.seed },
	})
	v.back = v.eng
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- v.eng.Run(ctx) }()
	<-v.eng.Started()
	v.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return v, w
}

// TestReface: everyone present is shown by the new trimming, once each,
// whoever was on their way in included; nobody is told for nothing.
func TestReface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trim := &trimming{}
		v, w := startTrimmed(t, people(t, 1, 2, 3), trim)
		defer v.stop()
		v.enter(1)
		v.enter(2)
		trim.slow.Store(1000)
		_, c := v.open(3, conn.Resume{})
		v.post(lobby.Enter{From: lobby.From{Person: 3, Conn: c, Ref: 1}}) // a face is begun by the old trimming
		trim.by.Store(1)
		trim.slow.Store(0)
		v.eng.Reface()
		v.eng.Reface()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for id := lobby.PersonID(1); id <= 3; id++ {
			card, recasts := w.seen(id)
			if want := fmt.Sprintf(`{"id":%d,"v":1,"name":"trimmed by 1"}`, id); card != want || recasts != 1 {
				t.Errorf("person %d is shown as %s, after %d changes", id, card, recasts)
			}
		}
		before := v.eng.Stats().Steps
		v.eng.Reface()
		time.Sleep(time.Second)
		synctest.Wait()
		if after := v.eng.Stats().Steps; after != before {
			t.Errorf("%d steps for nothing", after-before)
		}
	})
}

// TestRefaceOutlastsTheStore: while the store cannot answer cards stay as they
// are; as soon as it can they follow.
func TestRefaceOutlastsTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trim := &trimming{}
		v, w := startTrimmed(t, people(t, 1), trim)
		defer v.stop()
		v.enter(1)
		v.store.Play(storetest.FailNext(storetest.Person, 5, store.ErrUnavailable))
		trim.by.Store(1)
		v.eng.Reface()
		time.Sleep(4500 * time.Millisecond)
		synctest.Wait()
		if _, recasts := w.seen(1); recasts != 0 {
			t.Error("shown anew without having been read")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if card, _ := w.seen(1); card != `{"id":1,"v":1,"name":"trimmed by 1"}` {
			t.Error(card)
		}
	})
}
