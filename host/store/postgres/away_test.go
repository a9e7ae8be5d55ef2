package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/store"
	"github.com/napalmsky/napalmsky/host/store/postgres"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
)

// fragile starts a server that its test may harm, and a store on it that gives
// up soon.
func fragile(t *testing.T) (*pgtest.Server, *postgres.Store, postgres.Options) {
	t.Helper()
	mortal := &pgtest.Server{}
	t.Cleanup(mortal.Stop)
	o := options(mortal.Database(t))
	o.ConnectTimeout, o.StatementTimeout = 300*time.Millisecond, 500*time.Millisecond
	s, err := postgres.Open(t.Context(), o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return mortal, s, o
}

var cooldown = lobby.CooldownSet{Pair: lobby.PairOf(1, 2), Call: 1, SetAt: 1, Until: 1000, Reason: "call"}

// everything asks the store everything while it is away.
func everything(ctx context.Context, s store.Store) map[string]error {
	errs := map[string]error{"ping": s.Ping(ctx), "logout": s.Logout(ctx, "x"),
		"sign up": s.SignUp(ctx, store.Person{ID: 9, Version: 1}, store.Session{TokenHash: "9", Person: 9}),
		"plugins": s.SavePlugins(ctx, store.PluginSave{Changes: []store.PluginChange{{At: 1}}})}
	_, errs["bars"] = s.Bars(ctx, 1, 0)
	_, errs["person"] = s.Person(ctx, 1)
	_, errs["login"] = s.Login(ctx, "x", 0)
	_, errs["open calls"] = s.OpenCalls(ctx)
	_, errs["history"] = s.History(ctx, 1, 0, 1)
	_, errs["cooldowns"] = s.Cooldowns(ctx, 1, 0)
	errs["commit"] = s.Commit(ctx, []lobby.Write{lobby.BlockSet{By: 7, Of: 8, At: 1}})[0]
	return errs
}

// Stopped, killed or frozen: everything fails soon and says that it may be tried
// again; "cannot read" is never "there is none"; and it all works on return.
func TestWhileTheDatabaseIsAway(t *testing.T) {
	mortal, s, _ := fragile(t)
	ctx := t.Context()
	if err := s.Commit(ctx, []lobby.Write{cooldown})[0]; err != nil {
		t.Fatal(err)
	}
	for _, away := range []struct {
		name       string
		leave, ret func()
	}{
		{"shut down", mortal.Shutdown, func() { mortal.Start(t) }},
		{"killed", mortal.Kill, func() { mortal.Start(t) }},
		{"frozen", mortal.Freeze, mortal.Thaw},
	} {
		away.leave()
		began := time.Now()
		for what, err := range everything(ctx, s) {
			if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %s answered %v", away.name, what, err)
			}
		}
		if took := time.Since(began); took > 20*time.Second { // eleven questions of 1.5 s at most
			t.Errorf("%s: it took %v to learn that it is away", away.name, took)
		}
		away.ret()
		back(t, s)
		bars, err := s.Bars(ctx, 1, 0)
		if err != nil || len(bars) != 1 || bars[0].Until != cooldown.Until {
			t.Errorf("%s: afterwards bars %+v, %v", away.name, bars, err)
		}
		if bars, err := s.Bars(ctx, 7, 0); err != nil || len(bars) != 0 {
			t.Errorf("%s: what was refused is there: %+v, %v", away.name, bars, err)
		}
	}
	if err := s.Commit(ctx, []lobby.Write{lobby.BlockSet{By: 7, Of: 8, At: 1}})[0]; err != nil {
		t.Error(err)
	}
}

// back waits until reading and writing work again: connections that broke are
// found broken one by one.
func back(t *testing.T, s store.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := errors.Join(s.Ping(ctx), s.Commit(ctx, []lobby.Write{cooldown})[0])
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("it does not come back: %v", err)
		}
	}
}

