package load

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/napalmsky/napalmsky/host/bot"
)

// Config is one run. Zero durations mean the workload page's, except where noted.
type Config struct {
	Target string        // base URL of the server
	People int           // at least 1
	Ramp   time.Duration // everybody comes within; default 30 s, from 1000 people on 60 s
	Settle time.Duration // after the ramp, before measuring; default 20 s
	Steady time.Duration // measured; default 120 s
	Seed   uint64        // of all choices
	// Until ends the measured part when it is closed, if Steady is not over by
	// then; nil: Steady alone counts.
	Until <-chan struct{}

	// ServerPID is the server's process; 0: whoever listens on the target's
	// port, if the target is this machine.
	ServerPID int
	// Disturb shakes the evening.
	Disturb Disturb
	// CutPerMinute is the share of all lines that are cut each minute, whatever
	// people are doing; they are back in about a second. 0: none, below 60.
	CutPerMinute float64
	// Label says in a word what was measured, for tables ("Go plugins").
	Label string
	// Habits replace the workload page's; nil for those.
	Habits *bot.Habits
	// Client says how to reach the server; zero suits plain HTTP.
	Client bot.Options
	// Progress gets one line a second (Live: rewritten in place, else one line
	// every ten seconds); nil for none.
	Progress io.Writer
	Live     bool
}

// ports are how many of this machine's a run takes: one for each person, and
// for a minute longer each that was cut.
func (c *Config) ports() int {
	n := float64(c.People) * (1 + c.CutPerMinute)
	if c.Disturb.Storm > 0 {
		n += float64(c.People)
	}
	return int(n)
}

func (c *Config) fill() error {
	if c.People < 1 {
		return errors.New("load: at least one person is needed")
	}
	if c.Ramp < 0 || c.Settle < 0 || c.Steady < 0 {
		return errors.New("load: durations must not be negative")
	}
	if c.CutPerMinute < 0 || c.CutPerMinute >= 60 {
		return errors.New("load: cut-per-minute must be from 0 to 60")
	}
	d := &c.Disturb
	if d.Surge < 0 || d.Surge > 100 || d.SurgeFor < 0 || d.Storm < 0 {
		return errors.New("load: a surge is at most 100 times as much, and nothing of it negative")
	}
	if d.SurgeFor == 0 && d.Surge > 1 {
		d.SurgeFor = 30 * time.Second
	}
	if c.Ramp == 0 {
		c.Ramp = 30 * time.Second
		if c.People >= 1000 {
			c.Ramp = time.Minute
		}
	}
	if c.Settle == 0 {
		c.Settle = 20 * time.Second
	}
	if c.Steady == 0 {
		c.Steady = 120 * time.Second
	}
	if need := c.Steady/3 + d.SurgeFor + d.Storm + recoverWithin; d.any() && need > c.Steady {
		return fmt.Errorf("load: steady must be longer for such a disturbance: %s of %s is left for it and %s to recover", c.Steady-c.Steady/3, c.Steady, recoverWithin)
	}
	return nil
}
