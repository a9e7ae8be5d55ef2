package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
	"github.com/napalmsky/napalmsky/host/store/postgres/pgtest"
)

// pluginDir holds the reference plugins, built once for all tests of this package.
var pluginDir string

func TestMain(m *testing.M) {
	if os.Getenv("NAPALMSKY_TEST_SERVE") != "" {
		os.Exit(serveUntilKilled())
	}
	if len(os.Args) > 1 && os.Args[1] == compilePlugin {
		os.Exit(wasm.RunCompiler(os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "napalmsky-plugins")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		for name, pkg := range map[string]string{
			"match-mutual": "matchmutual", "cooldown-standard": "cooldownstandard", "trim-essential": "trimessential", "trim-signalling": "trimsignalling",
		} {
			cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w",
				"-o", filepath.Join(dir, name+".wasm"), "../../plugins/"+pkg+"/wasm")
			cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
			if out, err := cmd.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "build plugin %s: %v\n%s", name, err, out)
				return 1
			}
		}
		pluginDir = dir
		defer database.Stop()
		return m.Run()
	}())
}

// database is a PostgreSQL for the tests that do not harm it; it starts when first used.
var database pgtest.Server

// compilePlugin makes this test binary a compiler, as the command's of that name does.
const compilePlugin = "compile-plugin"

func compiler() *wasm.Compiler {
	self, err := wasm.Self()
	if err != nil {
		panic(err)
	}
	return &wasm.Compiler{Command: []string{self, compilePlugin}}
}

// house is a server in this process.
type house struct{ *app.App }

func testConfig(data string) config.Config {
	cfg := config.Default()
	cfg.Listen, cfg.Data, cfg.Plugins = "127.0.0.1:0", data, pluginDir
	cfg.Limits.LoopbackFree = true
	cfg.DrainTimeout = 3 * time.Second
	cfg.Policy.CompileTimeout = 5 * time.Minute // the race detector, a cold cache and a busy machine
	return cfg
}

// startApp runs a server as `serve` does until the test ends.
func startApp(t *testing.T, change func(*config.Config), options ...func(*app.Options)) *house {
	t.Helper()
	cfg := testConfig(t.TempDir())
	if change != nil {
		change(&cfg)
	}
	o := app.Options{Cache: filepath.Join(pluginDir, "cache"), Compiler: compiler(), Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, f := range options {
		f(&o)
	}
	a, err := app.New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return &house{a}
}

// within bounds one test's waiting.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// anyone is a profile that everyone else of the kind suits.
func anyone(name string) bot.Profile {
	return bot.Profile{Name: name, Tags: []string{}, Langs: []string{}, Gender: 0, Seeking: []int{0}, Age: 30, AgeMin: 18, AgeMax: 99,
		Socials: []bot.Social{{Kind: "mastodon", Handle: "@" + name}}}
}

// signUp makes a person who has not connected yet.
func signUp(t *testing.T, ctx context.Context, url, name string) *bot.Person {
	t.Helper()
	p, err := bot.SignUp(ctx, url, anyone(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// join makes a person who is in the lobby.
func join(t *testing.T, ctx context.Context, url, name string) *bot.Person {
	t.Helper()
	p := signUp(t, ctx, url, name)
	if err := p.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if err := p.Enter(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// ring makes a invite b, and returns the invite's id.
func ring(t *testing.T, ctx context.Context, a, b *bot.Person) int64 {
	t.Helper()
	if _, err := a.WaitReel(ctx, bot.Sees(b.ID)); err != nil {
		t.Fatal(err)
	}
	r, err := a.Invite(ctx, b.ID, 300)
	if err != nil {
		t.Fatal(err)
	}
	in, err := b.WaitIncoming(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if in.Call != r.Call {
		t.Fatalf("invite %d arrived as %d", r.Call, in.Call)
	}
	return r.Call
}

// talk brings a and b into a call.
func talk(t *testing.T, ctx context.Context, a, b *bot.Person) int64 {
	t.Helper()
	call := ring(t, ctx, a, b)
	if err := b.Accept(ctx, call, 0); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*bot.Person{a, b} {
		if got, err := p.WaitCall(ctx); err != nil || got.Call != call {
			t.Fatalf("call.started: %+v, %v", got, err)
		}
	}
	return call
}

// refusedAs fails unless err is the server's refusal with this code.
func refusedAs(t *testing.T, what string, err error, codes ...string) {
	t.Helper()
	var r *bot.Refusal
	if !errors.As(err, &r) {
		t.Errorf("%s: %v, want a refusal", what, err)
		return
	}
	for _, c := range codes {
		if r.Code == c {
			return
		}
	}
	t.Errorf("%s: refused as %s (%s), want one of %v", what, r.Code, r.Field, codes)
}
