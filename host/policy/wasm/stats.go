package wasm

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/napalmsky/napalmsky/host/policy"
)

type counts struct{ match, cooldown, trim, signalling counter }

// counter is one hook's; safe for concurrent use.
type counter struct{ ok, trapped, outOfFuel, invalid, nanos, fuel atomic.Uint64 }

// add counts a call by its outcome.
func (c *counter) add(took time.Duration, fuel int64, err error) {
	switch {
	case err == nil:
		c.ok.Add(1)
	case errors.Is(err, policy.ErrTrap):
		c.trapped.Add(1)
		if errors.Is(err, policy.ErrFuel) {
			c.outOfFuel.Add(1)
		}
	case errors.Is(err, policy.ErrInvalid):
		c.invalid.Add(1)
	default:
		return
	}
	c.nanos.Add(uint64(max(took, 0)))
	c.fuel.Add(uint64(max(fuel, 0)))
}

func (c *counter) stats() policy.HookStats {
	return policy.HookStats{OK: c.ok.Load(), Trapped: c.trapped.Load(), OutOfFuel: c.outOfFuel.Load(), Invalid: c.invalid.Load(),
		Nanos: c.nanos.Load(), Fuel: c.fuel.Load()}
}

func (c *counts) stats() policy.Stats {
	return policy.Stats{Match: c.match.stats(), Cooldown: c.cooldown.stats(), Trim: c.trim.stats(), Signalling: c.signalling.stats()}
}
