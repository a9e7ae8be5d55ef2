package storetest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
)

// archiving is the round in which a crash child archives instead of writing.
const archiving = -1

// archiveUntilKilled prints a line for each part that is archived.
func archiveUntilKilled(s store.Store) {
	for {
		n, err := s.ArchiveCalls(context.Background(), 1<<60, 5)
		if err != nil {
			panic(err)
		}
		fmt.Println("moved", n)
		if n == 0 {
			select {} // wait for the end
		}
	}
}

// CrashArchiving kills a process that archives, again and again over the same
// store, until all is archived. After every kill every history reads as it did
// before, each call once. where and open are as in Crashed.
func CrashArchiving(t *testing.T, where string, open func(t *testing.T) store.Store) {
	const people, calls = 12, 600
	s := open(t)
	var writes []lobby.Write
	for i := range int64(calls) {
		a := lobby.PersonID(1 + rand.Int64N(people))
		b := 1 + (a+lobby.PersonID(rand.Int64N(people-1)))%people
		c := lobby.CallStart{Call: lobby.CallID(1 + i), A: a, B: b, Seconds: 300, StartedAt: 1000 + i, Deadline: 2000 + i, CooldownUntil: 3000 + i}
		writes = append(writes, c, lobby.CallEnd{Call: c.Call, A: a, B: b, EndedAt: 1500 + i, Reason: "hangup", By: a})
	}
	commit(t, s, writes...)
	want := histories(t, s, people)
	must(t, s.Close())
	rounds, done := 0, false
	for ; !done; rounds++ {
		done = archiveAndKill(t, where, 1+rand.IntN(12))
		s := open(t)
		if got := histories(t, s, people); !reflect.DeepEqual(got, want) {
			t.Fatalf("after kill %d the histories differ", rounds+1)
		}
		must(t, s.Close())
	}
	if rounds < 5 {
		t.Errorf("only %d kills", rounds)
	}
	t.Logf("%d calls archived over %d kills", calls, rounds)
}

func histories(t *testing.T, s store.Store, people int) (all [][]store.Meeting) {
	t.Helper()
	for id := range people {
		all = append(all, history(t, s, lobby.PersonID(1+id), 0, 10_000))
	}
	return all
}

// archiveAndKill starts an archiver and kills it after some parts; done: there is nothing left.
func archiveAndKill(t *testing.T, where string, after int) (done bool) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), crashWhere+"="+where, fmt.Sprint(crashRound, "=", archiving))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		if done = done || lines.Text() == "moved 0"; done || n == after {
			_ = child.Process.Kill() // some lines may still come
		}
	}
	_ = child.Wait() // "signal: killed"
	return done
}
