package lobby

// PersonID names a person for ever. Zero is nobody.
type PersonID int64

// ConnID names one stream of a person: a browser tab that may change sockets
// (a reconnect that resumes keeps its ConnID). Zero means "every connection".
type ConnID int64

// CallID names an invite and, once it is accepted, the call that comes of it:
// one meeting has one id from the first ring to the history page.
type CallID int64

// OpID numbers a question this lobby asked the outside (Store, Ask, Load).
// Its answer comes back in an event with the same number. Never reused within
// one epoch.
type OpID uint64

// Stamp is all that a step may know of the world: wall time in Unix
// milliseconds (never running backwards) and 64 bits of randomness, from which
// a new meeting's id is made.
type Stamp struct {
	At   int64  `json:"at"`
	Seed uint64 `json:"seed"`
}

// Pair is two people, the smaller id first, so that a pair has one name.
type Pair struct {
	A PersonID `json:"a"`
	B PersonID `json:"b"`
}

// PairOf orders two people into their pair.
func PairOf(x, y PersonID) Pair {
	if x > y {
		x, y = y, x
	}
	return Pair{x, y}
}
