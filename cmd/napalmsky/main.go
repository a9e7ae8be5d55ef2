// Command napalmsky is the whole system in one binary: the server, and the load
// generator that plays an evening against one. It holds flags and signals only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/napalmsky/napalmsky/host/admin/cli"
	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/bot/load"
	"github.com/napalmsky/napalmsky/host/bot/load/capacity"
	"github.com/napalmsky/napalmsky/host/bot/load/soak"
	"github.com/napalmsky/napalmsky/host/config"
	"github.com/napalmsky/napalmsky/host/policy/wasm"
)

// version is set by the linker.
var version = "unversioned"

const usage = `napalmsky — live one-to-one meetings

  napalmsky serve [flags]                  run a server (serve --help lists the flags)
  napalmsky plugin COMMAND                 a running server's plugins (plugin help lists the commands)
  napalmsky admin COMMAND                  people of a running server: find, reports, ban, vindicate (admin help)
  napalmsky load --target URL --people N   play an evening against a server and measure it
  napalmsky load report FOLDER             the table, the bars and the plots of the evenings whose reports lie there
  napalmsky load soak --target URL         churning people for a long time: nothing may grow (see .ci/soak)
  napalmsky replay FILE|FOLDER             verify a recorded evening, or compare another match plugin along it
  napalmsky cachesim FILE                  how caches would have done on an evening, beside the optimum
  napalmsky healthcheck                    is the server here ready? (for containers)
  napalmsky migrate [up|down|status]       the database's schema: bring it up to date, a step back, look
  napalmsky copy --from … --to …           copy everything into another database, and verify it
  napalmsky version
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch args[0] {
	case "serve":
		return serve(ctx, args[1:], stdout, stderr)
	case "plugin":
		return plugin(ctx, args[1:], stdout, stderr)
	case "admin":
		return cli.PeopleMain(ctx, args[1:], cli.Env{Get: os.Getenv, Stdout: stdout, Stderr: stderr})
	case "load":
		if len(args) > 1 && args[1] == "report" {
			return capacity.Main(args[2:], stdout, stderr)
		}
		if len(args) > 1 && args[1] == "soak" {
			return soak.Main(ctx, args[2:], stdout, stderr)
		}
		return load.Main(ctx, args[1:], stdout, stderr)
	case "replay":
		return runReplay(ctx, args[1:], stdout, stderr)
	case "cachesim":
		return runCachesim(ctx, args[1:], stdout, stderr)
	case "healthcheck":
		return healthcheck(ctx, args[1:], stdout, stderr)
	case "migrate":
		return migrate(ctx, args[1:], stdout, stderr)
	case "copy":
		return copyDatabase(ctx, args[1:], stdout, stderr)
	case compilePlugin:
		return wasm.RunCompiler(args[1:], os.Stdin, stdout)
	case "version", "--version":
		fmt.Fprintln(stdout, "napalmsky", version)
		return 0
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "napalmsky: there is no command %q\n\n%s", args[0], usage)
	return 2
}

// compilePlugin is a command that the server starts itself with; see wasm.Compiler.
const compilePlugin = "compile-plugin"

// compiler compiles plugins in a process of its own; nil where this program
// cannot be started again.
func compiler() *wasm.Compiler {
	self, err := wasm.Self()
	if err != nil {
		return nil
	}
	return &wasm.Compiler{Command: []string{self, compilePlugin}}
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := config.Load(args, os.Environ(), os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		config.Usage(stdout)
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky serve:", err)
		return 2
	}
	log := app.Logger(cfg.Log, stderr)
	app.Tune(cfg, os.Getenv, log)
	p, err := startProfiles(cfg.CPUProfile, cfg.MemProfile)
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky serve:", err)
		return 1
	}
	code := serveProfiled(ctx, cfg, p, log, stdout, stderr)
	if err := p.stop(); err != nil {
		fmt.Fprintln(stderr, "napalmsky serve:", err)
		return 1
	}
	return code
}

func serveProfiled(ctx context.Context, cfg config.Config, p *profiles, log *slog.Logger, stdout, stderr io.Writer) int {
	ln, err := inherited(os.Getenv)
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky serve:", err)
		return 1
	}
	a, err := app.New(ctx, cfg, app.Options{Version: version, Log: log, Listener: ln, Compiler: compiler(), Settled: app.Settle(log)})
	if err != nil && ctx.Err() != nil {
		log.Info("stopped before it served", "while", err)
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky serve:", err)
		return 1
	}
	for _, line := range a.Greeting() {
		fmt.Fprintln(stdout, line)
	}
	ctx, cancel := p.before(ctx)
	defer cancel()
	if err := a.Run(ctx); err != nil {
		fmt.Fprintln(stderr, "napalmsky serve:", err)
		return 1
	}
	return 0
}
