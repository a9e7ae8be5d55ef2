package config

import "time"

// Cache says how much of the database is kept in memory.
type Cache struct {
	Bytes Size          `yaml:"bytes" unit:"size" zero:"every look-up asks the database" help:"People, sessions, bars and cards in memory, at most. A thousand people who are or were just here take about 4 MB."`
	Keep  time.Duration `yaml:"keep" unit:"duration" zero:"refused unless bytes is 0" help:"How long an entry is believed. This server's own writes are seen at once; only what somebody else writes into its database is seen this late."`
}

func (c Cache) validate(k *check) {
	if c.Bytes == 0 {
		return
	}
	between(k, "cache.bytes", c.Bytes, 1<<20, 1<<36)
	between(k, "cache.keep", c.Keep, time.Second, 24*time.Hour)
}
