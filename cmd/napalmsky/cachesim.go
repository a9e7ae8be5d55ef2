package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/napalmsky/napalmsky/host/cache/cachesim"
	"github.com/napalmsky/napalmsky/host/journal"
)

const cachesimUsage = `napalmsky cachesim [flags] FILE

How caches of several sizes would have done on an evening's look-ups, beside the best any cache of that size can do
(Belady's optimum). FILE is a recorded evening (DATA/journal/*.journal) or a trace: lines "kind key".

`

// runCachesim prints a table; exit 1 where a rate is below --at-least.
func runCachesim(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("napalmsky cachesim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { fmt.Fprint(stderr, cachesimUsage); fs.PrintDefaults() }
	people := fs.Int("people", 0, "of a recorded evening, only the first `N` people; 0: all")
	sizes := sizesFlag{{"users", 200}, {"sessions", 300}}
	fs.Var(&sizes, "sizes", "kind=entries for each cache, comma separated")
	least := fs.Float64("at-least", 0, "exit 1 if ristretto's rate of hits is below this (0 to 1) in any of them")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if fs.NArg() != 1 || *people < 0 {
		fs.Usage()
		return 2
	}
	trace, err := openTrace(ctx, fs.Arg(0), *people)
	if err == nil {
		var good bool
		if good, err = compareCaches(stdout, trace, sizes, *least); err == nil && good {
			return 0
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "napalmsky cachesim:", err)
	}
	return 1
}

type size struct {
	kind    string
	entries int
}

type sizesFlag []size

func (s *sizesFlag) String() string {
	var parts []string
	for _, x := range *s {
		parts = append(parts, fmt.Sprintf("%s=%d", x.kind, x.entries))
	}
	return strings.Join(parts, ",")
}

func (s *sizesFlag) Set(text string) error {
	*s = nil
	for part := range strings.SplitSeq(text, ",") {
		kind, number, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 10_000_000 || kind == "" {
			return fmt.Errorf("%q is not kind=entries", part)
		}
		*s = append(*s, size{kind, n})
	}
	return nil
}

// openTrace reads a trace, or makes one of a recorded evening.
func openTrace(ctx context.Context, file string, people int) ([]cachesim.Lookup, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	trace, err := journal.Lookups(ctx, bytes.NewReader(data), people)
	if errors.Is(err, journal.ErrFormat) {
		return cachesim.ReadTrace(bytes.NewReader(data))
	}
	if err != nil {
		return nil, err
	}
	lookups := make([]cachesim.Lookup, len(trace))
	for i, l := range trace {
		lookups[i] = cachesim.Lookup{Kind: l.Kind, Key: uint64(l.Person)}
	}
	return lookups, nil
}

func compareCaches(w io.Writer, trace []cachesim.Lookup, sizes []size, least float64) (good bool, err error) {
	good = true
	fmt.Fprintln(w, "| cache | entries | look-ups | keys | ristretto | LRU | optimum | dropped sets | evictions |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	for _, s := range sizes {
		keys := cachesim.Keys(trace, s.kind)
		if len(keys) == 0 {
			return false, fmt.Errorf("the trace has no look-ups of kind %q", s.kind)
		}
		r, err := cachesim.Ristretto(keys, s.entries)
		if err != nil {
			return false, err
		}
		distinct := map[uint64]bool{}
		for _, k := range keys {
			distinct[k] = true
		}
		fmt.Fprintf(w, "| %s | %d | %d | %d | %.1f %% | %.1f %% | %.1f %% | %d | %d |\n", s.kind, s.entries, len(keys), len(distinct),
			100*r.Rate(), 100*cachesim.LRU(keys, s.entries).Rate(), 100*cachesim.Optimum(keys, s.entries).Rate(), r.Dropped, r.Evicted)
		good = good && r.Rate() >= least
	}
	return good, nil
}
