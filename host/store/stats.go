package store

import "time"

// Stats are a backend's figures since it was opened.
type Stats struct {
	Reads   uint64 // queries
	Writes  uint64 // single writes tried (a Commit of three counts three)
	Commits uint64 // transactions they shared
	Queued  int    // jobs that wait for the writer now
	Bytes   int64  // the database's size, what is only in its log included; 0: unknown
	Pool    Pool
}

// Pool is how a backend's connections are used; zero where it has none to speak of.
type Pool struct {
	Max, Open, Idle int           // connections: allowed, there now, not used now
	Waits           uint64        // how often somebody had to wait for one
	Waited          time.Duration // how long, in all
}
