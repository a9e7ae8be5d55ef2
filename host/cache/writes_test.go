package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/cache"
	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/storetest"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// day is in ms.
const day = int64(86_400_000)

func at(d time.Duration) int64 { return noon.Add(d).UnixMilli() }

func person(id lobby.PersonID) store.Person {
	return store.Person{ID: id, Guest: true, Version: 1, CreatedAt: at(0), Profile: store.Profile{
		Name: fmt.Sprint("Person ", id), Tags: []string{"jazz"}, Attrs: map[string]int64{"height": 180},
	}}
}

func session(id lobby.PersonID, token string) store.Session {
	return store.Session{TokenHash: token, Person: id, CreatedAt: at(0), ExpiresAt: at(0) + day}
}

// crowd signs up persons 1 to 4, each with two sessions, 1 permanent; 1 and 2
// have met, 1 and 3 are apart.
func crowd(t testing.TB, s store.Store) {
	t.Helper()
	ctx := t.Context()
	for id := lobby.PersonID(1); id <= 4; id++ {
		token := fmt.Sprint(id)
		if err := errors.Join(s.SignUp(ctx, person(id), session(id, token)), s.OpenSession(ctx, session(id, token+"b"), false)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Upgrade(ctx, account(1)); err != nil {
		t.Fatal(err)
	}
	for _, err := range s.Commit(ctx, []lobby.Write{meeting, coolness(1, 3)}) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func account(id lobby.PersonID) store.Upgrade {
	key := fmt.Sprint("email of ", id)
	return store.Upgrade{EmailHash: "hash of " + key, Account: store.Account{Person: id, Email: key, EmailKey: key, Password: "old", Since: at(0)}}
}

var meeting = lobby.CallStart{Call: 1, A: 1, B: 2, Seconds: 60, StartedAt: at(0), Deadline: at(time.Minute), CooldownUntil: at(time.Hour)}

func coolness(a, b lobby.PersonID) lobby.Write {
	return lobby.CooldownSet{Pair: lobby.PairOf(a, b), SetAt: at(0), Until: at(2 * time.Hour), Reason: "declined"}
}

// view is everything that a cache may answer.
func view(s store.Store, now int64) string {
	var b strings.Builder
	show := func(what string, v any, err error) {
		for _, word := range []error{store.ErrNotFound, store.ErrBanned, store.ErrUnavailable} {
			if errors.Is(err, word) {
				err = word
			}
		}
		fmt.Fprintf(&b, "%s: %+v, %v\n", what, v, err)
	}
	ctx := context.Background()
	for id := lobby.PersonID(1); id <= 6; id++ {
		p, err := s.Person(ctx, id)
		show(fmt.Sprint("person ", id), p, err)
		bars, err := s.Bars(ctx, id, now)
		show(fmt.Sprint("bars ", id), append([]lobby.Bar{}, bars...), err)
		for _, token := range []string{fmt.Sprint(id), fmt.Sprint(id, "b")} {
			v, err := s.Session(ctx, token, now)
			show("session "+token, v, err)
			who, err := s.Login(ctx, token, now)
			show("login "+token, who, err)
		}
	}
	return b.String()
}

func only(errs []error) error { return errors.Join(errs...) }

// writes is every method that changes what is cached.
var writes = []struct {
	name string
	op   storetest.Op
	do   func(ctx context.Context, s store.Store) error
}{
	{"sign up", storetest.SignUp, func(ctx context.Context, s store.Store) error { return s.SignUp(ctx, person(5), session(5, "5")) }},
	{"save profile", storetest.SaveProfile, func(ctx context.Context, s store.Store) error {
		_, err := s.SaveProfile(ctx, 2, 1, store.Profile{Name: "Anew"})
		return err
	}},
	{"logout", storetest.Logout, func(ctx context.Context, s store.Store) error { return s.Logout(ctx, "2b") }},
	{"open session", storetest.OpenSession, func(ctx context.Context, s store.Store) error { return s.OpenSession(ctx, session(4, "5b"), false) }},
	{"open the only session", storetest.OpenSession, func(ctx context.Context, s store.Store) error { return s.OpenSession(ctx, session(4, "5b"), true) }},
	{"renew", storetest.RenewSession, func(ctx context.Context, s store.Store) error { return s.RenewSession(ctx, "3", at(0)+9*day) }},
	{"end sessions", storetest.EndSessions, func(ctx context.Context, s store.Store) error { return s.EndSessions(ctx, 3, "3b") }},
	{"upgrade", storetest.Upgrade, func(ctx context.Context, s store.Store) error { _, err := s.Upgrade(ctx, account(2)); return err }},
	{"set password", storetest.SetPassword, func(ctx context.Context, s store.Store) error { return s.SetPassword(ctx, 1, "old", "new", "1b") }},
	{"ban", storetest.Rule, func(ctx context.Context, s store.Store) error {
		return s.Rule(ctx, store.Ruling{Person: 2, At: at(1), By: "op", Action: store.Ban})
	}},
	{"depart", storetest.Depart, func(ctx context.Context, s store.Store) error {
		return s.Depart(ctx, store.Departure{Person: 1, Stead: 6, EmailHash: account(1).EmailHash, Until: at(0) + day})
	}},
	{"call", storetest.Commit, func(ctx context.Context, s store.Store) error {
		c := meeting
		c.Call, c.A, c.B = 2, 3, 4
		return only(s.Commit(ctx, []lobby.Write{c}))
	}},
	{"void call", storetest.Commit, func(ctx context.Context, s store.Store) error {
		return only(s.Commit(ctx, []lobby.Write{lobby.CallEnd{Call: 1, A: 3, B: 4, EndedAt: at(1), Reason: store.ReasonVoid}}))
	}},
	{"cooldown", storetest.Commit, func(ctx context.Context, s store.Store) error {
		return only(s.Commit(ctx, []lobby.Write{coolness(2, 4), coolness(3, 4)}))
	}},
	{"block", storetest.Commit, func(ctx context.Context, s store.Store) error {
		return only(s.Commit(ctx, []lobby.Write{lobby.BlockSet{By: 2, Of: 3, At: at(1)}}))
	}},
	{"report", storetest.Commit, func(ctx context.Context, s store.Store) error {
		return only(s.Commit(ctx, []lobby.Write{lobby.ReportFiled{By: 3, Of: 4, At: at(1), Reason: "rude"}}))
	}},
	{"sweep", storetest.Sweep, func(ctx context.Context, s store.Store) error {
		_, err := s.Sweep(ctx, at(0)+2*day, at(0)+2*day, 100)
		return err
	}},
}

// warm has the cache hold everything that is there now.
func warm(t testing.TB, s *cache.Store) {
	t.Helper()
	before := view(s, at(0))
	s.Settle()
	misses := asked(s).Misses
	if again := view(s, at(0)); again != before {
		t.Fatalf("asked again:\n%s\nnot\n%s", again, before)
	}
	if now := asked(s).Misses; now != misses {
		t.Fatalf("%d look-ups of what was just asked for were misses", now-misses)
	}
}

// asked sums the tables.
func asked(s *cache.Store) (sum cache.Stats) {
	for _, t := range s.Tables() {
		sum.Hits, sum.Misses, sum.Failures, sum.Bytes = sum.Hits+t.Hits, sum.Misses+t.Misses, sum.Failures+t.Failures, sum.Bytes+t.Bytes
	}
	return sum
}

func clock() time.Time { return noon }

// TestEveryWriteIsSeen: done, refused, lost on the way back, or done long after
// the outcome was called unknown.
func TestEveryWriteIsSeen(t *testing.T) {
	for _, w := range writes {
		t.Run(w.name, func(t *testing.T) {
			for _, outcome := range []string{"done", "not done", "lost", "late"} {
				t.Run(outcome, func(t *testing.T) {
					truth := storetest.NewMemory()
					crowd(t, truth)
					faulty := storetest.NewFaulty(truth, nil)
					s := before(t, faulty, func(o *cache.Options) { o.Now = clock })
					warm(t, s)
					was := view(truth, at(0))
					var want error
					switch outcome {
					case "not done":
						faulty.Play(storetest.FailNext(w.op, 9, store.ErrUnavailable))
						want = store.ErrUnavailable
					case "lost":
						faulty.Play(storetest.LoseNext(w.op, 9))
						want = store.ErrUnknown
					case "late":
						faulty.Play(storetest.FailNext(w.op, 9, store.ErrUnknown))
						want = store.ErrUnknown
					}
					if err := w.do(t.Context(), s); !errors.Is(err, want) || want == nil && err != nil {
						t.Fatalf("%v, want %v", err, want)
					}
					faulty.Play(nil)
					if outcome == "late" {
						_ = view(s, at(0)) // somebody reads before it is there
						s.Settle()
						if err := w.do(t.Context(), truth); err != nil {
							t.Fatal(err)
						}
					}
					now := view(truth, at(0))
					if (now == was) != (outcome == "not done") {
						t.Fatal("the write changes nothing that could be cached")
					}
					for range 2 {
						if got := view(s, at(0)); got != now {
							t.Fatalf("read\n%s\nwhich is\n%s", got, now)
						}
						s.Settle()
					}
				})
			}
		})
	}
}

// TestWhatReturns: who comes back with the email they left with meets the same
// bars again, and so do the others.
func TestWhatReturns(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	s := before(t, truth, func(o *cache.Options) { o.Now = clock })
	if err := s.Depart(t.Context(), store.Departure{Person: 1, Stead: 6, EmailHash: account(1).EmailHash, Until: at(0) + day}); err != nil {
		t.Fatal(err)
	}
	warm(t, s)
	u := account(1)
	u.Person = 4
	if returned, err := s.Upgrade(t.Context(), u); !returned || err != nil {
		t.Fatal(returned, err)
	}
	if got, want := view(s, at(0)), view(truth, at(0)); got != want {
		t.Fatalf("read\n%s\nwhich is\n%s", got, want)
	}
}

// TestOtherServersAreTold: a write through one cache is forgotten in the other.
func TestOtherServersAreTold(t *testing.T) {
	for _, w := range writes {
		if w.op == storetest.Sweep {
			continue // what it deletes is over for everybody
		}
		t.Run(w.name, func(t *testing.T) {
			truth := storetest.NewMemory()
			crowd(t, truth)
			b := before(t, truth, func(o *cache.Options) { o.Now = clock })
			a := before(t, truth, func(o *cache.Options) { o.Now, o.Tell = clock, b.Forget })
			warm(t, b)
			if err := w.do(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if got, want := view(b, at(0)), view(truth, at(0)); got != want {
				t.Fatalf("the other reads\n%s\nwhich is\n%s", got, want)
			}
		})
	}
}

// TestAwayIsNotNone: while the store is away what is in memory is answered, and
// what is not is an error.
func TestAwayIsNotNone(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	faulty := storetest.NewFaulty(truth, nil)
	s := before(t, faulty, func(o *cache.Options) { o.Now = clock })
	warm(t, s)
	known := view(s, at(0))
	faulty.Play(func(storetest.Step) storetest.Fault { return storetest.Fault{Before: store.ErrUnavailable} })
	if got := view(s, at(0)); got != known {
		t.Fatalf("away: read\n%s\nnot\n%s", got, known)
	}
	for range 2 {
		if bars, err := s.Bars(t.Context(), 99, at(0)); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("bars nobody could read: %v, %v", bars, err)
		}
		if _, err := s.Person(t.Context(), 99); !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), "99", at(0)); !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
		// What was tried and failed, too, is not known any more.
		if errs := s.Commit(t.Context(), []lobby.Write{coolness(1, 2)}); !errors.Is(errs[0], store.ErrUnavailable) {
			t.Fatal(errs)
		}
		if bars, err := s.Bars(t.Context(), 1, at(0)); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("bars nobody could read again: %v, %v", bars, err)
		}
		s.Settle()
	}
}

