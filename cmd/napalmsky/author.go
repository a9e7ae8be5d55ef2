package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/napalmsky/napalmsky/host/author"
	"github.com/napalmsky/napalmsky/host/config"
)

const authorUsage = `For authors of plugins, on their own machine (sdk/README.md is the guide):

  napalmsky plugin new NAME --hook match|cooldown|trim [--dir DIR] [--sdk DIR]
                                           begin a plugin that builds and passes as it is
  napalmsky plugin build [DIR] [-o FILE]   compile it to wasm
  napalmsky plugin test [DIR] [-update] [-golden FILE] [-wasm FILE]
                                           play its golden cases natively and as wasm;
                                           -wasm plays them to a module of any language
  napalmsky plugin check FILE [--config FILE]
                                           all that a server does before it loads a plugin;
                                           --config is the server's, for product.attrs
`

// authorCommand is `napalmsky plugin NAME` where that is an author's command;
// handled is false for any other. The code is 0 where all is well, 1 where the
// plugin is not, 2 for wrong usage.
func authorCommand(ctx context.Context, name string, args []string, stdout, stderr io.Writer) (code int, handled bool) {
	a := authoring{stdout: stdout, flags: flag.NewFlagSet("napalmsky plugin "+name, flag.ContinueOnError)}
	a.flags.SetOutput(stderr)
	a.flags.Usage = func() { fmt.Fprint(stderr, authorUsage) }
	commands := map[string]func(context.Context, []string) error{"new": a.create, "build": a.build, "test": a.test, "check": a.check}
	run, handled := commands[name]
	if !handled {
		return 0, false
	}
	switch err := run(ctx, args); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0, true
	case errors.Is(err, errUsage):
		return 2, true
	default:
		fmt.Fprintf(stderr, "napalmsky plugin %s: %v\n", name, err)
		return 1, true
	}
}

// errUsage: the flag set has said already what is wrong.
var errUsage = errors.New("wrong usage")

type authoring struct {
	flags  *flag.FlagSet
	stdout io.Writer
}

// parse takes flags before and after the arguments and demands from least to most of these.
func (a *authoring) parse(args []string, least, most int) (rest []string, err error) {
	for {
		if err := a.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, errUsage
		}
		if a.flags.NArg() == 0 {
			break
		}
		rest, args = append(rest, a.flags.Arg(0)), a.flags.Args()[1:]
	}
	if len(rest) < least || len(rest) > most {
		a.flags.Usage()
		return nil, errUsage
	}
	return rest, nil
}

func (a *authoring) create(_ context.Context, args []string) error {
	hook := a.flags.String("hook", "match", "")
	dir := a.flags.String("dir", "", "")
	sdk := a.flags.String("sdk", "", "")
	rest, err := a.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p := author.Project{Name: rest[0], Hook: *hook, Dir: *dir, SDK: *sdk}
	if p.Dir == "" {
		p.Dir = p.Name
	}
	if p.SDK == "" {
		p.SDK = author.FindSDK(append([]string{p.Dir}, besideBinary()...)...)
	}
	files, err := author.New(p)
	if err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintln(a.stdout, "  wrote", f)
	}
	if p.SDK == "" {
		fmt.Fprintf(a.stdout, "\nNo checkout of the SDK was found, and it is not published yet. Before you build, say where it lies:\n"+
			"  cd %s && go mod edit -replace github.com/napalmsky/napalmsky=/path/to/napalmsky\n", p.Dir)
	}
	fmt.Fprintf(a.stdout, "\nNext: cd %s && napalmsky plugin test && napalmsky plugin build\n", p.Dir)
	return nil
}

// besideBinary is where a binary lies that was built in a checkout.
func besideBinary() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{filepath.Dir(exe)}
}

func (a *authoring) build(ctx context.Context, args []string) error {
	to := a.flags.String("o", "", "")
	dir, err := a.dir(args)
	if err != nil {
		return err
	}
	b, err := author.Build(ctx, dir, *to)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s  %s  sha256 %s\n", shorter(b.File), author.Size(b.Bytes), b.Digest)
	return nil
}

// dir is the one argument, or the working directory.
func (a *authoring) dir(args []string) (string, error) {
	rest, err := a.parse(args, 0, 1)
	if err != nil || len(rest) == 0 {
		return ".", err
	}
	return rest[0], nil
}

// shorter is the path as seen from here, where it lies below.
func shorter(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

func (a *authoring) test(ctx context.Context, args []string) error {
	t := author.Testing{}
	a.flags.BoolVar(&t.Update, "update", false, "")
	a.flags.StringVar(&t.Golden, "golden", "", "")
	a.flags.StringVar(&t.Wasm, "wasm", "", "")
	var err error
	if t.Dir, err = a.dir(args); err != nil {
		return err
	}
	return author.Test(ctx, t, a.stdout)
}

// attrsIn are the product's attributes that a server's configuration names.
func attrsIn(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	product, err := config.ReadProduct(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return product.AttrNames(), nil
}

func (a *authoring) check(ctx context.Context, args []string) error {
	file := a.flags.String("config", "", "")
	rest, err := a.parse(args, 1, 1)
	if err != nil {
		return err
	}
	module, err := os.ReadFile(rest[0])
	if err != nil {
		return err
	}
	checking := author.Checking{Compiler: compiler()}
	if *file != "" {
		if checking.Attrs, err = attrsIn(*file); err != nil {
			return err
		}
	}
	facts, err := author.Check(ctx, module, checking)
	if err != nil {
		return fmt.Errorf("%s would not be loaded: %s", rest[0], author.Why(err))
	}
	fmt.Fprintf(a.stdout, "%s would be loaded.\n\n", rest[0])
	return facts.Write(a.stdout)
}
