package journal

import (
	"fmt"
	"time"

	"github.com/napalmsky/napalmsky/host/lobby"
	"github.com/napalmsky/napalmsky/host/reel"
)

// Format is the version of the records; a reader refuses others.
const Format = 1

// Header is a file's first record: all that a replay needs besides events.
type Header struct {
	Format  int         `json:"format"`
	Lobby   string      `json:"lobby"`
	Epoch   string      `json:"epoch"`
	Started int64       `json:"started"` // Unix ms
	Rules   lobby.Rules `json:"rules"`
	Reel    reel.Config `json:"reel"` // with its defaults filled in
	// Rest is what the lobby was when the file began; nil: new. A file that begins
	// in the middle of an evening begins with a Gap.
	Rest *lobby.Rest `json:"rest,omitempty"`
	// Redacted are the ids that stand for people who were erased.
	Redacted []lobby.PersonID `json:"redacted,omitempty"`
}

// check refuses figures with which a lobby or a reel would not come to an end
// (a wait of nothing) or to reason (a list of a billion).
func (h Header) check() error {
	if h.Format != Format {
		return fmt.Errorf("format %d; this program reads %d: %w", h.Format, Format, ErrFormat)
	}
	const (
		day    = 24 * 3600 * 1000
		decade = 10 * 366 * 24 * 3600
	)
	var rest lobby.Rest
	if h.Rest != nil {
		rest = *h.Rest
	}
	r, v := h.Rules, h.Reel
	bounds := []struct {
		name         string
		n, low, high int64
	}{
		{"rules: RingMS", r.RingMS, 1, day}, {"rules: MaxWaits", int64(r.MaxWaits), 0, 1000},
		{"rules: GraceMS", r.GraceMS, 1, day}, {"rules: StoreWaitMS", r.StoreWaitMS, 1, day},
		{"rules: AskWaitMS", r.AskWaitMS, 1, day}, {"rules: OfferMS", r.OfferMS, 1, day},
		{"rules: MinSeconds", int64(r.MinSeconds), 1, day}, {"rules: MaxSeconds", int64(r.MaxSeconds), 1, day},
		{"rules: MaxChat", int64(r.MaxChat), 1, 1 << 20}, {"rules: MaxConns", int64(r.MaxConns), 1, 1000},
		{"rules: CooldownCall", r.CooldownCall, 0, decade}, {"rules: CooldownNo", r.CooldownNo, 0, decade},
		{"rules: CooldownUnsaid", r.CooldownUnsaid, 0, decade}, {"rules: MaxCooldown", r.MaxCooldown, 0, decade},
		{"rest: Op", int64(rest.Op), 0, 1 << 60}, {"rest: Seq", int64(rest.Seq), 0, 1 << 60}, {"rest: Now", rest.Now, 0, 1 << 60},
		{"reel: K", int64(v.K), 1, 1000}, {"reel: Reserve", int64(v.Reserve), 1, 10_000},
		{"reel: ExposureFactor", int64(v.ExposureFactor), 1, 100_000}, {"reel: Few", int64(v.Few), 1, 1000},
		{"reel: MinInterval", v.MinInterval.Milliseconds(), 1, day}, {"reel: Refresh", v.Refresh.Milliseconds(), 100, day},
		{"reel: OfferFor", v.OfferFor.Milliseconds(), 1, day},
	}
	for _, b := range bounds {
		if b.n < b.low || b.n > b.high {
			return fmt.Errorf("header: %s is %d, outside %d to %d: %w", b.name, b.n, b.low, b.high, ErrFormat)
		}
	}
	return nil
}

// lobby is what the first step went over.
func (h Header) lobby() *lobby.Lobby {
	if h.Rest != nil {
		return lobby.Restart(h.Rules, *h.Rest)
	}
	return lobby.New(h.Rules)
}

// At is when the file began.
func (h Header) At() time.Time { return time.UnixMilli(h.Started) }
