package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// rows writes a table with its columns aligned.
func rows(w io.Writer, lines ...[]string) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, line := range lines {
		for i, cell := range line {
			if line[i] = printable(cell); line[i] == "" {
				line[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
	_ = t.Flush() // a closed pipe ends the command by its signal
}

func writeServing(w io.Writer, s registry.Status) {
	lines := [][]string{{"HOOK", "PLUGIN", "DIGEST", "REV", "PARAMS", "SINCE", "CALLS", "P99", "FUEL/CALL", "FAILURES"}}
	for _, g := range s.Serving {
		v, use := find(s, g)
		name := g.Name
		if g.Paused {
			name += " (paused)"
		}
		lines = append(lines, []string{string(g.Hook), name, short(g.Digest), strconv.Itoa(g.Rev), turned(g, v), moment(g.Since),
			count(use.Calls), micros(use.P99us, use.Calls), perCall(use), failures(use)})
	}
	rows(w, lines...)
}

func writeKnobs(w io.Writer, s registry.Status) {
	for _, g := range s.Serving {
		v, _ := find(s, g)
		if len(v.Params) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s (%s)\n", printable(g.Name), g.Hook)
		lines := [][]string{{"  KNOB", "VALUE", "DEFAULT", "FROM", "TO", "UNIT", "WHAT FOR"}}
		for _, p := range v.Params {
			value, is := g.Params[p.Name]
			if !is {
				value = p.Default
			}
			lines = append(lines, []string{"  " + p.Name, whole(value), whole(p.Default), whole(p.Min), whole(p.Max), p.Unit, p.Help})
		}
		rows(w, lines...)
	}
}

func writeVersions(w io.Writer, s registry.Status) {
	fmt.Fprintln(w)
	lines := [][]string{{"VERSION", "DIGEST", "STATE", "HOOKS", "SIZE", "LOADED"}}
	for _, v := range s.Versions {
		lines = append(lines, []string{v.Name + "@" + v.Version, short(v.Digest), string(v.State), hooks(v), bytesText(v.Bytes), moment(v.LoadedAt)})
	}
	rows(w, lines...)
}

func writeVersion(w io.Writer, v registry.Version) {
	if v.State == registry.Quarantined {
		fmt.Fprintf(w, "%s@%s is in quarantine: %s\n`plugin load --again` puts it in service all the same.\n\n", printable(v.Name), printable(v.Version), printable(v.Reason))
	} else {
		fmt.Fprintf(w, "%s@%s is fit to load\n\n", printable(v.Name), printable(v.Version))
	}
	facts := [][]string{{"digest", v.Digest}, {"hooks", hooks(v)}, {"size", bytesText(v.Bytes)}}
	if len(v.Attrs) > 0 {
		facts = append(facts, []string{"attributes", strings.Join(v.Attrs, ", ")})
	}
	rows(w, facts...)
	if len(v.Params) == 0 {
		return
	}
	fmt.Fprintln(w)
	lines := [][]string{{"KNOB", "DEFAULT", "FROM", "TO", "UNIT", "WHAT FOR"}}
	for _, p := range v.Params {
		lines = append(lines, []string{p.Name, whole(p.Default), whole(p.Min), whole(p.Max), p.Unit, p.Help})
	}
	rows(w, lines...)
}

func writeGeneration(w io.Writer, g registry.Generation) {
	state := "serves " + string(g.Hook)
	if g.Paused {
		state = "is paused; the rule compiled in serves " + string(g.Hook)
	}
	fmt.Fprintf(w, "%s %s %s, revision %d", printable(g.Name), short(g.Digest), state, g.Rev)
	if len(g.Params) > 0 {
		fmt.Fprintf(w, " (%s)", pairs(g.Params))
	}
	fmt.Fprintln(w)
}

// find is the version a generation runs, and what its hook has done.
func find(s registry.Status, g registry.Generation) (v registry.Version, use registry.HookFigure) {
	for _, v = range s.Versions {
		if v.Digest != g.Digest {
			continue
		}
		for _, use = range v.Use {
			if use.Hook == g.Hook {
				return v, use
			}
		}
		return v, registry.HookFigure{}
	}
	return registry.Version{}, registry.HookFigure{}
}

// turned lists the knobs that are not where the plugin's author left them.
func turned(g registry.Generation, v registry.Version) string {
	changed := maps.Clone(g.Params)
	for _, p := range v.Params {
		if n, is := changed[p.Name]; is && n == p.Default {
			delete(changed, p.Name)
		}
	}
	if len(changed) == 0 && len(v.Params) > 0 {
		return "defaults"
	}
	return pairs(changed)
}

func pairs(params map[string]int64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		list = append(list, name+"="+whole(params[name]))
	}
	return strings.Join(list, " ")
}

func hooks(v registry.Version) string {
	var list []string
	for _, h := range v.Hooks {
		list = append(list, string(h))
	}
	return strings.Join(list, " ")
}

// printable keeps what a plugin calls itself from moving the cursor or the columns.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// short tells digests apart; a rule compiled in has none.
func short(digest string) string {
	if strings.HasPrefix(digest, "native:") {
		return "compiled in"
	}
	return digest[:min(12, len(digest))]
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// count groups digits by thousands.
func count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func micros(us float64, calls uint64) string {
	switch {
	case calls == 0:
		return "-"
	case us < 1000:
		return strconv.FormatFloat(us, 'f', 0, 64) + " µs"
	default:
		return strconv.FormatFloat(us/1000, 'f', 1, 64) + " ms"
	}
}

func perCall(u registry.HookFigure) string {
	if u.Calls == 0 {
		return "-"
	}
	return count(u.Fuel / u.Calls)
}

func failures(u registry.HookFigure) string {
	if u.Trapped+u.Invalid == 0 {
		return "0"
	}
	var kinds []string
	for _, k := range []struct {
		n    uint64
		name string
	}{{u.Trapped - min(u.Exhausted, u.Trapped), "trapped"}, {u.Exhausted, "out of fuel"}, {u.Invalid, "invalid"}} {
		if k.n > 0 {
			kinds = append(kinds, count(k.n)+" "+k.name)
		}
	}
	return strings.Join(kinds, ", ")
}

func bytesText(n int) string {
	switch {
	case n >= 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
	case n >= 1<<10:
		return strconv.Itoa(n>>10) + " KiB"
	default:
		return strconv.Itoa(n) + " B"
	}
}
