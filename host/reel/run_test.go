package reel

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// Run does by itself, by the clock, what the other tests do pass by pass.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{}) // for its scorer and clients only
		w.at = time.Now()
		w.r.deps.Now = time.Now
		w.r.clock = startClock(time.Now)
		var mu sync.Mutex
		var got []Update
		w.r.deps.Emit = func(u Update) { mu.Lock(); got = append(got, u); mu.Unlock() }
		sent := func() []Update {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return got
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.r.Run(ctx) }()

		crowdFeed := func(first, n lobby.PersonID) {
			for id := first; id < first+n; id++ {
				f := &Face{Row: policy.Person{Seeking: 1, Tags: uint64(id)}, Card: []byte("{}")}
				w.r.Feed(Item{Seq: uint64(id), At: time.Now().UnixMilli(), News: lobby.Entered{Person: id, Since: time.Now().UnixMilli()}, Face: f})
			}
		}
		var wg sync.WaitGroup
		for part := range 4 {
			wg.Go(func() { crowdFeed(lobby.PersonID(1+100*part), 5) })
		}
		wg.Wait()
		w.r.Feed(Item{News: lobby.Watch{Person: 1, Conn: 7}})
		if u := sent(); len(u) != 1 || !u[0].Full || len(u[0].Put) != 19 {
			t.Fatalf("%+v", u)
		}

		// A delta waits for the interval, and then comes without further news.
		wg.Go(func() {
			for range 100 {
				w.r.Offer(1, 2, time.Now().UnixMilli())
				w.r.Stats()
			}
		})
		w.r.Feed(Item{News: lobby.Busy{Person: 2}})
		if len(sent()) != 1 {
			t.Fatal("sent before the interval was over")
		}
		time.Sleep(w.cfg.MinInterval)
		if u := sent(); len(u) != 2 || len(u[1].Busy) != 1 {
			t.Fatalf("%+v", u[1:])
		}
		time.Sleep(w.cfg.Refresh)
		synctest.Wait()
		if s := w.r.Stats(); s.Rescored != 2 || s.People != 20 || s.Watchers != 1 {
			t.Fatalf("%+v", s)
		}
		if o := w.r.Offer(1, 2, time.Now().UnixMilli()); o == nil {
			t.Fatal("2 stands in 1's reel")
		}

		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if !w.matches[0].closed {
			t.Fatal("the scorer was left open")
		}
		w.r.Feed(Item{News: lobby.Busy{Person: 2}}) // late news is harmless
		wg.Wait()
	})
}

// Wall time set back must not silence the reel; a lobby whose clock is ahead is followed.
func TestClockNeverRunsBackwards(t *testing.T) {
	at := epoch
	c := startClock(func() time.Time { return at })
	c.heed(epoch.UnixMilli() + 5000)
	c.heed(epoch.UnixMilli())
	if got := c.ms() - epoch.UnixMilli(); got != 5000 {
		t.Fatal(got)
	}
	at = at.Add(time.Second)
	if got := c.ms() - epoch.UnixMilli(); got != 6000 {
		t.Fatal(got)
	}
}
