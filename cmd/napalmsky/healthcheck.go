package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/config"
)

// healthcheck asks a server on this machine whether it is ready: exit 0 if it
// is, 1 with the reasons if not. For containers, which have no other tools inside.
func healthcheck(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("napalmsky healthcheck", flag.ContinueOnError)
	f.SetOutput(stderr)
	url := f.String("url", "", "the server's address; by default where serve would listen with the same environment")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if *url == "" {
		cfg, err := config.Load(nil, os.Environ(), os.ReadFile)
		if err != nil {
			fmt.Fprintln(stderr, "napalmsky healthcheck:", err)
			return 2
		}
		*url = nearby(cfg.Listen)
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	if err := askReady(ctx, strings.TrimSuffix(*url, "/")+"/readyz"); err != nil {
		fmt.Fprintln(stderr, "napalmsky healthcheck:", err)
		return 1
	}
	fmt.Fprintln(stdout, "ready")
	return 0
}

// nearby is how this machine reaches a listen address.
func nearby(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || host == "" || net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func askReady(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var body struct {
		Reasons []string `json:"reasons"`
	}
	_ = json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&body) // without reasons the status says enough
	return fmt.Errorf("%s %s", answer.Status, strings.Join(body.Reasons, "; "))
}
