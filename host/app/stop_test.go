package app_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/config"
)

// TestAPlainStopIsInTheLog: that it began, that people were sent away, that it is over.
func TestAPlainStopIsInTheLog(t *testing.T) {
	cfg := testConfig(t.TempDir())
	var log strings.Builder
	a, err := app.New(t.Context(), cfg, app.Options{
		Cache: filepath.Join(pluginDir, "cache"), Compiler: compiler(), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	join(t, within(t, 30*time.Second), a.URL(), "Ada")
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var steps []string
	for line := range strings.Lines(log.String()) {
		for _, word := range []string{"serving", "stopping", "drained", "stopped"} {
			if strings.Contains(line, "msg="+word) || strings.Contains(line, `msg="`+word) {
				steps = append(steps, word)
			}
		}
	}
	if !slices.Equal(steps, []string{"serving", "stopping", "drained", "stopped"}) || !strings.Contains(log.String(), "sockets=1") {
		t.Errorf("%q of\n%s", steps, log.String())
	}
}

// TestABusyPortIsNoticedFirst: before a database is opened or waited for.
func TestABusyPortIsNoticedFirst(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := taken.Addr().String()
	for setting, change := range map[string]func(*config.Config){
		"listen":       func(c *config.Config) { c.Listen = busy },
		"lan_listen":   func(c *config.Config) { c.LAN, c.LANListen = true, busy },
		"admin.listen": func(c *config.Config) { c.Admin = config.Admin{Listen: busy, Token: "0123456789abcdef"} },
	} {
		for _, url := range []config.Secret{"", "postgres://nobody@127.0.0.1:1/none"} {
			cfg := testConfig(t.TempDir())
			cfg.Database.URL = url
			change(&cfg)
			_, err := app.New(within(t, 10*time.Second), cfg, app.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), setting+": ") || !strings.Contains(err.Error(), "in use") {
				t.Errorf("%s: %v", setting, err)
			}
			if _, err := os.Stat(filepath.Join(cfg.Data, "napalmsky.db")); err == nil {
				t.Errorf("%s: a database was made for a server that cannot listen", setting)
			}
		}
	}
}