// TestAnswersAreTheCallersOwn: who changes what they were given changes it for nobody else.
func TestAnswersAreTheCallersOwn(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	s := before(t, truth, func(o *cache.Options) { o.Now = clock })
	warm(t, s)
	want := view(s, at(0))
	p, err := s.Person(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	p.Profile.Tags[0], p.Profile.Attrs["height"] = "rude", 1
	bars, err := s.Bars(t.Context(), 1, at(0))
	if err != nil {
		t.Fatal(err)
	}
	bars[0].Until = 0
	if got := view(s, at(0)); got != want {
		t.Fatalf("others read\n%s\nnot\n%s", got, want)
	}
}

// TestShrunk: the memory goes at once, the cache still serves, and grows again.
func TestShrunk(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	s := before(t, truth, func(o *cache.Options) { o.Now = clock })
	warm(t, s)
	full := asked(s)
	s.Shrink(true)
	if now := asked(s); full.Bytes == 0 || now.Bytes != 0 || now.Hits != full.Hits {
		t.Errorf("before %+v, shrunk %+v", full, now)
	}
	warm(t, s)
	for _, table := range s.Tables() {
		if table.Max > 1<<20/16 {
			t.Errorf("shrunk: %+v", table)
		}
	}
	s.Shrink(false)
	if now := asked(s); now.Bytes == 0 {
		t.Error("growing emptied it")
	}
	warm(t, s)
}

// TestSweptUnderABlock: a block lasts, but how often the two had met is forgotten.
func TestSweptUnderABlock(t *testing.T) {
	truth := storetest.NewMemory()
	crowd(t, truth)
	s := before(t, truth, func(o *cache.Options) { o.Now = clock })
	if err := only(s.Commit(t.Context(), []lobby.Write{lobby.BlockSet{By: 2, Of: 1, At: at(1)}})); err != nil {
		t.Fatal(err)
	}
	warm(t, s)
	known := view(truth, at(0))
	if _, err := s.Sweep(t.Context(), at(0)+2*day, at(0)+2*day, 100); err != nil {
		t.Fatal(err)
	}
	if got, want := view(s, at(0)), view(truth, at(0)); got != want || want == known {
		t.Fatalf("read\n%s\nwhich is\n%s", got, want)
	}
}
