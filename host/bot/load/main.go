package load

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/napalmsky/napalmsky/host/bot"
	"github.com/napalmsky/napalmsky/host/wire"
)

// Main is the command "napalmsky load". It returns the exit status: 0 if
// nothing was wrong, 1 if there were errors or violations or the run could not
// be played, 2 for wrong usage.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg := Config{Client: bot.Options{Wire: wire.Binary}}
	var file string
	var insecure bool
	fs := flag.NewFlagSet("napalmsky load", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&cfg.Target, "target", "http://127.0.0.1:8080", "base `URL` of the server")
	fs.IntVar(&cfg.People, "people", 200, "how many simulated people")
	fs.DurationVar(&cfg.Ramp, "ramp", 0, "all connect within this time (default 30s, 60s from 1000 people on)")
	fs.DurationVar(&cfg.Settle, "settle", 0, "wait after the ramp before measuring (default 20s)")
	fs.DurationVar(&cfg.Steady, "steady", 0, "measure this long (default 2m)")
	fs.Uint64Var(&cfg.Seed, "seed", 1, "of all random choices")
	fs.Float64Var(&cfg.CutPerMinute, "cut-per-minute", 0, "cut this `share` of all lines each minute, in calls too (0.2 is a fifth)")
	fs.DurationVar(&cfg.Disturb.Storm, "storm", 0, "a third into the steady part cut every line; all come back within this time")
	fs.Float64Var(&cfg.Disturb.Surge, "surge", 0, "a third into the steady part people invite this many `times` as often for surge-for")
	fs.DurationVar(&cfg.Disturb.SurgeFor, "surge-for", 0, "how long the surge lasts (default 30s)")
	fs.StringVar(&cfg.Label, "label", "", "`word`s for tables about what is measured")
	fs.StringVar(&file, "json", "", "also write the report to this `file`")
	fs.IntVar(&cfg.ServerPID, "server-pid", 0, "the server's process `id` (default: whoever listens on the target's port)")
	fs.Var(&cfg.Client.Wire, "wire", "how the server writes to the people: `encoding` binary or json")
	fs.BoolVar(&insecure, "insecure", false, "accept any TLS certificate")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "napalmsky load: unexpected argument %q\n", fs.Arg(0))
		return 2
	}
	if insecure {
		cfg.Client.TLS = &tls.Config{InsecureSkipVerify: true}
	}
	cfg.Progress, cfg.Live = stderr, terminal(stderr)

	// Ten thousand people's sockets share this process: memory is dearer than time.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	report, err := Run(ctx, cfg)
	if err != nil {
		fmt.Fprintf(stderr, "napalmsky load: %v\n", err)
	}
	if report == nil {
		return 1
	}
	if file != "" {
		if werr := writeFile(file, report); werr != nil {
			fmt.Fprintf(stderr, "napalmsky load: %v\n", werr)
			err = werr
		}
	}
	if werr := report.WriteTable(stdout); werr != nil {
		fmt.Fprintf(stderr, "napalmsky load: %v\n", werr)
		err = werr
	}
	if err != nil || !report.Passed() {
		return 1
	}
	return 0
}

func writeFile(name string, r *Report) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("load: report: %w", err)
	}
	if err := r.WriteJSON(f); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("load: report: %w", err)
	}
	return nil
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
