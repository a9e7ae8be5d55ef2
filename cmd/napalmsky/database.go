package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/config"
)

const migrateUsage = `napalmsky migrate [up|down|status] [flags of serve]

Works on the schema of the database that serve would use with the same flags and variables. A server brings it up to
date by itself when it starts; down undoes the latest migration, and with it whatever that keeps: for going back to an
earlier version of this program, after a backup, while no server uses the database.

`

func migrate(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	verb := "up"
	if len(args) > 0 && slices.Contains([]string{"up", "down", "status"}, args[0]) {
		verb, args = args[0], args[1:]
	}
	cfg, err := config.Load(args, os.Environ(), os.ReadFile)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, migrateUsage)
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky migrate:", err)
		return 2
	}
	if err := runMigrate(ctx, verb, cfg, stdout); err != nil {
		fmt.Fprintln(stderr, "napalmsky migrate:", err)
		return 1
	}
	return 0
}

func runMigrate(ctx context.Context, verb string, cfg config.Config, stdout io.Writer) (err error) {
	open := app.OpenSchema
	if verb == "status" {
		open = app.LookAtSchema
	}
	schema, done, err := open(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	act := schema.Up
	switch verb {
	case "down":
		free, inUse := app.HoldDatabase(ctx, cfg)
		if inUse != nil {
			return inUse
		}
		defer func() { err = errors.Join(err, free()) }()
		act = schema.Down
	case "status":
		act = schema.Status
	}
	steps, err := act(ctx)
	if err != nil {
		return err
	}
	for _, s := range steps {
		state := "applied"
		if !s.Applied {
			state = "not applied"
		}
		fmt.Fprintf(stdout, "%-40s %s\n", s.Name, state)
	}
	have, want, err := schema.Versions(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "the schema is at version %d of %d\n", have, want)
	return nil
}

const copyUsage = `napalmsky copy --from DATABASE --to DATABASE

Copies everything that is kept into another, empty database that no server uses, and reads it back: rows and a checksum
for each table. Stop the server first. Photos and plugins stay in the data folder. A DATABASE is sqlite:PATH (a server's
is sqlite:DATA/napalmsky.db), a postgres:// URL, or the word postgres for the URL in the variable DATABASE_URL, which keeps
its password out of the list of processes.

`

func copyDatabase(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("napalmsky copy", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprint(stderr, copyUsage); fs.PrintDefaults() }
	from := fs.String("from", "", "the `database` to copy; it is only read")
	to := fs.String("to", "", "the `database` to fill; it must be empty")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if *from == "" || *to == "" || fs.NArg() > 0 {
		fs.Usage()
		return 2
	}
	said := tally{out: stderr, next: time.Now().Add(time.Second)}
	tables, err := app.CopyDatabase(ctx, *from, *to, os.Getenv("DATABASE_URL"), said.report)
	said.end()
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky copy:", err)
		return 1
	}
	for _, t := range tables {
		fmt.Fprintf(stdout, "%-20s %10d rows  %s\n", t.Name, t.Rows, t.Sum)
	}
	fmt.Fprintln(stdout, "all of it was read back alike")
	return 0
}

// tally says how far a copy is, once a second.
type tally struct {
	out  io.Writer
	next time.Time
	said bool
}

func (s *tally) report(p app.CopyProgress) {
	if now := time.Now(); now.After(s.next) {
		s.next, s.said = now.Add(time.Second), true
		fmt.Fprintf(s.out, "\r  %-20s %3d %% ", p.Table, 100*p.Rows/max(p.Total, 1))
	}
}

func (s *tally) end() {
	if s.said {
		fmt.Fprint(s.out, "\r                             \r")
	}
}
