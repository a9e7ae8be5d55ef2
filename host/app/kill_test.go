package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/store/storetest"
	"github.com/napalmsky/napalmsky/host/wire"
)

// serveUntilKilled is the child process: this test binary as a server.
func serveUntilKilled() int {
	cfg := testConfig(os.Getenv("NAPALMSKY_TEST_SERVE"))
	cfg.Database.URL = config.Secret(os.Getenv("NAPALMSKY_TEST_DATABASE"))
	cfg.Plugins = os.Getenv("NAPALMSKY_TEST_PLUGINS")
	a, err := app.New(context.Background(), cfg, app.Options{Cache: filepath.Join(cfg.Plugins, "cache"), Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(a.URL())
	if err := a.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// spawn starts a server process over data, and the database if there is one, and returns its address and the way to kill it.
func spawn(t *testing.T, data, database string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "NAPALMSKY_TEST_SERVE="+data, "NAPALMSKY_TEST_DATABASE="+database, "NAPALMSKY_TEST_PLUGINS="+pluginDir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
		})
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return line[:len(line)-1], kill
}

// ledger is what the server has acknowledged to anybody, over all its lives.
type ledger struct {
	mu        sync.Mutex
	started   map[int64][2]int64        // call → its two people
	ended     map[int64]bool            // told to at least one of them
	cooldowns map[int64]map[int64]int64 // person → other → until, as told
}

func newLedger() *ledger {
	return &ledger{started: map[int64][2]int64{}, ended: map[int64]bool{}, cooldowns: map[int64]map[int64]int64{}}
}

func (l *ledger) heard(p *bot.Person, ev *bot.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch say := ev.Say.(type) {
	case wire.ServerCallStarted:
		l.started[say.Call] = [2]int64{p.ID, bot.CardOf(say.Other).ID}
	case wire.ServerCallEnded:
		l.ended[say.Call] = true
	case wire.ServerCooldown:
		if l.cooldowns[p.ID] == nil {
			l.cooldowns[p.ID] = map[int64]int64{}
		}
		l.cooldowns[p.ID][say.Other] = say.Until
	}
}

// live lets one person meet whom they can until the server dies.
func live(ctx context.Context, p *bot.Person, book *ledger, r *rand.Rand) {
	if p.Connect(ctx) != nil {
		return
	}
	if _, err := p.Say(wire.ClientLobbyEnter{}); err != nil {
		return
	}
	for {
		pause, cancel := context.WithTimeout(ctx, time.Duration(50+r.IntN(400))*time.Millisecond)
		ev, err := p.Next(pause)
		cancel()
		if ctx.Err() != nil || ev.Closed != nil {
			return
		}
		if err != nil { // nothing happens: invite someone
			if es := p.Reel(); len(es) > 0 {
				_, _ = p.Say(wire.ClientInviteSend{To: es[r.IntN(len(es))].Card.ID, Seconds: 60})
			}
			continue
		}
		book.heard(p, &ev)
		switch say := ev.Say.(type) {
		case wire.ServerInviteIncoming:
			if r.IntN(10) < 7 {
				_, _ = p.Say(wire.ClientInviteAccept{Call: say.Call})
			} else {
				_, _ = p.Say(wire.ClientInviteDecline{Call: say.Call})
			}
		case wire.ServerCallStarted:
			if r.IntN(2) == 0 {
				_, _ = p.Say(wire.ClientCallEnd{Call: say.Call})
			}
		case wire.ServerCallChat:
			_, _ = p.Say(wire.ClientCallEnd{Call: say.Call})
		case wire.ServerSelf:
			if say.Activity == "in_call" && say.Here {
				_, _ = p.Say(wire.ClientCallChat{Call: say.Call, Text: "bye"})
			}
			if say.Activity == "outside" {
				_, _ = p.Say(wire.ClientLobbyEnter{})
			}
		}
	}
}

// TestKillInMidEvening kills the server without warning, again and again, while
// people ring, talk and part. Whatever it acknowledged must still be true.
func TestKillInMidEvening(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killInMidEvening(t, "") })
	t.Run("postgres", func(t *testing.T) { killInMidEvening(t, database.Database(t)) })
}

