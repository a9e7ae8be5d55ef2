// Package cli is what operators type: `napalmsky plugin …` and `napalmsky
// admin …`, over the admin API.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Env is the surroundings of a command.
type Env struct {
	Get            func(string) string // the environment
	Stdout, Stderr io.Writer
}

// job is one command under way.
type job struct {
	Env
	client *Client
	args   []string // without flags
	flags  options
}

type options struct {
	data, admin, signature string
	person, reason         string
	json, all, again       bool
	port                   string
	before                 int64
	limit                  int
}

// command is one line of the usage.
type command struct {
	name, args, help string
	least, most      int // arguments; most -1: any number
	flags            func(*flag.FlagSet, *options)
	run              func(context.Context, *job) error
}

func commands() []command {
	return []command{
		{name: "list", help: "what serves each hook, and how it does", run: list, flags: func(fs *flag.FlagSet, o *options) {
			fs.BoolVar(&o.all, "all", false, "also every knob, and every version kept")
		}},
		{name: "load", args: "FILE", help: "check a module and put it in service", least: 1, most: 1, run: load, flags: func(fs *flag.FlagSet, o *options) {
			fs.BoolVar(&o.again, "again", false, "even though it is in quarantine; the audit log says so")
			fs.StringVar(&o.signature, "signature", "", "base64 ed25519 signature `file` (FILE.sig if there is one)")
		}},
		{name: "inspect", args: "FILE", help: "check a module as load does, and change nothing", least: 1, most: 1, run: inspect},
		{name: "set", args: "NAME key=value…", help: "turn knobs of a serving plugin", least: 2, most: -1, run: set},
		{name: "rollback", args: "HOOK", help: "back to what served before", least: 1, most: 1, run: onHook("rollback")},
		{name: "pause", args: "HOOK", help: "let the rule compiled in answer instead", least: 1, most: 1, run: onHook("pause")},
		{name: "resume", args: "HOOK", help: "let the plugin answer again", least: 1, most: 1, run: onHook("resume")},
		{name: "history", help: "who changed what, and how it went", run: history, flags: func(fs *flag.FlagSet, o *options) {
			fs.IntVar(&o.limit, "limit", 20, "how many changes, newest first")
			fs.Int64Var(&o.before, "before", 0, "only changes before this `moment`, as the last page said")
		}},
		{name: "console", help: "the console page in a browser of this machine, until Ctrl-C", run: console, flags: func(fs *flag.FlagSet, o *options) {
			fs.StringVar(&o.port, "port", "", "the `port` of 127.0.0.1 it listens on, for a tunnel (default NAPALMSKY_CONSOLE_PORT, else a free one)")
		}},
	}
}

// group is a set of commands under one name.
type group struct {
	name, about, note string
	commands          func() []command
}

// Main runs one command line, without "napalmsky plugin". It returns the exit status.
func Main(ctx context.Context, args []string, env Env) int {
	return group{"plugin", "plugins of a running server", "HOOK is match, cooldown, trim or signalling. ", commands}.main(ctx, args, env)
}

// PeopleMain runs one command line, without "napalmsky admin". It returns the exit status.
func PeopleMain(ctx context.Context, args []string, env Env) int {
	return group{"admin", "people of a running server", "NUMBER is a person's, as reports lists it. ", peopleCommands}.main(ctx, args, env)
}

// usage lists the commands.
func (g group) usage(w io.Writer) {
	fmt.Fprintf(w, "napalmsky %s COMMAND [flags]   (%s)\n\n", g.name, g.about)
	for _, c := range g.commands() {
		fmt.Fprintf(w, "  %-28s %s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	fmt.Fprint(w, "\n", g.note, `Every command takes:

  --data FOLDER   the server's data folder (default NAPALMSKY_DATA, else ./data)
  --admin URL     a server elsewhere, by its admin.listen; NAPALMSKY_ADMIN_TOKEN holds its token
  --json          the API's answer as it is, for scripts

Exit status: 0 done, 1 refused or failed, 2 wrong usage.
`)
}

func (g group) main(ctx context.Context, args []string, env Env) int {
	if len(args) == 0 {
		g.usage(env.Stderr)
		return 2
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		g.usage(env.Stdout)
		return 0
	}
	for _, c := range g.commands() {
		if c.name == args[0] {
			return c.start(ctx, "napalmsky "+g.name, args[1:], env)
		}
	}
	fmt.Fprintf(env.Stderr, "napalmsky %s: there is no command %q\n\n", g.name, args[0])
	g.usage(env.Stderr)
	return 2
}

func (c command) start(ctx context.Context, of string, args []string, env Env) int {
	j := &job{Env: env}
	fs := flag.NewFlagSet(of+" "+c.name, flag.ContinueOnError)
	fs.SetOutput(env.Stderr)
	fs.StringVar(&j.flags.data, "data", "", "the server's data `folder` (default NAPALMSKY_DATA, else ./data)")
	fs.StringVar(&j.flags.admin, "admin", "", "`URL` of a server elsewhere; NAPALMSKY_ADMIN_TOKEN holds its token")
	fs.BoolVar(&j.flags.json, "json", false, "the API's answer as it is")
	if c.flags != nil {
		c.flags(fs, &j.flags)
	}
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "%s %s [flags]   (%s)\n", of, strings.TrimSpace(c.name+" "+c.args), c.help)
		fs.PrintDefaults()
	}
	for rest := args; ; { // flags may stand anywhere
		if err := fs.Parse(rest); errors.Is(err, flag.ErrHelp) {
			return 0
		} else if err != nil {
			return 2
		}
		if fs.NArg() == 0 {
			break
		}
		j.args, rest = append(j.args, fs.Arg(0)), fs.Args()[1:]
	}
	if n := len(j.args); n < c.least || c.most >= 0 && n > c.most {
		fs.Usage()
		return 2
	}
	err := j.connect()
	if err == nil {
		defer j.client.Close()
		err = c.run(ctx, j)
	}
	var misuse usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &misuse):
		fmt.Fprintf(env.Stderr, "%s %s: %v\n", of, c.name, err)
		return 2
	default:
		fmt.Fprintf(env.Stderr, "%s %s: %v\n", of, c.name, err)
		return 1
	}
}

// usageError is a mistake in what was typed.
type usageError struct{ problem string }

func (u usageError) Error() string { return u.problem }

func (j *job) connect() (err error) {
	if j.flags.admin != "" {
		if j.client, err = Remote(j.flags.admin, j.Get("NAPALMSKY_ADMIN_TOKEN")); err != nil {
			return usageError{err.Error()}
		}
		return nil
	}
	data := j.flags.data
	if data == "" {
		data = j.Get("NAPALMSKY_DATA")
	}
	if data == "" {
		data = "./data"
	}
	j.client = Local(data)
	return nil
}

// show prints an answer: as JSON if asked, else as people writes it.
func (j *job) show(answer any, people func(io.Writer)) error {
	if !j.flags.json {
		people(j.Stdout)
		return nil
	}
	enc := json.NewEncoder(j.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(answer)
}
