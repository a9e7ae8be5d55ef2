package bot

import (
	"time"

	"github.com/napalmsky/napalmsky/host/wire"
)

// Witness sees everything a person does and is told, at the client's socket.
// Its methods are called from the person's goroutines: Said always before the
// frame is written, Heard in the order of arrival. They must not block for
// long, and must not call the person back.
type Witness interface {
	Said(p *Person, at time.Time, ref uint32, say wire.Client)
	Heard(p *Person, ev *Event)
	// Trouble is anything that went otherwise than promised. Kind is a short
	// stable word (closed_4001, bad_frame, seq_gap, reel_mismatch …).
	Trouble(p *Person, kind string, err error)
	// Dropped: the person cut the connection on purpose.
	Dropped(p *Person, at time.Time)
}

type nobody struct{}

func (nobody) Said(*Person, time.Time, uint32, wire.Client) {}
func (nobody) Heard(*Person, *Event)                        {}
func (nobody) Trouble(*Person, string, error)               {}
func (nobody) Dropped(*Person, time.Time)                   {}
