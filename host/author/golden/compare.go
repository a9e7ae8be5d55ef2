package golden

import (
	"fmt"
	"io"
	"strings"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// Run is one way of running the plugin and what it answered, in the order of
// File.Cases.
type Run struct {
	Name    string // native, wasm
	Answers []Answer
}

// Result counts what a comparison found.
type Result struct {
	Cases    int
	Differ   int  // from what is written
	Unlike   int  // the runs differ from each other
	Failed   int  // no answer in one run at least
	Accepted bool // every case has one answer, so that Update may write it
}

// Compare writes each case that does not answer as written, in the order of the
// file, and counts them.
func (f *File) Compare(to io.Writer, runs ...Run) Result {
	r := Result{Cases: len(f.Cases)}
	for i, c := range f.Cases {
		same, alike, failed := true, true, false
		for _, run := range runs {
			a := run.Answers[i]
			same = same && a.Err == "" && a.Text == c.Want
			alike = alike && a == runs[0].Answers[i]
			failed = failed || a.Err != ""
		}
		count(&r.Differ, !same)
		count(&r.Unlike, !alike && !failed)
		count(&r.Failed, failed)
		if same {
			continue
		}
		written := Answer{Text: c.Want}.String()
		if c.Want == "" {
			written = "=> (nothing yet)"
		}
		fmt.Fprintf(to, "%s:%d: %s\n", f.Name, c.Line, c.Question)
		fmt.Fprintf(to, "    written %s\n", written)
		for _, run := range runs {
			fmt.Fprintf(to, "    %-7s %s\n", run.Name, run.Answers[i])
		}
		fmt.Fprintln(to)
	}
	r.Accepted = r.Unlike == 0 && r.Failed == 0
	return r
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

// Update is the file's text with these answers written in; everything else,
// comments among it, stays as it is. Every answer must be without Err.
func (f *File) Update(answers []Answer) []byte {
	lines := append([]string(nil), f.lines...)
	for i, c := range f.Cases {
		if answers[i].Text == c.Want {
			continue
		}
		line := lines[c.answerLine-1]
		question, written, _ := cutAnswer(line)
		comment := ""
		if at := strings.Index(written, " #"); at >= 0 && c.Hook != abi.HookTrim {
			comment = strings.TrimRight(written[len(strings.TrimRight(written[:at], " \t")):], "\r")
		}
		lines[c.answerLine-1] = question + "=> " + answers[i].Text + comment
	}
	return []byte(strings.Join(lines, "\n"))
}
