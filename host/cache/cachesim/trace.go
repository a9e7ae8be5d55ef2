// Package cachesim replays a trace of look-ups against caches of several sizes
// and kinds, beside the best that any cache of that size could have done.
package cachesim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Lookup is one question to a cache.
type Lookup struct {
	Kind string // which cache: "users", "sessions"
	Key  uint64 // within the kind; numbers without a meaning outside the trace
}

// ErrFormat: this is no trace. The wrapping error names the line.
var ErrFormat = errors.New("not a trace")

const (
	maxLookups = 50_000_000
	maxKinds   = 16
	maxKind    = 32 // characters
)

// ReadTrace reads lines "kind key"; blank ones and those that begin with # do
// not count.
func ReadTrace(r io.Reader) ([]Lookup, error) {
	var trace []Lookup
	kinds := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		kind, number, _ := strings.Cut(line, " ")
		key, err := strconv.ParseUint(number, 10, 64)
		if err != nil || kind == "" || len(kind) > maxKind {
			return nil, fmt.Errorf("line %d: want a kind and a number: %w", n, ErrFormat)
		}
		if _, known := kinds[kind]; !known {
			kinds[kind] = strings.Clone(kind)
		}
		if len(kinds) > maxKinds || len(trace) >= maxLookups {
			return nil, fmt.Errorf("line %d: more than %d kinds or %d look-ups: %w", n, maxKinds, maxLookups, ErrFormat)
		}
		trace = append(trace, Lookup{kinds[kind], key})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cachesim: read: %w", err)
	}
	return trace, nil
}

// WriteTrace writes what ReadTrace reads.
func WriteTrace(w io.Writer, trace []Lookup) error {
	out := bufio.NewWriter(w)
	for _, l := range trace {
		fmt.Fprintln(out, l.Kind, l.Key) // an error stays with out
	}
	return out.Flush()
}

// Keys are one kind's, in order.
func Keys(trace []Lookup, kind string) (keys []uint64) {
	for _, l := range trace {
		if l.Kind == kind {
			keys = append(keys, l.Key)
		}
	}
	return keys
}
