package app_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/config"
)

// TestTwoServersOfOneDatabase: the second waits until the first is stopped, and
// goes on with what it left; meanwhile nothing is copied into it.
func TestTwoServersOfOneDatabase(t *testing.T) {
	ctx := within(t, time.Minute)
	url := database.Database(t)
	first, stop := startAppUntil(t, func(c *config.Config) { c.Database.URL = config.Secret(url) })
	ann := signUp(t, ctx, first.URL(), "Ann")

	empty := "sqlite:" + filepath.Join(t.TempDir(), "empty.db")
	if _, err := app.CopyDatabase(ctx, url, empty, "", nil); err != nil {
		t.Fatalf("a copy of it: %v", err)
	}
	if _, err := app.CopyDatabase(ctx, empty, url, "", nil); err == nil || !strings.Contains(err.Error(), "another server is using this database") {
		t.Errorf("a copy into it: %v", err)
	}

	cfg := testConfig(t.TempDir())
	cfg.Database.URL, cfg.Database.LockTimeout = config.Secret(url), 300*time.Millisecond
	said, log := io.Pipe()
	defer said.Close() // the rest of the log is dropped
	type made struct {
		app *app.App
		err error
	}
	second := make(chan made, 1)
	go func() {
		a, err := app.New(ctx, cfg, app.Options{Cache: filepath.Join(pluginDir, "cache"), Compiler: quickly(), Log: slog.New(slog.NewTextHandler(log, nil))})
		second <- made{a, err}
	}()
	lines := bufio.NewScanner(said)
	for waits := false; !waits; waits = strings.Contains(lines.Text(), "another server is using this database") {
		if !lines.Scan() {
			t.Fatal("it did not say that it waits")
		}
	}
	go func() {
		for lines.Scan() {
		}
	}()
	select {
	case m := <-second:
		t.Fatalf("it did not wait: %v", m.err)
	default:
	}
	if _, err := ann.History(ctx); err != nil {
		t.Errorf("the first: %v", err)
	}
	stop()
	m := <-second
	if m.err != nil {
		t.Fatal(m.err)
	}
	run, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.app.Run(run) }()
	until(t, ctx, "ready", func() error { return status(ctx, m.app.URL()+"/readyz", http.StatusOK) })
	join(t, ctx, m.app.URL(), "Bob")
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
