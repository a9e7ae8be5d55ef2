package store

import (
	"fmt"

	"github.com/napalmsky/napalmsky/host/lobby"
)

// Reasons that decide something in a store.
const (
	// ReasonCall: the cooldown that a CallStart brings.
	ReasonCall = "call"
	// ReasonBlock: a Bar that came of a block.
	ReasonBlock = "block"
	// ReasonVoid: a CallEnd whose call its people never saw begin; it is in no
	// history and counts as no meeting.
	ReasonVoid = "void"
)

// Check says whether a write can be stored at all: ErrConflict for two people
// who are one or nobody, for a call that ends before time began, and for a
// write no backend knows. Backends call it first.
func Check(w lobby.Write) error {
	var x, y lobby.PersonID
	switch w := w.(type) {
	case lobby.CallStart:
		x, y = w.A, w.B
	case lobby.CallEnd:
		if w.EndedAt <= 0 {
			return fmt.Errorf("call end at %d: %w", w.EndedAt, ErrConflict)
		}
		return nil
	case lobby.CooldownSet:
		x, y = w.A, w.B
	case lobby.BlockSet:
		x, y = w.By, w.Of
	case lobby.ReportFiled:
		x, y = w.By, w.Of
	default:
		return fmt.Errorf("write %T: %w", w, ErrConflict)
	}
	if x == y || x <= 0 || y <= 0 {
		return fmt.Errorf("%T between %d and %d: %w", w, x, y, ErrConflict)
	}
	return nil
}
