package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/napalmsky/napalmsky/host/cache"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

// TestAsWithoutACache: any mix of reads, writes and waiting answers what the
// store behind would.
func TestAsWithoutACache(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		truth := storetest.NewMemory()
		crowd(t, truth)
		now := noon
		s, err := cache.New(truth, cache.Options{Bytes: 1 << 20, Keep: 10 * time.Minute, Wait: time.Minute, Now: func() time.Time { return now }})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 6).Draw(rt, "what") {
			case 0:
				w := rapid.SampledFrom(writes).Draw(rt, "write")
				_ = w.do(context.Background(), s) // a refusal is as good
			case 1:
				_ = only(s.Commit(context.Background(), rapid.SliceOfN(rapid.Custom(randomWrite), 1, 3).Draw(rt, "writes")))
			case 2:
				now = now.Add(rapid.SampledFrom([]time.Duration{time.Second, 11 * time.Minute, time.Hour, 25 * time.Hour}).Draw(rt, "wait"))
			case 3:
				s.Settle()
			case 4:
				s.Shrink(rapid.Bool().Draw(rt, "shrink"))
			default:
				when := now.Add(-rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 30 * time.Hour}).Draw(rt, "ago")).UnixMilli()
				if got, want := view(s, when), view(truth, when); got != want {
					rt.Fatalf("at %d read\n%s\nwhich is\n%s", when, got, want)
				}
			}
		}
		if got, want := view(s, now.UnixMilli()), view(truth, now.UnixMilli()); got != want {
			rt.Fatalf("in the end read\n%s\nwhich is\n%s", got, want)
		}
	})
}

func randomWrite(rt *rapid.T) lobby.Write {
	who := func(label string) lobby.PersonID {
		return lobby.PersonID(rapid.Int64Range(1, 4).Draw(rt, label))
	}
	a, b, call := who("a"), who("b"), lobby.CallID(rapid.Int64Range(1, 4).Draw(rt, "call"))
	when := at(time.Duration(rapid.IntRange(-2, 3).Draw(rt, "hours")) * time.Hour)
	switch rapid.IntRange(0, 3).Draw(rt, "kind") {
	case 0:
		return lobby.CallStart{Call: call, A: a, B: b, Seconds: 60, StartedAt: when, Deadline: when + 1, CooldownUntil: when + 3_600_000}
	case 1:
		return lobby.CallEnd{Call: call, A: a, B: b, EndedAt: when, Reason: rapid.SampledFrom([]string{"hangup", store.ReasonVoid}).Draw(rt, "reason")}
	case 2:
		return lobby.CooldownSet{Pair: lobby.PairOf(a, b), Call: call, SetAt: when, Until: when + rapid.SampledFrom([]int64{0, 60_000, 7_200_000}).Draw(rt, "long"), Reason: "declined"}
	default:
		return lobby.BlockSet{By: a, Of: b, At: when}
	}
}

// TestReadAfterWriteBesideOthers: two people write of themselves, each reading
// what they wrote, while others read the same all the time.
func TestReadAfterWriteBesideOthers(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	s := before(t, truth)
	ctx, stop := context.WithCancel(t.Context())
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				_ = view(s, at(0))
			}
		})
	}
	for _, me := range []lobby.PersonID{2, 3} {
		writers.Go(func() {
			for i := range int64(150) {
				if problem := writeAndRead(s, me, i); problem != "" {
					t.Errorf("person %d, round %d: %s", me, i, problem)
					return
				}
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
}

func writeAndRead(s store.Store, me lobby.PersonID, i int64) string {
	ctx := context.Background()
	profile := store.Profile{Name: fmt.Sprint(me, " ", i)}
	if _, err := s.SaveProfile(ctx, me, i+1, profile); err != nil {
		return err.Error()
	}
	if p, err := s.Person(ctx, me); err != nil || p.Profile.Name != profile.Name || p.Version != i+2 {
		return fmt.Sprintf("read %+v, %v", p, err)
	}
	token := fmt.Sprint(me, "c", i%2)
	if err := s.OpenSession(ctx, session(me, token), false); err != nil {
		return err.Error()
	}
	if v, err := s.Session(ctx, token, at(0)); err != nil || v.Person != me {
		return fmt.Sprintf("opened, and read %+v, %v", v, err)
	}
	if err := s.EndSessions(ctx, me, ""); err != nil {
		return err.Error()
	}
	if v, err := s.Session(ctx, token, at(0)); err == nil {
		return fmt.Sprintf("ended, and read %+v", v)
	}
	until := at(time.Duration(10+i) * time.Hour)
	pair := lobby.PairOf(me, 4)
	if err := only(s.Commit(ctx, []lobby.Write{lobby.CooldownSet{Pair: pair, Call: 9, SetAt: at(0), Until: until, Reason: "declined"}})); err != nil {
		return err.Error()
	}
	bars, err := s.Bars(ctx, me, at(0))
	if err != nil || !slices.ContainsFunc(bars, func(b lobby.Bar) bool { return b.Other == 4 && b.Until == until }) {
		return fmt.Sprintf("apart until %d, and read %+v, %v", until, bars, err)
	}
	return ""
}

// slow holds whoever read a session until it is told to go on.
type slow struct {
	store.Store
	read, goOn chan struct{}
}

func (s *slow) Session(ctx context.Context, hash string, now int64) (store.Visit, error) {
	v, err := s.Store.Session(ctx, hash, now)
	s.read <- struct{}{}
	<-s.goOn
	return v, err
}

// TestNobodyWaitsForWhatABanOvertook: one asks for a session; it is read; its
// person is banned; another asks, and must not be let in by the first one's answer.
func TestNobodyWaitsForWhatABanOvertook(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	s := &slow{truth, make(chan struct{}, 10), make(chan struct{})}
	c := before(t, s, func(o *cache.Options) { o.Now = clock })
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.Session(t.Context(), "2", at(0)); first <- err }()
	<-s.read
	if err := c.Rule(t.Context(), store.Ruling{Person: 2, At: at(1), By: "op", Action: store.Ban}); err != nil {
		t.Fatal(err)
	}
	// The second waits for the first one's read or begins its own; whichever, it
	// is asked for before any read may go on.
	asking := make(chan struct{})
	go func() {
		close(asking)
		_, err := c.Session(t.Context(), "2", at(0))
		second <- err
	}()
	<-asking
	for misses := uint64(0); misses < 2; misses = c.Tables()[1].Misses {
		runtime.Gosched()
	}
	close(s.goOn)
	if err := <-first; err != nil {
		t.Errorf("who asked before the ban heard %v", err)
	}
	if err := <-second; !errors.Is(err, store.ErrBanned) {
		t.Errorf("who asked after the ban heard %v", err)
	}
	c.Settle()
	if _, err := c.Session(t.Context(), "2", at(0)); !errors.Is(err, store.ErrBanned) {
		t.Errorf("what stays: %v", err)
	}
}
