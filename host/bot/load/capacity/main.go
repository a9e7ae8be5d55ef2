package capacity

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Main is the command "napalmsky load report": it reads a folder's reports and
// writes table.md and the plots beside them, and the table to stdout. The exit
// status is 0, 1 if that failed or (with --strict) a measured bar is not held,
// 2 for wrong usage.
func Main(args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("napalmsky load report", flag.ContinueOnError)
	fs.SetOutput(stderr)
	strict := fs.Bool("strict", false, "fail where a bar is measured and not held")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if fs.NArg() != 1 {
		fmt.Fprintln(stderr, "napalmsky load report: want one folder of reports")
		return 2
	}
	held, err := report(fs.Arg(0), stdout)
	if err != nil {
		fmt.Fprintf(stderr, "napalmsky load report: %v\n", err)
		return 1
	}
	if *strict && !held {
		return 1
	}
	return 0
}

// report answers whether every bar that was measured is held.
func report(dir string, stdout io.Writer) (held bool, err error) {
	runs, err := Read(dir)
	if err != nil {
		return false, err
	}
	bars := Bars(runs)
	var md bytes.Buffer
	if err := WriteTable(&md, runs); err != nil {
		return false, err
	}
	md.WriteString("\nWhere the memory is, in MB:\n\n")
	if err := WriteMemory(&md, runs); err != nil {
		return false, err
	}
	md.WriteString("\n")
	if err := WriteBars(&md, bars); err != nil {
		return false, err
	}
	files := Plots(runs)
	files["table.md"] = md.String()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return false, fmt.Errorf("capacity: %w", err)
		}
	}
	if _, err := stdout.Write(md.Bytes()); err != nil {
		return false, fmt.Errorf("capacity: %w", err)
	}
	held = true
	for _, b := range bars {
		held = held && (!b.Known || b.Held())
	}
	return held, nil
}
