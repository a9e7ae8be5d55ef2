package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/sqlite"
)

const (
	crashFile  = "NAPALMSKY_CRASH_TEST_FILE" // set: this process is the one to be killed
	crashRound = "NAPALMSKY_CRASH_TEST_ROUND"
	kills      = 20
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		writeUntilKilled(path)
	}
	goleak.VerifyTestMain(m)
}

// writeUntilKilled lets eight people write as fast as they can, each printing
// every write that was acknowledged to them.
func writeUntilKilled(path string) {
	var round int64
	if _, err := fmt.Sscan(os.Getenv(crashRound), &round); err != nil {
		panic(err)
	}
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for writer := range int64(8) {
		wg.Go(func() {
			for n := int64(1); ; n++ {
				// Every write of every round has an id of its own, and so have its two people.
				id := round*10_000_000 + writer*1_000_000 + 2*n
				for _, err := range evening(ctx, s, id) {
					if err != nil {
						panic(err)
					}
				}
				fmt.Println("acknowledged", id) // one unbuffered write
			}
		})
	}
	wg.Wait()
}

// evening signs up person id, lets them call id+1 and end the call.
func evening(ctx context.Context, s store.Store, id int64) []error {
	a := lobby.PersonID(id)
	errs := []error{s.SignUp(ctx, store.Person{ID: a, Version: 1, Profile: store.Profile{Name: fmt.Sprint(id)}},
		store.Session{TokenHash: store.HashToken(fmt.Sprint(id)), Person: a, ExpiresAt: 2})}
	call := lobby.CallStart{
		Call: lobby.CallID(id), A: a, B: a + 1, Seconds: 300, StartedAt: id, Deadline: id + 1, CooldownUntil: id + 1000,
	}
	errs = append(errs, s.Commit(ctx, []lobby.Write{call})...)
	return append(errs, s.Commit(ctx, []lobby.Write{
		lobby.CallEnd{Call: call.Call, A: call.A, B: call.B, EndedAt: id + 10, Reason: "hangup", By: a},
		lobby.CooldownSet{
			Pair: lobby.PairOf(call.A, call.B), Call: call.Call, SetAt: id + 10, Until: id + 2000, Reason: "call", Digest: "d",
		},
	})...)
}

// Twenty times the writing process is killed at a moment of no one's choosing,
// over one and the same file. Whatever it had acknowledged is there, whole and once.
func TestKilledAtAnyMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "napalmsky.db")
	var acknowledged []int64
	for round := range int64(kills) {
		ids := runAndKill(t, path, round+1, 1+rand.IntN(40))
		acknowledged = append(acknowledged, ids...)
		verify(t, path, ids, acknowledged)
	}
	verify(t, path, acknowledged, acknowledged)
	t.Logf("%d acknowledged evenings survived %d kills", len(acknowledged), kills)
}

// runAndKill starts a writer, kills it after some acknowledgements, and returns
// all that it had printed by then.
func runAndKill(t *testing.T, path string, round int64, after int) (ids []int64) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashFile+"="+path, fmt.Sprint(crashRound, "=", round))
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

// verify reads the evenings of ids as their people would, and counts all.
func verify(t *testing.T, path string, ids, all []int64) {
	t.Helper()
	s := open(t, path)
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
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var list []string
	for _, id := range all {
		list = append(list, fmt.Sprint(id))
	}
	whole := `SELECT COUNT(*) FROM people AS p JOIN calls AS c ON c.id = p.id JOIN cooldowns ON call_id = c.id
		WHERE ended_at > 0 AND p.id IN (` + strings.Join(list, ",") + ")"
	var n int
	if err := raw.QueryRow(whole).Scan(&n); err != nil || n != len(all) {
		t.Fatalf("%d of %d acknowledged evenings are whole, %v", n, len(all), err)
	}
	// Nothing is half stored, acknowledged or not: each of these counts zero.
	for what, query := range map[string]string{
		"people without session": `SELECT COUNT(*) FROM people WHERE id NOT IN (SELECT person_id FROM sessions)`,
		"sessions of nobody":     `SELECT COUNT(*) FROM sessions WHERE person_id NOT IN (SELECT id FROM people)`,
		"calls without bar":      `SELECT COUNT(*) FROM calls WHERE id NOT IN (SELECT call_id FROM cooldowns WHERE met = 1)`,
		"bars without call":      `SELECT COUNT(*) FROM cooldowns WHERE call_id NOT IN (SELECT id FROM calls)`,
		"ends without cooldown": `SELECT COUNT(*) FROM calls JOIN cooldowns ON call_id = id
			WHERE (ended_at = 0) <> (until = started_at + 1000)`,
		"damage": `SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'`,
	} {
		if err := raw.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Fatalf("%s: %d, %v", what, n, err)
		}
	}
}
