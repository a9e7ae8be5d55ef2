package cli

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/napalmsky/napalmsky/host/policy/registry"
)

// The audit log as a terminal shows it: a line has at most pageWidth columns,
// and says of a change only what changed; --json has all of it.
const (
	pageWidth   = 110
	leastWhat   = 40 // columns of the last cell, however long those before are
	whoWidth    = 16
	brief       = 7 // characters of a digest
	columnSpace = 2
)

func writeHistory(w io.Writer, changes []registry.Change) {
	lines, room := [][]string{{"WHEN", "WHO", "ACTION", "HOOK", "WHAT"}}, 0
	for _, c := range changes {
		cells := []string{moment(c.At), shorten(c.Who, whoWidth), c.Action, string(c.Hook)}
		width := 0
		for _, cell := range cells {
			width += max(1, utf8.RuneCountInString(cell)) + columnSpace
		}
		room = max(room, width)
		lines = append(lines, cells)
	}
	var table [][]string
	for i, cells := range lines {
		if i == 0 {
			table = append(table, cells)
			continue
		}
		for n, part := range wrap(printable(what(changes[i-1])), max(leastWhat, pageWidth-room)) {
			if n > 0 {
				cells = []string{" ", " ", " ", " "} // an empty cell would be a dash
			}
			table = append(table, append(cells, part))
		}
	}
	rows(w, table...)
}

// what happened, in the fewest words: the knobs that were turned, or who took
// over from whom; and the result where it is more than ok.
func what(c registry.Change) string {
	before, after := parseGeneration(c.Before), parseGeneration(c.After)
	var text string
	switch {
	case after.name == "" && before.name == "":
		text = digestOf(c.Digest)
	case after.name == "":
		text = before.String()
	case before.name == "":
		text = after.String()
	case before.name == after.name && before.digest == after.digest:
		text = after.String() + turnedFrom(before.knobs, after.knobs)
	default:
		text = before.String() + " → " + after.String()
	}
	if c.Result != "ok" {
		text = strings.TrimPrefix(text+": "+c.Result, ": ")
	}
	return text
}

// generation is registry.Change's Before or After taken apart, where it is one;
// other words stand as they are.
type generation struct {
	name, digest string
	knobs        []string // name=value
}

func parseGeneration(text string) (g generation) {
	words := strings.Fields(text)
	if len(words) > 0 && !strings.Contains(words[0], "@") {
		return generation{name: text}
	}
	if len(words) > 0 {
		g.name = words[0]
	}
	if len(words) > 1 {
		g.digest, g.knobs = words[1], words[2:]
	}
	return g
}

func (g generation) String() string { return strings.TrimSpace(g.name + " " + digestOf(g.digest)) }

func digestOf(digest string) string {
	if strings.HasPrefix(digest, "native:") {
		return "(compiled in)"
	}
	return digest[:min(brief, len(digest))]
}

// turnedFrom lists the knobs that differ, as ": weight 10→20".
func turnedFrom(before, after []string) string {
	was := map[string]string{}
	for _, knob := range before {
		name, value, _ := strings.Cut(knob, "=")
		was[name] = value
	}
	var turned []string
	for _, knob := range after {
		if name, value, _ := strings.Cut(knob, "="); was[name] != value {
			turned = append(turned, name+" "+was[name]+"→"+value)
		}
	}
	if len(turned) == 0 {
		return ""
	}
	return ": " + strings.Join(turned, ", ")
}

// wrap breaks text between words, and a word that is longer than a line anywhere.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			word = line + " " + word
		default:
			lines = append(lines, line)
		}
		for utf8.RuneCountInString(word) > width {
			runes := []rune(word)
			lines, word = append(lines, string(runes[:width])), string(runes[width:])
		}
		line = word
	}
	return append(lines, line)
}

func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
