package lobby

// Write is something the store must keep. The set is closed.
type Write interface {
	write()
	// People names who the write is about; writes of one person keep their order.
	People() []PersonID
}

type (
	// CallStart is the one row of a call, written at accept with its deadline and
	// a provisional cooldown, so that a crash can neither lose the call nor let
	// the pair meet twice. A called B. Applying it also bars the pair until
	// CooldownUntil (reason "call") and counts one more meeting.
	CallStart struct {
		Call          CallID   `json:"call"`
		A             PersonID `json:"a"` // the caller
		B             PersonID `json:"b"` // the callee
		Seconds       int      `json:"seconds"`
		StartedAt     int64    `json:"started_at"`
		Deadline      int64    `json:"deadline"`
		CooldownUntil int64    `json:"cooldown_until"`
	}
	// CallEnd completes that row. Repeating it changes nothing: the first end stands.
	CallEnd struct {
		Call    CallID   `json:"call"`
		A       PersonID `json:"a"`
		B       PersonID `json:"b"`
		EndedAt int64    `json:"ended_at"`
		Reason  string   `json:"reason"` // hangup, clock, lost, left, blocked, void
		By      PersonID `json:"by,omitempty"`
	}
	// CooldownSet bars a pair until Until. It replaces a bar that came of the
	// same Call (the provisional one); against any other bar the later Until wins.
	// Seconds 0 (Until == SetAt) lifts the provisional bar.
	CooldownSet struct {
		Pair
		Call   CallID `json:"call"`
		SetAt  int64  `json:"set_at"`
		Until  int64  `json:"until"`
		Reason string `json:"reason"` // call, declined, rescinded
		Digest string `json:"digest,omitempty"`
	}
	// BlockSet makes By and Of invisible to each other for ever.
	BlockSet struct {
		By PersonID `json:"by"`
		Of PersonID `json:"of"`
		At int64    `json:"at"`
	}
	// ReportFiled keeps a complaint, and blocks (as BlockSet).
	ReportFiled struct {
		By     PersonID `json:"by"`
		Of     PersonID `json:"of"`
		At     int64    `json:"at"`
		Call   CallID   `json:"call,omitempty"`
		Reason string   `json:"reason"`
		Body   []byte   `json:"-"`
	}
)

func (CallStart) write()   {}
func (CallEnd) write()     {}
func (CooldownSet) write() {}
func (BlockSet) write()    {}
func (ReportFiled) write() {}

func (w CallStart) People() []PersonID   { return []PersonID{w.A, w.B} }
func (w CallEnd) People() []PersonID     { return []PersonID{w.A, w.B} }
func (w CooldownSet) People() []PersonID { return []PersonID{w.A, w.B} }
func (w BlockSet) People() []PersonID    { return []PersonID{w.By, w.Of} }
func (w ReportFiled) People() []PersonID { return []PersonID{w.By, w.Of} }

// Case is what the cooldown policy is asked about: how a meeting ended.
type Case struct {
	What     string `json:"what"`     // call, declined, rescinded
	How      string `json:"how"`      // for a call: hangup, clock, lost, left, blocked; else ""
	Asked    int64  `json:"asked"`    // seconds the call was agreed or asked for
	Talked   int64  `json:"talked"`   // seconds it lasted
	Met      int64  `json:"met"`      // how often the two met in a call, this one included
	Reported bool   `json:"reported"` // one reported the other in it
	EndedBy  int64  `json:"ended_by"` // 0 nobody, 1 the caller, 2 the callee
}
