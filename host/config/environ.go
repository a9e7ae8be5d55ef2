package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// prefix begins every variable of ours.
const prefix = "NAPALMSKY_"

// environment is what os.Environ answers, by name.
type environment map[string]string

func environmentOf(environ []string) environment {
	env := environment{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

// others are variables of ours that are no settings: the file's name, and what
// only the repository's own tests read.
var others = []string{prefix + "CONFIG", prefix + "PROVE", prefix + "KILLS"}

const ofTests = prefix + "TEST_"

// announced is what Kubernetes and Docker's links put into every container beside
// a service called napalmsky or napalmsky-…; nobody meant a setting by it.
var announced = regexp.MustCompile(`^NAPALMSKY_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// check refuses a variable that looks like a setting and is none: a limit that
// was mistyped would not hold. An empty one counts as not set.
func (env environment) check(all []setting) error {
	names := slices.Clone(others)
	for _, s := range all {
		names = append(names, s.env())
		if !s.inText() && env[s.env()] != "" {
			return fmt.Errorf("%s: %s can only be set in the file", s.env(), s.path)
		}
	}
	var unknown []string
	for name, value := range env {
		switch {
		case !strings.HasPrefix(name, prefix), value == "", slices.Contains(names, name):
		case strings.HasPrefix(name, ofTests), announced.MatchString(name):
		case strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://"): // announced, too
		default:
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	first := slices.Min(unknown)
	return fmt.Errorf("%s: there is no such setting; the nearest is %s", first, nearest(first, names))
}

func nearest(name string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

// distance is Levenshtein's: how many letters to change, add or leave out.
// Wagner, Fischer, "The String-to-String Correction Problem", J. ACM 21 (1974).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0] // of the row above, one to the left
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
