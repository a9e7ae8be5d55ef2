package lobby

// Notice is what a person is told. The set is closed; wire gives each a name.
type Notice interface {
	// Reliable notices are numbered and kept until the client acknowledges them.
	Reliable() bool
}

// Activity is what a person is doing, as they are told themselves.
type Activity string

const (
	Outside  Activity = "outside"  // connected, not in the lobby
	Entering Activity = "entering" // waiting for their bars
	Browsing Activity = "free"
	Paused   Activity = "busy"
	Inviting Activity = "inviting"
	Invited  Activity = "invited"
	Settling Activity = "settling" // a ring was answered; its outcome is being stored
	InCall   Activity = "in_call"
)

type (
	// Done answers a request that succeeded (and, where it promises durability, is stored).
	Done struct {
		Ref uint32 `json:"ref"`
	}
	// Refused answers a request that changed nothing.
	Refused struct {
		Ref   uint32 `json:"ref,omitempty"`
		Code  Code   `json:"code"`
		Field string `json:"field,omitempty"`
		// Until (ms) says when the refusal ends, where that is known (a cooldown).
		Until int64 `json:"until,omitempty"`
	}
	// Self says what the person is doing now. Here is true when this very
	// connection carries it (a call binds one).
	Self struct {
		Activity Activity `json:"activity"`
		Call     CallID   `json:"call,omitempty"`
		Here     bool     `json:"here,omitempty"`
	}
	// Ringing: your invite rings at Other until Until. Waits left says how often it can be prolonged.
	Ringing struct {
		Call    CallID   `json:"call"`
		Other   PersonID `json:"other"`
		Seconds int      `json:"seconds"`
		Until   int64    `json:"until"`
		Waits   int      `json:"waits"`
	}
	// Incoming: Other invites you; answer until Until. Sent again when it is prolonged.
	Incoming struct {
		Call    CallID   `json:"call"`
		Other   PersonID `json:"other"`
		Seconds int      `json:"seconds"`
		Until   int64    `json:"until"`
	}
	// RingEnded: an invite came to nothing. Reason: declined, rescinded, expired,
	// unavailable (the other left), failed (it could not be stored).
	RingEnded struct {
		Call   CallID   `json:"call"`
		Other  PersonID `json:"other"`
		Reason string   `json:"reason"`
	}
	// CallStarted: the call runs on this connection. Resumed when it ran already.
	CallStarted struct {
		Call      CallID   `json:"call"`
		Other     PersonID `json:"other"`
		Seconds   int      `json:"seconds"`
		StartedAt int64    `json:"started_at"`
		Deadline  int64    `json:"deadline"`
		Polite    bool     `json:"polite"` // for perfect negotiation: the callee is polite
		Resumed   bool     `json:"resumed,omitempty"`
	}
	// CallPeer: the other's connection is lost (until Until, then the call ends) or back.
	CallPeer struct {
		Call  CallID `json:"call"`
		Lost  bool   `json:"lost"`
		Until int64  `json:"until,omitempty"`
	}
	SignalFrom struct {
		Call CallID `json:"call"`
		Kind string `json:"kind"`
		Body []byte `json:"-"`
	}
	ChatFrom struct {
		Call CallID `json:"call"`
		At   int64  `json:"at"`
		Body []byte `json:"-"`
	}
	SharedBy struct {
		Call CallID `json:"call"`
		Body []byte `json:"-"`
	}
	// CallEnded: Reason hangup, clock, lost, left, failed. Mine: you ended it.
	CallEnded struct {
		Call   CallID   `json:"call"`
		Other  PersonID `json:"other"`
		Reason string   `json:"reason"`
		Talked int64    `json:"talked"` // seconds
		Mine   bool     `json:"mine,omitempty"`
	}
	// Cooldown: you and Other cannot meet until Until; it is stored.
	Cooldown struct {
		Other  PersonID `json:"other"`
		Until  int64    `json:"until"`
		Reason string   `json:"reason"` // call, declined, rescinded
	}
)

func (Done) Reliable() bool        { return true }
func (Refused) Reliable() bool     { return true }
func (Self) Reliable() bool        { return true }
func (Ringing) Reliable() bool     { return true }
func (Incoming) Reliable() bool    { return true }
func (RingEnded) Reliable() bool   { return true }
func (CallStarted) Reliable() bool { return true }
func (CallPeer) Reliable() bool    { return true }
func (SignalFrom) Reliable() bool  { return true }
func (ChatFrom) Reliable() bool    { return true }
func (SharedBy) Reliable() bool    { return true }
func (CallEnded) Reliable() bool   { return true }
func (Cooldown) Reliable() bool    { return true }