// A commit whose answer is lost may be there: that is what the error says, and
// asking again says which. One that the server refuses is certainly not there.
func TestACommitWithoutAnswerIsUnknown(t *testing.T) {
	mortal, s, o := fragile(t)
	ctx := t.Context()
	// A trigger at commit refuses, or waits until somebody kills the server.
	run(t, o.URL, `CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.of_person = 3 THEN RAISE EXCEPTION 'no'; END IF; PERFORM pg_sleep(600); RETURN NULL; END $$`)
	run(t, o.URL, `CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON blocks DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.by_person = 666) EXECUTE FUNCTION nap()`)
	both := []lobby.Write{lobby.BlockSet{By: 1, Of: 2, At: 1}, lobby.BlockSet{By: 666, Of: 2, At: 1}}
	if err := s.Commit(ctx, []lobby.Write{lobby.BlockSet{By: 666, Of: 3, At: 1}})[0]; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("its commit refused: %v", err)
	}
	s.Close()
	o.StatementTimeout = time.Minute
	patient, err := postgres.Open(ctx, o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer patient.Close()
	answers := make(chan []error)
	go func() { answers <- patient.Commit(ctx, both) }()
	for asleep := 0; asleep == 0; {
		ask(t, o.URL, `SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`, &asleep)
	}
	mortal.Kill()
	for i, err := range <-answers {
		if !errors.Is(err, store.ErrUnknown) {
			t.Errorf("write %d, the server dead in its commit: %v", i, err)
		}
	}
	mortal.Start(t)
	run(t, o.URL, `DROP TRIGGER slow ON blocks`)
	s = patient
	back(t, s)
	for i, err := range s.Commit(ctx, both) {
		if err != nil {
			t.Errorf("write %d, again: %v", i, err)
		}
	}
	if bars, err := s.Bars(ctx, 2, 0); err != nil || len(bars) != 2 {
		t.Errorf("%+v, %v", bars, err)
	}
}

func TestStartedWithoutItsDatabaseItWaitsAndSaysSo(t *testing.T) {
	mortal, s, o := fragile(t)
	s.Close()
	mortal.Shutdown()
	var log lines
	opened := make(chan error, 1)
	go func() {
		s, err := postgres.WaitOpen(t.Context(), o, slog.New(slog.NewTextHandler(&log, nil)))
		if err == nil {
			err = errors.Join(s.Ping(t.Context()), s.Close())
		}
		opened <- err
	}()
	log.await(t, "waiting for the database")
	select {
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	mortal.Start(t)
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	log.await(t, "the database is there")

	ctx, cancel := context.WithCancel(t.Context())
	mortal.Shutdown()
	go func() {
		_, err := postgres.WaitOpen(ctx, o, slog.New(slog.DiscardHandler))
		opened <- err
	}()
	cancel()
	if err := <-opened; !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop waiting: %v", err)
	}
}

// What waiting cannot mend is said at once, and nothing said holds the password.
func TestWhatWaitingCannotMend(t *testing.T) {
	good := server.Database(t)
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*url.URL)) string {
		c := *u
		change(&c)
		return c.String()
	}
	const secret = "hunter2-hunter2"
	for what, address := range map[string]string{
		"a wrong password":    with(func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }),
		"no such database":    with(func(u *url.URL) { u.Path = "/nowhere" }),
		"not a URL":           "postgres://x:" + secret + "@[::1/x",
		"a wrong port's name": "postgres://x:" + secret + "@127.0.0.1:port/x",
	} {
		var log lines
		_, err := postgres.WaitOpen(t.Context(), options(address), slog.New(slog.NewTextHandler(&log, nil)))
		if err == nil || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
		}
		if said := fmt.Sprint(err, log.text()); strings.Contains(said, secret) {
			t.Errorf("%s: the password is in %q", what, said)
		}
	}
	var log lines
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	_, err = postgres.WaitOpen(ctx, options("postgres://x:"+secret+"@127.0.0.1:1/x"), slog.New(slog.NewTextHandler(&log, nil)))
	if err == nil || !strings.Contains(log.text(), "waiting") || strings.Contains(err.Error()+log.text(), secret) {
		t.Errorf("nobody at the port: %v, %s", err, log.text())
	}
}

// lines is a log that can be waited for.
type lines struct {
	mu   sync.Mutex
	said strings.Builder
	wake chan struct{}
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
	return l.said.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}

func (l *lines) await(t *testing.T, text string) {
	t.Helper()
	for {
		l.mu.Lock()
		if strings.Contains(l.said.String(), text) {
			l.mu.Unlock()
			return
		}
		if l.wake == nil {
			l.wake = make(chan struct{})
		}
		wake := l.wake
		l.mu.Unlock()
		select {
		case <-wake:
		case <-time.After(20 * time.Second):
			t.Fatalf("never said %q", text)
		}
	}
}
