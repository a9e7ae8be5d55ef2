package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

const (
	crashWhere = "NAPALMSKY_CRASH_TEST_STORE" // set: this process is the one to be killed
	crashRound = "NAPALMSKY_CRASH_TEST_ROUND"
)

// Kills is how often kill tests kill: NAPALMSKY_KILLS, or 20.
func Kills(t testing.TB) int {
	t.Helper()
	s := os.Getenv("NAPALMSKY_KILLS")
	if s == "" {
		return 20
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("NAPALMSKY_KILLS=%q is no number of kills", s)
	}
	return n
}

// CrashChild never returns in a process that Crash started to be killed; it opens
// the store that where names and writes to it. TestMain calls it first.
func CrashChild(open func(ctx context.Context, where string) (store.Store, error)) {
	where := os.Getenv(crashWhere)
	if where == "" {
		return
	}
	round, err := strconv.ParseInt(os.Getenv(crashRound), 10, 64)
	if err != nil {
		panic(err)
	}
	s, err := open(context.Background(), where)
	if err != nil {
		panic(err)
	}
	if round == archiving {
		archiveUntilKilled(s)
	}
	WriteEvenings(context.Background(), s, round, func(id int64) { fmt.Println("acknowledged", id) }) // one unbuffered write
}

// WriteEvenings lets eight people write as fast as they can until ctx ends, and
// calls acknowledged, from any of them, for every evening that is stored whole. A
// store that is away, or does not know, is asked again and again.
func WriteEvenings(ctx context.Context, s store.Store, round int64, acknowledged func(id int64)) {
	var wg sync.WaitGroup
	for writer := range int64(8) {
		wg.Go(func() {
			for n := int64(1); ctx.Err() == nil; n++ {
				// Every write of every round has an id of its own, and so have its two people.
				id := round*10_000_000 + writer*1_000_000 + 2*n
				if evening(ctx, s, id) {
					acknowledged(id)
				}
			}
		})
	}
	wg.Wait()
}

// evening signs up person id, lets them call id+1 and end the call. It reports
// false only after ctx has ended.
func evening(ctx context.Context, s store.Store, id int64) bool {
	a := lobby.PersonID(id)
	call := lobby.CallStart{
		Call: lobby.CallID(id), A: a, B: a + 1, Seconds: 300, StartedAt: id, Deadline: id + 1, CooldownUntil: id + 1000,
	}
	for _, write := range []func() []error{
		func() []error {
			return []error{s.SignUp(ctx, store.Person{ID: a, Version: 1, Profile: store.Profile{Name: fmt.Sprint(id)}},
				store.Session{TokenHash: store.HashToken(fmt.Sprint(id)), Person: a, ExpiresAt: 2})}
		},
		func() []error { return s.Commit(ctx, []lobby.Write{call}) },
		func() []error {
			return s.Commit(ctx, []lobby.Write{
				lobby.CallEnd{Call: call.Call, A: call.A, B: call.B, EndedAt: id + 10, Reason: "hangup", By: a},
				lobby.CooldownSet{
					Pair: lobby.PairOf(call.A, call.B), Call: call.Call, SetAt: id + 10, Until: id + 2000, Reason: "call", Digest: "d",
				},
			})
		},
	} {
		for again := true; again; {
			err := errors.Join(write()...)
			switch again = err != nil; {
			case ctx.Err() != nil:
				return false
			case err != nil && !is(err, store.ErrUnavailable) && !is(err, store.ErrUnknown):
				panic(err)
			}
		}
	}
	return true
}

// Crashed is what Crash asks of a backend.
type Crashed struct {
	Where string                                 // how its CrashChild finds the store
	Open  func(t *testing.T) store.Store         //
	Count func(t *testing.T, query string) int64 // one number of the closed store's database
	Else  map[string]string                      // queries beside the common ones that must count nothing
}

// Crash kills the writing process at moments of no one's choosing, over one and
// the same store. Whatever it had acknowledged is there, whole and once.
func Crash(t *testing.T, c Crashed) {
	var acknowledged []int64
	kills := Kills(t)
	for round := range int64(kills) {
		ids := runAndKill(t, c.Where, round+1, 1+int(round*17%40))
		acknowledged = append(acknowledged, ids...)
		c.Verify(t, ids)
	}
	c.Verify(t, acknowledged)
	t.Logf("%d acknowledged evenings survived %d kills", len(acknowledged), kills)
}

// runAndKill starts a writer, kills it after some acknowledgements, and returns
// all that it had printed by then.
func runAndKill(t *testing.T, where string, round int64, after int) (ids []int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashWhere+"="+where, fmt.Sprint(crashRound, "=", round))
	var complaint strings.Builder
	child.Stderr = &complaint
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var id int64
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &id); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		if ids = append(ids, id); len(ids) == after {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // "signal: killed"
	if len(ids) < after {
		t.Fatalf("round %d ended by itself: %s", round, complaint.String())
	}
	return ids
}

// Verify reads the evenings of ids as their people would, and then counts.
func (c Crashed) Verify(t *testing.T, ids []int64) {
	t.Helper()
	s := c.Open(t)
	defer s.Close()
	ctx := t.Context()
	for _, id := range ids {
		if got, err := s.Login(ctx, store.HashToken(fmt.Sprint(id)), 1); err != nil || int64(got) != id {
			t.Fatalf("acknowledged %d: login %d, %v", id, got, err)
		}
		for _, who := range []int64{id, id + 1} {
			h, err := s.History(ctx, lobby.PersonID(who), 0, 10)
			if err != nil || len(h) != 1 || h[0].EndedAt != id+10 || h[0].CooldownUntil != id+2000 {
				t.Fatalf("acknowledged %d: history of %d: %+v, %v", id, who, h, err)
			}
			b, err := s.Bars(ctx, lobby.PersonID(who), 1)
			if err != nil || len(b) != 1 || b[0].Met != 1 || b[0].Until != id+2000 {
				t.Fatalf("acknowledged %d: bars of %d: %+v, %v", id, who, b, err)
			}
		}
	}
	if whole := c.Count(t, `SELECT COUNT(*) FROM people AS p JOIN calls AS c ON c.id = p.id
		JOIN cooldowns AS d ON d.call_id = c.id WHERE c.ended_at > 0`); whole < int64(len(ids)) {
		t.Fatalf("%d evenings are whole, %d were acknowledged", whole, len(ids))
	}
	// Nothing is half stored, acknowledged or not: each of these counts zero.
	for what, query := range map[string]string{
		"people without session": `SELECT COUNT(*) FROM people WHERE id NOT IN (SELECT person_id FROM sessions)`,
		"sessions of nobody":     `SELECT COUNT(*) FROM sessions WHERE person_id NOT IN (SELECT id FROM people)`,
		"calls without bar":      `SELECT COUNT(*) FROM calls WHERE id NOT IN (SELECT call_id FROM cooldowns WHERE met = 1)`,
		"bars without call":      `SELECT COUNT(*) FROM cooldowns WHERE call_id NOT IN (SELECT id FROM calls)`,
		"ends without cooldown": `SELECT COUNT(*) FROM calls JOIN cooldowns ON call_id = id
			WHERE (ended_at = 0) <> (until = started_at + 1000)`,
	} {
		if n := c.Count(t, query); n != 0 {
			t.Fatalf("%s: %d", what, n)
		}
	}
	for what, query := range c.Else {
		if n := c.Count(t, query); n != 0 {
			t.Fatalf("%s: %d", what, n)
		}
	}
}
