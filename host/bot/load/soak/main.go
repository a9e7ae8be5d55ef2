package soak

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/wire"
)

// Main is the command "napalmsky load soak". It returns the exit status: 0 if
// everything stayed flat and right, 1 if not, 2 for wrong usage.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg := Config{Progress: stderr, Client: bot.Options{Wire: wire.Binary}}
	var out string
	fs := flag.NewFlagSet("napalmsky load soak", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&cfg.Target, "target", "http://127.0.0.1:8080", "base `URL` of the server")
	fs.IntVar(&cfg.People, "people", 60, "how many are there at any time")
	fs.DurationVar(&cfg.For, "for", 30*time.Minute, "how long; tidying up at the end takes some minutes more")
	fs.Uint64Var(&cfg.Seed, "seed", 1, "of all random choices")
	fs.StringVar(&out, "out", "", "also write table, samples and picture into this `folder`")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "napalmsky load soak: unexpected argument %q\n", fs.Arg(0))
		return 2
	}
	report, err := Run(ctx, cfg)
	if err == nil {
		err = report.WriteTable(stdout)
	}
	if err == nil && out != "" {
		err = report.writeFolder(out)
	}
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky load soak:", err)
		return 1
	}
	if !report.Passed() {
		return 1
	}
	return 0
}

func (r *Report) writeFolder(dir string) error {
	var table, samples strings.Builder
	if err := errors.Join(os.MkdirAll(dir, 0o755), r.WriteTable(&table), r.WriteCSV(&samples)); err != nil {
		return err
	}
	for name, text := range map[string]string{"soak.md": table.String(), "soak.csv": samples.String(), "soak.svg": r.SVG()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
