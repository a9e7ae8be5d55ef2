package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/napalmsky/napalmsky/host/app"
	"github.com/napalmsky/napalmsky/host/journal"
)

const replayUsage = `napalmsky replay [flags] FILE|FOLDER…

Replays recorded evenings (DATA/journal/*.journal). Without flags it verifies that the same events still have the
same effects: exit 0, or 1 where something differs. With --what-if it ranks the recorded evening with another match
plugin instead, and compares who would have been shown to whom.

`

// replay is the command's flags.
type replay struct {
	plugin string
	params map[string]int64
	json   string
	every  time.Duration
	limit  time.Duration

	stdout, stderr io.Writer
	out            []any // for the JSON file
}

func runReplay(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	r := &replay{params: map[string]int64{}, stdout: stdout, stderr: stderr}
	fs := flag.NewFlagSet("napalmsky replay", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprint(stderr, replayUsage); fs.PrintDefaults() }
	fs.StringVar(&r.plugin, "what-if", "", "a match `plugin` (.wasm, or 'native' for the reference rule) to compare")
	fs.Func("param", "a `name=value` of the plugin's params; may be repeated", r.param)
	fs.DurationVar(&r.every, "every", 5*time.Second, "how much of the evening lies between two looks at the reels")
	fs.DurationVar(&r.limit, "limit", 10*time.Minute, "how long it may take, the plugin's loading included")
	fs.StringVar(&r.json, "json", "", "also write the results to this `file`, as a list")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if fs.NArg() == 0 || r.every < time.Millisecond || r.limit <= 0 || r.plugin == "" && len(r.params) > 0 {
		fs.Usage()
		return 2
	}
	limited, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	good, err := r.run(limited, fs.Args())
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("not done within %s; --limit allows more", r.limit)
	}
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky replay:", err)
	}
	if err != nil || !good {
		return 1
	}
	return 0
}

func (r *replay) param(text string) error {
	name, value, ok := strings.Cut(text, "=")
	n, err := strconv.ParseInt(value, 10, 64)
	if !ok || err != nil {
		return errors.New("must be name=number")
	}
	r.params[name] = n
	return nil
}

func (r *replay) run(ctx context.Context, paths []string) (good bool, err error) {
	files, err := journals(paths)
	if err != nil {
		return false, err
	}
	each := r.verify
	if r.plugin != "" {
		rank, closePlugin, err := app.OpenRanker(ctx, r.plugin, r.params, compiler())
		if err != nil {
			return false, err
		}
		defer func() { err = errors.Join(err, closePlugin(context.WithoutCancel(ctx))) }()
		each = func(ctx context.Context, f io.Reader) (bool, error) { return r.whatIf(ctx, f, rank) }
	}
	good = true
	for _, path := range files {
		fmt.Fprintln(r.stdout, path)
		ok, err := r.one(ctx, path, each)
		if err != nil {
			return false, fmt.Errorf("%s: %w", path, err)
		}
		good = good && ok
	}
	if r.json != "" {
		text, err := json.MarshalIndent(r.out, "", "  ")
		if err != nil {
			return false, err
		}
		return good, os.WriteFile(r.json, append(text, '\n'), 0o644)
	}
	return good, nil
}

// journals lists the files that the arguments name.
func journals(paths []string) (files []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		inside, err := journal.Files(path)
		if err != nil {
			return nil, err
		}
		if len(inside) == 0 {
			return nil, fmt.Errorf("%s: no *%s in it", path, journal.Suffix)
		}
		files = append(files, inside...)
	}
	return files, nil
}

func (r *replay) one(ctx context.Context, path string, each func(context.Context, io.Reader) (bool, error)) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	p := &progress{Reader: f, total: info.Size(), out: r.stderr, next: time.Now().Add(time.Second)}
	defer p.end()
	return each(ctx, p)
}

func (r *replay) verify(ctx context.Context, f io.Reader) (bool, error) {
	report, err := journal.Verify(ctx, f)
	if err != nil {
		return false, err
	}
	r.out = append(r.out, report)
	return report.OK(), report.Write(r.stdout)
}

func (r *replay) whatIf(ctx context.Context, f io.Reader, rank journal.Ranker) (bool, error) {
	c, err := journal.WhatIf(ctx, f, rank, r.every)
	if err != nil {
		return false, err
	}
	r.out = append(r.out, c)
	return true, c.Write(r.stdout)
}

// progress says how far a file is read, once a second.
type progress struct {
	io.Reader
	read, total int64
	out         io.Writer
	next        time.Time
	said        bool
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	if now := time.Now(); now.After(p.next) {
		p.next, p.said = now.Add(time.Second), true
		fmt.Fprintf(p.out, "\r  %3d %%", 100*p.read/max(p.total, 1))
	}
	return n, err
}

func (p *progress) end() {
	if p.said {
		fmt.Fprint(p.out, "\r        \r")
	}
}
