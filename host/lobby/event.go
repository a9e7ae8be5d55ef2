package lobby

// Event is one thing that happened, in the order it happened. The set is
// closed: people's wishes (they carry a From), the coming and going of their
// connections, answers to what the lobby asked (they carry an OpID), and time.
//
// Everything but Body fields is journalled; a Body holds what people said
// (chat text, SDP, a report's note, socials) and never is.
type Event interface{ event() }

// From says whose wish an event is. Person and Conn were authenticated by the
// server and are never taken from the client's payload. Ref is the client's
// own number for its request (0: wants no reply); the Done or Refused that
// answers it repeats it.
type From struct {
	Person PersonID `json:"person"`
	Conn   ConnID   `json:"conn"`
	Ref    uint32   `json:"ref,omitempty"`
}

// Offer is what the reel had offered the inviter, stamped on the invite by the
// engine; nil means it was not in their reel.
type Offer struct {
	Score      int32  `json:"score"`
	Generation string `json:"generation"` // plugin digest and params revision
	SeenAt     int64  `json:"seen_at"`    // ms: when the reel last showed this person (now, if it still does)
}

// Bar is a standing reason why two people cannot meet.
type Bar struct {
	Other  PersonID `json:"other"`
	Until  int64    `json:"until"` // ms; Forever for a block
	Reason string   `json:"reason"`
	Met    int      `json:"met,omitempty"` // how often the two have been in a call
}

// Forever is the Until of a block.
const Forever = int64(1<<62 - 1)

type (
	// Connect: a stream of a person was opened, or came back after Disconnect.
	Connect struct {
		Person PersonID `json:"person"`
		Conn   ConnID   `json:"conn"`
	}
	// Disconnect: the socket under a stream is gone, without goodbye.
	Disconnect struct {
		Person PersonID `json:"person"`
		Conn   ConnID   `json:"conn"`
	}
	// Gone: the person logged out or was deleted; everything of theirs ends now.
	Gone struct {
		Person PersonID `json:"person"`
	}
	// Changed: the person's profile was stored with a new version.
	Changed struct {
		Person PersonID `json:"person"`
	}

	// Enter the lobby from this connection, and watch the reel on it. Repeated
	// from another connection it only adds the watching.
	Enter struct{ From }
	// Leave the lobby. Ends a ring and a call of the person's.
	Leave struct{ From }
	// SetBusy pauses (true) or resumes (false) being shown and invited.
	SetBusy struct {
		From
		Busy bool `json:"busy"`
	}
	// Invite asks To for a call of Seconds. If To is ringing the inviter at this
	// moment (glare), it is an Accept.
	Invite struct {
		From
		To      PersonID `json:"to"`
		Seconds int      `json:"seconds"`
		Offer   *Offer   `json:"offer,omitempty"`
	}
	// Accept an invite. Seconds 0 agrees to what was asked; otherwise the call
	// lasts the average of both wishes.
	Accept struct {
		From
		Call    CallID `json:"call"`
		Seconds int    `json:"seconds,omitempty"`
	}
	Decline struct {
		From
		Call CallID `json:"call"`
	}
	Rescind struct {
		From
		Call CallID `json:"call"`
	}
	// KeepWaiting gives the ring another full term; the caller's, at most
	// Rules.MaxWaits times.
	KeepWaiting struct {
		From
		Call CallID `json:"call"`
	}
	// Signal relays WebRTC signalling to the other's bound connection.
	// Kind is offer, answer or candidate.
	Signal struct {
		From
		Call CallID `json:"call"`
		Kind string `json:"kind"`
		Body []byte `json:"-"`
	}
	// Chat sends a line to the other; Runes is its length (<= Rules.MaxChat).
	Chat struct {
		From
		Call  CallID `json:"call"`
		Runes int    `json:"runes"`
		Body  []byte `json:"-"`
	}
	// Share gives the other the sender's stored socials (Body: filled by the
	// engine from the profile, never by the client).
	Share struct {
		From
		Call CallID `json:"call"`
		Body []byte `json:"-"`
	}
	// Take moves a call to this connection of its member, when the bound one is lost.
	Take struct {
		From
		Call CallID `json:"call"`
	}
	// End ends a call, by a member.
	End struct {
		From
		Call CallID `json:"call"`
	}
	// Block makes two people invisible to each other, silently.
	Block struct {
		From
		Other PersonID `json:"other"`
	}
	// Report stores a complaint and blocks.
	Report struct {
		From
		Other  PersonID `json:"other"`
		Reason string   `json:"reason"`
		Body   []byte   `json:"-"`
	}

	// Loaded answers Load: the bars of a person, read after every write of
	// theirs that was acknowledged.
	Loaded struct {
		Op     OpID     `json:"op"`
		Person PersonID `json:"person"`
		Bars   []Bar    `json:"bars,omitempty"`
	}
	// LoadFailed answers Load: the bars are unknown, so the person is not in.
	LoadFailed struct {
		Op     OpID     `json:"op"`
		Person PersonID `json:"person"`
	}
	// Stored answers Store: the write is durable.
	Stored struct {
		Op OpID `json:"op"`
	}
	// StoreFailed answers Store: the write is certainly not there.
	StoreFailed struct {
		Op OpID `json:"op"`
	}
	// Decided answers Ask. Failed means no policy could answer; the rule's
	// default stands. Digest names the plugin and params that decided.
	Decided struct {
		Op      OpID   `json:"op"`
		Seconds int64  `json:"seconds"`
		Digest  string `json:"digest,omitempty"`
		Failed  bool   `json:"failed,omitempty"`
	}
	// Recovered: after a restart, the calls that the store holds as unfinished.
	// Only as the first event of an epoch.
	Recovered struct {
		Calls []CallStart `json:"calls"`
	}
	// Tick: time passed. Send it no later than NextDeadline; it does whatever is due.
	Tick struct{}
)

func (Connect) event()     {}
func (Disconnect) event()  {}
func (Gone) event()        {}
func (Changed) event()     {}
func (Enter) event()       {}
func (Leave) event()       {}
func (SetBusy) event()     {}
func (Invite) event()      {}
func (Accept) event()      {}
func (Decline) event()     {}
func (Rescind) event()     {}
func (KeepWaiting) event() {}
func (Signal) event()      {}
func (Chat) event()        {}
func (Share) event()       {}
func (Take) event()        {}
func (End) event()         {}
func (Block) event()       {}
func (Report) event()      {}
func (Loaded) event()      {}
func (LoadFailed) event()  {}
func (Stored) event()      {}
func (StoreFailed) event() {}
func (Decided) event()     {}
func (Recovered) event()   {}
func (Tick) event()        {}
