package capacity

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/napalmsky/napalmsky/host/bot/load"
)

// Run is one evening's report.
type Run = load.Report

// series says which runs belong to one line of a plot.
func series(r *Run) string {
	name := cmp.Or(r.Label, "server")
	if r.Wire != "" {
		name += ", " + r.Wire
	}
	return name
}

// Read loads all *.json of a folder: by series, then by people.
func Read(dir string) ([]*Run, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("capacity: %w", err)
	}
	var runs []*Run
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("capacity: %w", err)
		}
		r := new(Run)
		if err := json.Unmarshal(text, r); err != nil {
			return nil, fmt.Errorf("capacity: %s: %w", filepath.Base(name), err)
		}
		if r.People < 1 {
			return nil, fmt.Errorf("capacity: %s is no report of an evening", filepath.Base(name))
		}
		runs = append(runs, r)
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("capacity: no reports (*.json) in the folder")
	}
	sortRuns(runs)
	return runs, nil
}

func sortRuns(runs []*Run) {
	slices.SortFunc(runs, func(a, b *Run) int {
		return cmp.Or(cmp.Compare(series(b), series(a)), cmp.Compare(a.People, b.People))
	})
}
