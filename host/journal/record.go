package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/policy"
	"github.com/napalmsky/napalmsky/host/reel"
)

var (
	// ErrFormat: this is no journal, or one of another format.
	ErrFormat = errors.New("not a journal of this format")
	// ErrDamaged: what was written is not what is read.
	ErrDamaged = errors.New("damaged")
)

// Record is one thing a journal holds. The set is closed: Header, Step, Row,
// Taken, Shown, Gap, End.
type Record interface{ letter() byte }

type (
	// Step is one step of the lobby.
	Step struct {
		At    int64           `json:"at"`
		Seed  uint64          `json:"seed"`
		Kind  string          `json:"ev"`
		Event json.RawMessage `json:"data"`
		// Sum is Digest of the step's effects.
		Sum uint64 `json:"sum"`
	}
	// Row is what is ranked of a person, from now on. It precedes the step that
	// brings them in or changes them.
	Row struct {
		Person lobby.PersonID `json:"p"`
		Numbers
	}
	// Taken is a generation whose scores are shown from now on. Generations are
	// counted from 0 in the order they were taken.
	Taken struct {
		Name   string `json:"name"`
		Digest string `json:"digest"`
		Params int    `json:"params"`
	}
	// Shown is a change of what one viewer's reel shows. One that changes only
	// who is busy is not recorded: that follows from the steps.
	Shown struct {
		At     int64            `json:"at"`
		Viewer lobby.PersonID   `json:"v"`
		Gen    int              `json:"gen"`
		Full   bool             `json:"full,omitempty"` // Put is the whole list
		Put    []Place          `json:"put,omitempty"`
		Gone   []lobby.PersonID `json:"gone,omitempty"`
		Scores []Place          `json:"scores,omitempty"`
	}
	// Gap stands where records were lost because the queue was full, and at the
	// beginning of a file that goes on in the middle of another's evening: the steps
	// that are in the files before it.
	Gap struct {
		Steps int `json:"steps,omitempty"`
		Rows  int `json:"rows,omitempty"`
		Shown int `json:"shown,omitempty"`
	}
	// End: the epoch ended in good order.
	End struct {
		At int64 `json:"at"`
	}
)

// Numbers are policy.Person without Since, which is the lobby's to say.
type Numbers struct {
	Gender  uint8            `json:"g"`
	Seeking uint8            `json:"s"`
	Age     uint8            `json:"a"`
	AgeMin  uint8            `json:"min"`
	AgeMax  uint8            `json:"max"`
	Tags    uint64           `json:"t,omitempty"`
	Langs   uint64           `json:"l,omitempty"`
	Attrs   map[string]int64 `json:"x,omitempty"`
}

func numbersOf(p policy.Person) Numbers {
	return Numbers{p.Gender, p.Seeking, p.Age, p.AgeMin, p.AgeMax, p.Tags, p.Langs, p.Attrs}
}

func (n Numbers) person() policy.Person {
	return policy.Person{Gender: n.Gender, Seeking: n.Seeking, Age: n.Age, AgeMin: n.AgeMin, AgeMax: n.AgeMax,
		Tags: n.Tags, Langs: n.Langs, Attrs: n.Attrs}
}

// Place is a face in a reel; it is written as [person, score].
type Place struct {
	Person lobby.PersonID
	Score  int32
}

// MarshalJSON writes [person, score].
func (p Place) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "[%d,%d]", p.Person, p.Score), nil
}

// UnmarshalJSON reads [person, score].
func (p *Place) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 2 {
		return fmt.Errorf("a place has a person and a score, not %d values", len(parts))
	}
	return errors.Join(json.Unmarshal(parts[0], &p.Person), json.Unmarshal(parts[1], &p.Score))
}

func places(entries []reel.Entry) []Place {
	var out []Place
	for _, e := range entries {
		out = append(out, Place{e.Person, e.Score})
	}
	return out
}

func (Header) letter() byte { return 'h' }
func (Step) letter() byte   { return 's' }
func (Row) letter() byte    { return 'r' }
func (Taken) letter() byte  { return 'g' }
func (Shown) letter() byte  { return 'v' }
func (Gap) letter() byte    { return '!' }
func (End) letter() byte    { return '.' }

func appendRecord(dst []byte, r Record) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return dst, fmt.Errorf("journal: encode %T: %w", r, err)
	}
	dst = append(append(dst, r.letter(), ' '), b...)
	return append(dst, '\n'), nil
}

// decodeRecord reads one line, without its end.
func decodeRecord(line []byte) (Record, error) {
	if len(line) < 2 || line[1] != ' ' {
		return nil, fmt.Errorf("no record: %w", ErrDamaged)
	}
	switch line[0] {
	case 'h':
		return strict[Header](line[2:])
	case 's':
		return strict[Step](line[2:])
	case 'r':
		return strict[Row](line[2:])
	case 'g':
		return strict[Taken](line[2:])
	case 'v':
		return strict[Shown](line[2:])
	case '!':
		return strict[Gap](line[2:])
	case '.':
		return strict[End](line[2:])
	}
	return nil, fmt.Errorf("unknown kind %q: %w", line[0], ErrDamaged)
}

func strict[R Record](data []byte) (Record, error) {
	var r R
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more than one value in a line", ErrDamaged)
	}
	return r, nil
}

// Digest is the 64-bit FNV-1a hash of what a step had done, bodies aside.
func Digest(effects []lobby.Effect) (uint64, error) {
	h := fnv.New64a()
	for _, ef := range effects {
		kind, data, _, err := lobby.EncodeEffect(ef)
		if err != nil {
			return 0, fmt.Errorf("journal: digest: %w", err)
		}
		h.Write([]byte(kind)) // a hash.Hash never fails
		h.Write([]byte{' '})
		h.Write(data)
		h.Write([]byte{'\n'})
	}
	return h.Sum64(), nil
}

// stepOf records a step.
func stepOf(at lobby.Stamp, ev lobby.Event, effects []lobby.Effect) (Step, error) {
	kind, data, _, err := lobby.Encode(ev)
	if err != nil {
		return Step{}, fmt.Errorf("journal: %w", err)
	}
	sum, err := Digest(effects)
	return Step{At: at.At, Seed: at.Seed, Kind: kind, Event: data, Sum: sum}, err
}

// event is what Step went over, with no body.
func (s Step) event() (lobby.Event, error) {
	ev, err := lobby.Decode(s.Kind, s.Event, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return ev, nil
}

func (s Step) stamp() lobby.Stamp { return lobby.Stamp{At: s.At, Seed: s.Seed} }
