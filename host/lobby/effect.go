package lobby

// Effect is something the engine must do because of a step, in this order.
type Effect interface{ effect() }

type (
	// Tell sends a notice to a person: to one connection, or (Conn 0) to each.
	// Whether it is kept until acknowledged is the notice's own property.
	Tell struct {
		To     PersonID `json:"to"`
		Conn   ConnID   `json:"conn,omitempty"`
		Notice Notice   `json:"notice"`
	}
	// Store makes a write durable. Stored or StoreFailed must come back.
	// Writes that name the same person are applied in the order of their steps.
	Store struct {
		Op    OpID  `json:"op"`
		Write Write `json:"write"`
	}
	// Ask puts a meeting's end before the cooldown policy. Decided must come back.
	Ask struct {
		Op   OpID `json:"op"`
		Case Case `json:"case"`
	}
	// Load reads a person's bars. Loaded or LoadFailed must come back.
	Load struct {
		Op     OpID     `json:"op"`
		Person PersonID `json:"person"`
	}
	// Drop closes a connection (too many of one person's; or the person is gone).
	Drop struct {
		Person PersonID `json:"person"`
		Conn   ConnID   `json:"conn"`
		Reason string   `json:"reason"` // limit, gone
	}
	// Feed tells the reel what changed. Seq is the lobby's step number.
	Feed struct {
		Seq  uint64 `json:"seq"`
		News News   `json:"news"`
	}
)

func (Tell) effect()  {}
func (Store) effect() {}
func (Ask) effect()   {}
func (Load) effect()  {}
func (Drop) effect()  {}
func (Feed) effect()  {}

// News is one change the reel must know of. The set is closed.
type News interface{ news() }

type (
	// Entered: the person may be shown; they wait since Since (ms).
	Entered struct {
		Person PersonID `json:"person"`
		Since  int64    `json:"since"`
		Bars   []Bar    `json:"bars,omitempty"`
	}
	// Left: the person is neither shown nor watching any more.
	Left struct {
		Person PersonID `json:"person"`
	}
	// Free: the person can be invited (again); they wait since Since (ms).
	Free struct {
		Person PersonID `json:"person"`
		Since  int64    `json:"since"`
	}
	// Busy: the person cannot be invited at the moment (paused, ringing, in a call, connection lost).
	Busy struct {
		Person PersonID `json:"person"`
	}
	// Recast: the person's profile changed.
	Recast struct {
		Person PersonID `json:"person"`
	}
	// Barred: the two cannot meet until Until (ms; Forever for a block). An
	// Until at or before now lifts a bar.
	Barred struct {
		Pair
		Until int64 `json:"until"`
	}
	// Watch: this connection wants the reel; it gets it whole once, then deltas.
	Watch struct {
		Person PersonID `json:"person"`
		Conn   ConnID   `json:"conn"`
	}
	// Unwatch: this connection is gone.
	Unwatch struct {
		Person PersonID `json:"person"`
		Conn   ConnID   `json:"conn"`
	}
)

func (Entered) news() {}
func (Left) news()    {}
func (Free) news()    {}
func (Busy) news()    {}
func (Recast) news()  {}
func (Barred) news()  {}
func (Watch) news()   {}
func (Unwatch) news() {}
