package policy

import (
	"errors"
	"fmt"

	"github.com/napalmsky/napalmsky/sdk/abi"
)

// ErrClosed: the plugin or its Match was closed before.
var ErrClosed = errors.New("plugin is closed")

// CheckRange says whether a Match may be asked about person one and count rows
// from first on. Rows never set are allowed: they are all zeros.
func CheckRange(one, first, count int) error {
	if count > MaxRowsPerCall {
		return fmt.Errorf("score: %d rows asked for, at most %d are allowed", count, MaxRowsPerCall)
	}
	if one < 0 || first < 0 || one >= abi.MaxCapacity || first > abi.MaxCapacity-count {
		return fmt.Errorf("score: row %d, or %d and %d after it, is outside the table", one, first, count)
	}
	return nil
}

// RoomFor is how long to make a table that must hold n rows: it grows by
// doubling, so that growing stays rare. A row outside Match's limits panics: it
// is the caller's mistake, never a plugin's or a person's.
func RoomFor(n int) int {
	if n < 1 || n > abi.MaxCapacity {
		panic(fmt.Sprintf("policy: row %d is outside the table", n-1))
	}
	room := 256
	for room < n {
		room *= 2
	}
	return room
}

// ExceptSelf answers Ineligible for person one where it is among the rows.
func ExceptSelf(one, first int, out []int32) {
	if i := one - first; i >= 0 && i < len(out) {
		out[i] = Ineligible
	}
}
