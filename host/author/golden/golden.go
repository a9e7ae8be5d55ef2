// Package golden reads a file of cases that people can read, plays them to a
// plugin however it is run, and compares the answers with those written down.
//
//	now 2026-09-21T20:00:00Z
//	params tag_weight=20
//	person ann  gender=0 seeking=0b10 age=30 tags=0b0110 waited=90s attr.height_cm=172
//	person bob  gender=1 seeking=0b01 age=32
//	ann sees bob => 42
//	bob sees ann => never
//
//	after call hangup talked=5m met=2 => 24h
//	after declined reported           => 8760h
//
//	plan presence to public => {"changed":true}
//	publish card to public {"id":7,"v":1,"name":"Ann","bio":"a long text"}
//	    => {"id":7,"v":1,"name":"Ann","bio":"a lo…"}
//
// One line is one statement; # begins a comment; numbers are decimal, 0b or 0x.
// now, params and person hold from their line on: params replaces all params
// (alone it restores the defaults), person replaces the person. The answer
// stands behind => on the line of its question or on the next. An empty answer
// is one that nobody has written down yet.
//
// Everything here is stdlib and this module's own: the native run is compiled
// into an author's project, which has no other dependency.
package golden

import (
	"fmt"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
)

// File is a parsed file of cases. Read only.
type File struct {
	Name  string
	Cases []Case
	lines []string
}

// Case is one question, with all that holds where it stands.
type Case struct {
	Line     int    // of the question, from 1
	Question string // as written
	Want     string // in the spelling of Answer.Text; "" where nobody has written it
	Hook     string // abi.HookMatch and so on
	Params   map[string]int64

	answerLine int // where => stands
	now        int64
	viewer     person
	other      person
	kase       lobby.Case
	kaseFields []string
	kind       string
	audience   string
	payload    []byte // nil: the plan itself is asked for
}

// person is someone with a name and the fields that were written for them.
type person struct {
	policy.Person
	line   int
	name   string
	fields []string
}

// Answer is what a plugin said to one case.
type Answer struct {
	Text string // 42, never, 24h, {"name":"Ann"}; "" where it failed
	Err  string // one sentence: why there is no answer; "" where there is one
}

// String is how an answer stands in a report.
func (a Answer) String() string {
	if a.Err != "" {
		return "no answer: " + a.Err
	}
	return "=> " + a.Text
}

// evening is now where a file does not say.
var evening = time.Date(2026, 9, 21, 20, 0, 0, 0, time.UTC)

func (f *File) fault(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: "+format, append([]any{f.Name, line}, args...)...)
}
