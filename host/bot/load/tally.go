package load

import "fmt"

// tally counts things by kind and keeps the first few in words.
type tally struct {
	counts   map[string]int64
	examples []string
}

const maxExamples = 20

func newTally() tally { return tally{counts: map[string]int64{}} }

// add counts one; nothing is ever dropped from the count.
func (t *tally) add(kind, format string, args ...any) {
	t.counts[kind]++
	if len(t.examples) < maxExamples && t.counts[kind] <= 3 {
		t.examples = append(t.examples, kind+": "+fmt.Sprintf(format, args...))
	}
}

func (t *tally) total() int64 {
	var n int64
	for _, c := range t.counts {
		n += c
	}
	return n
}
