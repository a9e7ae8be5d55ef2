package load

import (
	"errors"
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
	// Habits replace the workload page's; nil for those.
	Habits *bot.Habits
	// Client says how to reach the server; zero suits plain HTTP.
	Client bot.Options
	// Progress gets one line a second (Live: rewritten in place, else one line
	// every ten seconds); nil for none.
	Progress io.Writer
	Live     bool
}

func (c *Config) fill() error {
	if c.People < 1 {
		return errors.New("load: at least one person is needed")
	}
	if c.Ramp < 0 || c.Settle < 0 || c.Steady < 0 {
		return errors.New("load: durations must not be negative")
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
	return nil
}
