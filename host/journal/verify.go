package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Report is what Verify found.
type Report struct {
	Header      Header         `json:"header"`
	Steps       uint64         `json:"steps"`                 // recorded
	Verified    uint64         `json:"verified"`              // of them, replayed to the same effects
	Different   uint64         `json:"different"`             // of them, replayed to others
	Unchecked   uint64         `json:"unchecked"`             // of them, after a gap
	Lost        Gap            `json:"lost"`                  // records in all gaps
	First       *Difference    `json:"first,omitempty"`       // of the differences
	Damage      string         `json:"damage,omitempty"`      // why it could not be read to its end
	Ending      string         `json:"ending"`                // see Reader.Ending
	From        int64          `json:"from"`                  // Unix ms of the first step
	To          int64          `json:"to"`                    // and of the last
	Events      map[string]int `json:"events"`                // by kind
	Rows        int            `json:"rows"`                  // people's numbers, and changes of them
	Shown       int            `json:"shown"`                 // changes of reels
	Generations []Taken        `json:"generations,omitempty"` // whose scores were shown
}

// OK tells whether all there is was verified.
func (r Report) OK() bool { return r.Different == 0 && r.Unchecked == 0 && r.Damage == "" }

// Difference is a step that replayed to other effects than were recorded.
type Difference struct {
	Step    uint64   `json:"step"` // from 1
	At      int64    `json:"at"`   // Unix ms
	Event   string   `json:"event"`
	Want    uint64   `json:"want"` // the recorded digest
	Got     uint64   `json:"got"`
	Effects []string `json:"effects"` // what the replay gave
	Before  []string `json:"before"`  // the events before it, oldest first
}

// contextEvents is how many events a Difference tells of.
const contextEvents = 5

// Verify replays a journal. What is wrong with the evidence is in the report;
// errors are ErrFormat, ctx's and r's, and then the report is worth nothing.
func Verify(ctx context.Context, r io.Reader) (Report, error) {
	j, err := NewReader(r)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{lobby: j.Header.lobby(), report: Report{Header: j.Header, Events: map[string]int{}}}
	err = j.each(ctx, v.record)
	v.report.Ending = j.Ending()
	if errors.Is(err, ErrDamaged) {
		v.report.Damage, err = err.Error(), nil
	}
	return v.report, err
}

type verifier struct {
	lobby  *lobby.Lobby
	report Report
	before []string
}

func (v *verifier) record(r Record) error {
	rep := &v.report
	switch r := r.(type) {
	case Step:
		return v.step(r)
	case Row:
		rep.Rows++
	case Shown:
		rep.Shown++
	case Taken:
		rep.Generations = append(rep.Generations, r)
	case Gap:
		rep.Lost.Steps += r.Steps
		rep.Lost.Rows += r.Rows
		rep.Lost.Shown += r.Shown
	}
	return nil
}

func (v *verifier) step(s Step) error {
	rep := &v.report
	ev, err := s.event()
	if err != nil {
		return err
	}
	rep.Steps++
	rep.Events[s.Kind]++
	if rep.From == 0 {
		rep.From = s.At
	}
	rep.To = s.At
	if rep.Lost.Steps > 0 {
		rep.Unchecked++
		return nil
	}
	effects := v.lobby.Step(s.stamp(), ev)
	got, err := Digest(effects)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s %s %s", time.UnixMilli(s.At).UTC().Format("15:04:05.000"), s.Kind, s.Event)
	if got == s.Sum {
		rep.Verified++
	} else {
		rep.Different++
		if rep.First == nil {
			rep.First = &Difference{Step: rep.Steps, At: s.At, Event: text, Want: s.Sum, Got: got, Before: v.before}
			rep.First.Effects, err = describe(effects)
		}
	}
	if v.before = append(v.before, text); len(v.before) > contextEvents {
		v.before = append([]string(nil), v.before[1:]...)
	}
	return err
}

func describe(effects []lobby.Effect) ([]string, error) {
	var out []string
	for _, ef := range effects {
		kind, data, _, err := lobby.EncodeEffect(ef)
		if err != nil {
			return nil, err
		}
		out = append(out, kind+" "+string(data))
	}
	return out, nil
}