func killInMidEvening(t *testing.T, database string) {
	kills := storetest.Kills(t)
	data := t.TempDir()
	book := newLedger()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	var crowd []*bot.Person // logins survive; connections are made anew

	for round := range kills {
		url, kill := spawn(t, data, database)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for i := range crowd { // the new server listens elsewhere
			p, err := bot.Adopt(url, crowd[i])
			if err != nil {
				t.Fatal(err)
			}
			crowd[i].Close()
			crowd[i] = p
		}
		for range max(2, 20-len(crowd)) { // newcomers, whose sign-up must hold too
			p, err := bot.SignUp(ctx, url, anyone(fmt.Sprintf("P%d", len(crowd))))
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			crowd = append(crowd, p)
		}
		live1, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for i, p := range crowd {
			wg.Go(func() { live(live1, p, book, rand.New(rand.NewPCG(seed, uint64(round*1000+i)))) })
		}
		timer := time.NewTimer(time.Duration(600+rnd.IntN(900)) * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		kill()
		stop()
		wg.Wait()
		for _, p := range crowd { // what was read before the socket broke was acknowledged
			for {
				ev, err := p.Await(live1, func(*bot.Event) bool { return true })
				if err != nil {
					break
				}
				book.heard(p, &ev)
			}
		}
		cancel()
	}
	url, kill := spawn(t, data, database)
	defer kill()
	audit(t, url, crowd, book)
}

// comeBack enters the lobby. Whoever was in a call finds it again, and ends it first.
func comeBack(ctx context.Context, p *bot.Person) error {
	if _, err := p.Say(wire.ClientLobbyEnter{}); err != nil {
		return err
	}
	for {
		ev, err := p.Next(ctx)
		if err != nil {
			return err
		}
		if ev.Closed != nil {
			return fmt.Errorf("closed with %d", ev.Closed.Code)
		}
		switch say := ev.Say.(type) {
		case wire.ServerDone:
			return nil
		case wire.ServerError:
			return &bot.Refusal{ServerError: say}
		case wire.ServerCallStarted:
			if _, err := p.Say(wire.ClientCallEnd{Call: say.Call}); err != nil {
				return err
			}
		}
	}
}

func audit(t *testing.T, url string, crowd []*bot.Person, book *ledger) {
	ctx := within(t, 2*time.Minute)
	histories := map[int64]bot.History{}
	for i := range crowd {
		p, err := bot.Adopt(url, crowd[i])
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		crowd[i].Close()
		if err := p.Connect(ctx); err != nil {
			t.Errorf("person %d cannot come back: %v", p.ID, err)
			continue
		}
		if err := comeBack(ctx, p); err != nil {
			t.Errorf("person %d does not get back in: %v", p.ID, err)
		}
		h, err := p.History(ctx)
		var he *bot.HTTPError
		if errors.As(err, &he) {
			t.Fatalf("history of %d: %v", p.ID, he)
		} else if err != nil {
			t.Fatal(err)
		}
		histories[p.ID] = h
	}
	rows := func(person, call int64) (n int) {
		for _, c := range histories[person].Calls {
			if c.Call == call {
				n++
			}
		}
		return n
	}
	for call, pair := range book.started {
		for _, p := range pair {
			if n := rows(p, call); n != 1 {
				t.Errorf("call %d, acknowledged, stands %d times in the history of %d", call, n, p)
			}
		}
	}
	held := 0
	for person, others := range book.cooldowns {
		for other, until := range others {
			held++
			found := false
			for _, c := range histories[person].Cooldowns {
				found = found || c.Other == other && c.Until >= until
			}
			if !found {
				t.Errorf("the cooldown of %d and %d, acknowledged, is gone", person, other)
			}
		}
	}
	if len(book.started) < 10 || held == 0 {
		t.Fatalf("only %d calls and %d cooldowns in all these rounds: the test proves nothing", len(book.started), held)
	}
	t.Logf("%d people, %d calls, %d ends and %d cooldowns acknowledged; all there", len(crowd), len(book.started), len(book.ended), held)
}
